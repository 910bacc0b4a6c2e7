"""A number for every request: in the answer, in problem documents, in logs and the audit trail."""

import logging
import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
_WELL_FORMED = re.compile(r"[A-Za-z0-9._-]{8,64}")
_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """The number of the request that is being answered; empty outside of one."""
    return _current.get()


class RequestIdMiddleware:
    """Takes the number that a proxy gave, when it is well formed, else makes one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        number = given if _WELL_FORMED.fullmatch(given) else uuid.uuid4().hex
        # Django says "not found" when the request is over already, but names the request.
        request.META["opssight.request_id"] = number
        token = _current.set(number)
        try:
            response = self.get_response(request)
        finally:
            _current.reset(token)
        response[HEADER] = number
        return response


class RequestIdFilter(logging.Filter):
    """Gives every log record `request_id`."""

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        meta = getattr(request, "META", {})
        record.request_id = current() or meta.get("opssight.request_id", "-")
        return True
