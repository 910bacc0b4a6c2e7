"""Errors of the API as problem details (RFC 9457): one handler for every endpoint."""

from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404
from django_ratelimit.exceptions import Ratelimited
from rest_framework import exceptions, status
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response
from rest_framework.views import exception_handler as drf_exception_handler

CONTENT_TYPE = "application/problem+json"


class ProblemRenderer(JSONRenderer):
    media_type = CONTENT_TYPE
    format = "problem"


class Conflict(exceptions.APIException):
    """The row is no longer in the state that the request needs."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "The row was changed in the meantime. Read it again."
    default_code = "conflict"


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """A problem document with type, title, status, detail, code and, for fields, `errors`."""
    if isinstance(error, Ratelimited):
        error = exceptions.Throttled(wait=60)
    if isinstance(error, ValidationError):
        error = exceptions.ValidationError(_django_messages(error))
    response = drf_exception_handler(error, context)
    if response is None:
        return None
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    assert isinstance(error, exceptions.APIException)  # noqa: S101
    response.data = _problem(error, response.status_code)
    # As a content type of its own, whatever was asked for: every client can read JSON.
    response.content_type = CONTENT_TYPE
    request = context.get("request")
    if request is not None:
        request.accepted_renderer = ProblemRenderer()
        request.accepted_media_type = CONTENT_TYPE
    return response


def _problem(error: exceptions.APIException, code: int) -> dict[str, Any]:
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": error.default_detail if code != status.HTTP_400_BAD_REQUEST else "Invalid input.",
        "status": code,
    }
    if isinstance(error, exceptions.ValidationError):
        problem["code"] = "invalid"
        problem["detail"] = "Some values were refused. See errors."
        problem["errors"] = _flatten(error.get_full_details())
    else:
        problem["code"] = getattr(error.detail, "code", error.default_code)
        problem["detail"] = _text(error.detail)
    return problem


def _text(detail: Any) -> str:
    return str(detail.get("detail", detail)) if isinstance(detail, dict) else str(detail)


def _flatten(details: Any, pointer: str = "") -> list[dict[str, str]]:
    """[{pointer, code, detail}] of DRF's nested details; pointers as in RFC 6901."""
    if isinstance(details, list):
        nested = [
            _flatten(item, pointer if _is_leaf(item) else f"{pointer}/{index}")
            for index, item in enumerate(details)
        ]
    elif _is_leaf(details):
        return [{"pointer": pointer, "code": details["code"], "detail": str(details["message"])}]
    else:
        nested = [
            _flatten(value, pointer if key == "non_field_errors" else f"{pointer}/{key}")
            for key, value in details.items()
        ]
    return [item for group in nested for item in group]


def _is_leaf(item: Any) -> bool:
    return isinstance(item, dict) and set(item) == {"message", "code"}


def _django_messages(error: ValidationError) -> dict[str, list[str]] | list[str]:
    if hasattr(error, "error_dict"):
        return {
            "non_field_errors" if field == "__all__" else field: messages
            for field, messages in error.message_dict.items()
        }
    return error.messages
