"""What a request may be: which method, how large a body, and in which encoding."""

import re
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from rest_framework import exceptions, status

from opssight.core.api import problems

GetResponse = Callable[[HttpRequest], HttpResponse]
METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
# The one endpoint that takes many rows at once.
READINGS = re.compile(r"/api/assets/\d+/readings/?")


class TooLarge(exceptions.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"
    default_detail = "The body is too large."


class LengthRequired(exceptions.APIException):
    status_code = status.HTTP_411_LENGTH_REQUIRED
    default_code = "length_required"
    default_detail = "Send the body in one piece, with its Content-Length."


class EncodedBody(exceptions.APIException):
    status_code = status.HTTP_415_UNSUPPORTED_MEDIA_TYPE
    default_code = "unsupported_encoding"
    default_detail = "Send the body as it is: compressed bodies (Content-Encoding) are not read."


class BodyMiddleware:
    """Refuses methods that no view has, and a body by its headers before anything reads it."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        problem = _problem(request)
        if problem is None:
            return self.get_response(request)
        if request.path_info.startswith("/api/"):
            return problems.answer(request, problem)
        page = {"detail": problem.detail, "code": problem.status_code}
        return render(request, "refused_body.html", page, status=problem.status_code)


def limit_of(path: str) -> int:
    """The largest body that is read at this path, in bytes."""
    if READINGS.fullmatch(path):
        return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    return int(settings.LARGEST_BODY)


def _problem(request: HttpRequest) -> exceptions.APIException | None:
    # Pages that ask only "is it a POST?" would answer a made-up method as if it were a GET. The
    # API's views refuse it themselves, and say which methods they have.
    if request.method not in METHODS and not request.path_info.startswith("/api/"):
        return exceptions.MethodNotAllowed(str(request.method)[:20])
    # Gunicorn puts chunks together without a bound, and Django reads no body without a length.
    if request.headers.get("Transfer-Encoding"):
        return LengthRequired()
    if request.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity"):
        return EncodedBody()
    length = request.META.get("CONTENT_LENGTH") or "0"
    limit = limit_of(request.path_info)
    if not length.isdecimal():
        return LengthRequired()
    if len(length) > 15 or int(length) > limit:
        return TooLarge(
            f"The body has more than the {limit:,} bytes that this address takes."
            " Send less at once."
        )
    return None
