"""What a request may be: which method, how large a body, in which encoding, with or without files.

A view that takes files says so with `@takes_files`, a viewset with `file_actions`.
"""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.core.exceptions import TooManyFilesSent
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from rest_framework import exceptions, status

from opssight.core.api import problems

GetResponse = Callable[[HttpRequest], HttpResponse]
METHODS = {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}
# The endpoint that takes many rows of one asset at once.
READINGS = re.compile(r"/api/assets/\d+/readings/?")
# Those by which machines send: larger bodies, gzipped or not, bounded where they are read. Line
# protocol comes without a length, too: Telegraf packs while it sends.
INTAKE = re.compile(r"/api/(?:readings|v2/write)/?")
LINE_PROTOCOL = re.compile(r"/api/v2/write/?")
MULTIPART = "multipart/form-data"
# Of the text around the files of a form.
AROUND = 64 * 1024
View = TypeVar("View", bound=Callable[..., Any])


def takes_files(view: View) -> View:
    """Let a view read the files of a form; every other view refuses a body with one."""
    view.takes_files = True  # type: ignore[attr-defined]
    return view


class NoFiles(FileUploadHandler):
    """Refuses a body at its first file, before a byte of it is kept."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        raise TooManyFilesSent("This address takes no files.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


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
        with_files = sends_files(request)
        problem = _problem(request, with_files=with_files)
        if problem is None:
            if with_files:
                # Files wait in the temporary folder, not in memory.
                request.upload_handlers = [TemporaryFileUploadHandler(request)]
            return self.get_response(request)
        if request.path_info.startswith("/api/"):
            return problems.answer(request, problem)
        page = {"detail": problem.detail, "code": problem.status_code}
        return render(request, "refused_body.html", page, status=problem.status_code)


def is_intake(request: HttpRequest) -> bool:
    """Whether readings are sent, as machines send them."""
    return request.method == "POST" and INTAKE.fullmatch(request.path_info) is not None


def limit_of(path: str, *, with_files: bool = False) -> int:
    """The largest body that is read at this path, in bytes."""
    if INTAKE.fullmatch(path):
        return int(settings.INGEST_MAX_BODY) + AROUND * with_files
    if with_files:
        return int(settings.LARGEST_UPLOAD) + AROUND
    if READINGS.fullmatch(path):
        return int(settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    return int(settings.LARGEST_BODY)


def sends_files(request: HttpRequest) -> bool:
    """Whether this is a form with files, for a view that takes them."""
    if request.method != "POST" or request.content_type != MULTIPART:
        return False
    try:
        view: Any = resolve(request.path_info).func
    except Resolver404:
        return False
    wanted = getattr(getattr(view, "cls", None), "file_actions", ())
    action = (getattr(view, "actions", None) or {}).get("post")
    return getattr(view, "takes_files", False) or action in wanted


def _problem(request: HttpRequest, *, with_files: bool) -> exceptions.APIException | None:
    # Pages that ask only "is it a POST?" would answer a made-up method as if it were a GET. The
    # API's views refuse it themselves, and say which methods they have.
    if request.method not in METHODS and not request.path_info.startswith("/api/"):
        return exceptions.MethodNotAllowed(str(request.method)[:20])
    path = request.path_info
    # Gunicorn puts chunks together without a bound, and Django reads no body without a length.
    if request.headers.get("Transfer-Encoding") and not LINE_PROTOCOL.fullmatch(path):
        return LengthRequired()
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("", "identity", *(["gzip"] if INTAKE.fullmatch(path) else [])):
        return EncodedBody()
    length = request.META.get("CONTENT_LENGTH") or "0"
    limit = limit_of(path, with_files=with_files)
    if not length.isdecimal():
        return LengthRequired()
    if len(length) > 15 or int(length) > limit:
        return TooLarge(
            f"The body has more than the {limit:,} bytes that this address takes."
            " Send less at once."
        )
    return None
