"""Errors of the API as problem details (RFC 9457): one handler for every endpoint."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import (
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
    ValidationError,
)
from django.db import DataError, IntegrityError, OperationalError
from django.db.models import ProtectedError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from django.views.decorators.csrf import csrf_exempt
from django_ratelimit.exceptions import Ratelimited
from psycopg.errors import QueryCanceled
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

from opssight.core import request_id
from opssight.core.api.codes import CODES, explained

CONTENT_TYPE = "application/problem+json"
LONGEST_DETAIL = 500
# SQLSTATEs that the same request would meet again; the others may be gone in the next moment.
CHECK_VIOLATION, NOT_NULL_VIOLATION = "23514", "23502"


class ProblemRenderer(JSONRenderer):
    media_type = CONTENT_TYPE
    format = "problem"


class Conflict(exceptions.APIException):
    """The row is not in the state that the request needs; `field` names the one at fault."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "The row was changed in the meantime. Read it again."
    default_code = "conflict"

    def __init__(self, detail: str | None = None, *, field: str = "") -> None:
        super().__init__(detail)
        self.field = field


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The body is too large. Send it in parts."
    default_code = "too_large"


class TookTooLong(exceptions.APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The database took too long. Ask for less: a filter, or a shorter search."
    default_code = "took_too_long"


class PreconditionFailed(exceptions.APIException):
    status_code = status.HTTP_412_PRECONDITION_FAILED
    default_detail = (
        "The row was changed since you read it, so nothing was written. Read it again and decide"
        " anew."
    )
    default_code = "precondition_failed"


@contextmanager
def conflict_on(*errors: type[Exception], detail: str) -> Iterator[None]:
    """Answer 409 with `detail` where the domain raises one of `errors`."""
    try:
        yield
    except errors as error:
        raise Conflict(detail) from error


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """A problem document with type, title, status, detail, code and, for fields, `errors`."""
    error = as_api_exception(error, context.get("view"))
    response = drf_exception_handler(error, context)
    if response is None:
        return None
    assert isinstance(error, exceptions.APIException)  # noqa: S101
    request = context.get("request")
    response.data = problem(error, response.status_code, path=getattr(request, "path", ""))
    if getattr(getattr(request, "accepted_renderer", None), "format", None) == "api":
        return response
    # As a content type of its own, whatever was asked for: every client can read JSON.
    response.content_type = CONTENT_TYPE
    if request is not None:
        request.accepted_renderer = ProblemRenderer()
        request.accepted_media_type = CONTENT_TYPE
    return response


def answer(request: HttpRequest, error: exceptions.APIException) -> JsonResponse:
    """The problem document for an error that was met outside of the API's views."""
    code = error.status_code
    body = problem(error, code, path=request.path)
    if request.path.startswith("/api/v2/"):
        # Where clients of InfluxDB look.
        body["message"] = body["detail"]
    response = JsonResponse(body, status=code, content_type=CONTENT_TYPE)
    wait = getattr(error, "wait", None)
    if wait:
        response["Retry-After"] = str(wait)
    return response


@csrf_exempt
def not_found(request: HttpRequest) -> JsonResponse:
    """The problem document for a path that no endpoint has."""
    return answer(
        request, exceptions.NotFound(f"There is no endpoint at {request.path}. See /api/docs.")
    )


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The answer to a request that Django refuses: a problem document for the API, else a page."""
    if not request.path.startswith("/api/"):
        return defaults.bad_request(request, exception)
    error = as_api_exception(exception, None)
    known = error if isinstance(error, exceptions.APIException) else exceptions.ParseError()
    return answer(request, known)


def server_error(request: HttpRequest) -> HttpResponse:
    """The answer to a fault of ours: a problem document for the API, else the error page."""
    if not request.path.startswith("/api/"):
        return defaults.server_error(request)
    error = exceptions.APIException(
        "Something failed on our side and nothing was changed. Try again; if it goes on, tell your "
        "administrator what you sent and when."
    )
    return answer(request, error)


def as_api_exception(error: Exception, view: Any) -> Exception:
    """What the API answers to an error of Django or of the database; others as they are."""
    return _of_http(error) or _of_database(error, view) or error


def _of_http(error: Exception) -> exceptions.APIException | None:
    match error:
        case Ratelimited():
            return exceptions.Throttled(wait=60)
        case RequestDataTooBig():
            return TooLarge()
        case SuspiciousOperation():
            return exceptions.ParseError("The request is malformed. Check its headers and body.")
        case PermissionDenied():
            return exceptions.PermissionDenied(str(error) or None)
        case Http404():
            return exceptions.NotFound()
    return None


def _of_database(error: Exception, view: Any) -> exceptions.APIException | None:
    match error:
        case ValidationError():
            return exceptions.ValidationError(_django_messages(error))
        case ProtectedError():
            return _still_used(error)
        case IntegrityError():
            return _from_constraint(error, getattr(view, "serializer_class", None))
        case OperationalError() if isinstance(error.__cause__, QueryCanceled):
            return TookTooLong()
        case DataError():
            return exceptions.ValidationError(
                "A value cannot be stored. Remove NUL characters and numbers out of range.",
                code="out_of_range",
            )
    return None


def _still_used(error: ProtectedError) -> Conflict:
    counts: dict[str, int] = {}
    for row in error.protected_objects:
        name = str(row._meta.verbose_name_plural)
        counts[name] = counts.get(name, 0) + 1
    users = ", ".join(f"{name} ({count})" for name, count in sorted(counts.items()))
    return Conflict(f"Other rows refer to this one: {users}. Remove them, or keep this row.")


def _from_constraint(
    error: IntegrityError, serializer: Any
) -> exceptions.ValidationError | Conflict:
    """What validation could not see: a race, or a rule that only the database knows."""
    diagnosis = getattr(error.__cause__, "diag", None)
    name = getattr(diagnosis, "constraint_name", None) or ""
    model = getattr(getattr(serializer, "Meta", None), "model", None)
    known: dict[str, tuple[str, str]] = getattr(model, "constraint_errors", {})
    field, message = known.get(name, ("", "The values break a rule of the database. Check them."))
    if getattr(diagnosis, "sqlstate", None) in (CHECK_VIOLATION, NOT_NULL_VIOLATION):
        return exceptions.ValidationError({field or "non_field_errors": [message]})
    return Conflict(message, field=field) if name in known else Conflict()


def problem(error: exceptions.APIException, code: int, *, path: str = "") -> dict[str, Any]:
    """The problem document of an error; `path` is where it happened."""
    invalid = isinstance(error, exceptions.ValidationError)
    own = "invalid" if invalid else getattr(error.detail, "code", error.default_code)
    kind = explained(own, code)
    body: dict[str, Any] = {
        "type": f"/api/problems/{kind}",
        "title": CODES[kind].title,
        "status": code,
        "code": own,
        "detail": "Some values were refused. See errors." if invalid else _text(error.detail),
        "instance": _plain(path),
        "request_id": request_id.current(),
    }
    errors = _errors(error, body["detail"])
    return body | ({"errors": errors} if errors else {})


def _errors(error: exceptions.APIException, detail: str) -> list[dict[str, str]]:
    if isinstance(error, exceptions.ValidationError):
        return _flatten(error.get_full_details())
    if isinstance(error, Conflict) and error.field:
        return [{"pointer": f"/{error.field}", "code": "conflict", "detail": detail}]
    known: list[dict[str, str]] = getattr(error, "errors", [])
    return known


def _text(detail: Any) -> str:
    return _plain(detail.get("detail", detail) if isinstance(detail, dict) else detail)


def _plain(message: Any) -> str:
    """The message, which may repeat what was sent, in a length and an encoding that can be sent."""
    text = str(message).encode("utf-8", "replace").decode()
    return text if len(text) <= LONGEST_DETAIL else f"{text[:LONGEST_DETAIL]}…"


def _flatten(details: Any, pointer: str = "") -> list[dict[str, str]]:
    """[{pointer, code, detail}] of DRF's nested details; pointers as in RFC 6901."""
    if isinstance(details, list):
        nested = [
            _flatten(item, pointer if _is_leaf(item) else f"{pointer}/{index}")
            for index, item in enumerate(details)
        ]
    elif _is_leaf(details):
        return [{"pointer": pointer, "code": details["code"], "detail": _plain(details["message"])}]
    else:
        nested = [
            _flatten(value, pointer if key == "non_field_errors" else f"{pointer}/{key}")
            for key, value in details.items()
        ]
    return [item for group in nested for item in group]


def _is_leaf(item: Any) -> bool:
    return isinstance(item, dict) and set(item) == {"message", "code"}


def _django_messages(error: ValidationError) -> dict[str, list[str]] | list[str]:
    """The messages of a service or a model; one without a code of its own is of a rule."""
    if hasattr(error, "error_dict"):
        return {
            "non_field_errors" if field == "__all__" else field: _details(errors)
            for field, errors in error.error_dict.items()
        }
    return _details(error.error_list)


def _details(errors: list[ValidationError]) -> list[str]:
    return [
        exceptions.ErrorDetail(message, code=error.code or "rule")
        for error in errors
        for message in error.messages
    ]
