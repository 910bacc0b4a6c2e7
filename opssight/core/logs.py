"""What is logged: one line per request, the request's number on every line, and no secret."""

import logging
import time
from collections.abc import Callable, ItemsView
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.functional import SimpleLazyObject
from django.utils.log import AdminEmailHandler
from django.utils.safestring import SafeString, mark_safe
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from opssight.core.masking import MASK, is_secret, masked, masked_path

access = logging.getLogger("opssight.access_log")

GetResponse = Callable[[HttpRequest], HttpResponse]
QUIET = ("/health/", "/static/")


class Line(logging.Formatter):
    """Masks the finished line, the traceback included; a line break in a value starts no line."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return super().formatMessage(record).replace("\r", "\\r").replace("\n", "\\n")

    def format(self, record: logging.LogRecord) -> str:
        return masked(super().format(record))


class AccessLogMiddleware:
    """One line per request: method, path, status, duration, user. Queries are not logged."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        start = time.monotonic()
        response = self.get_response(request)
        level = logging.DEBUG if request.path_info.startswith(QUIET) else logging.INFO
        access.log(
            level,
            "%s %s %s %.0fms user=%s from=%s",
            request.method,
            masked_path(request.path_info)[:300],
            response.status_code,
            1000 * (time.monotonic() - start),
            _user(request),
            request.META.get(settings.RATELIMIT_IP_META_KEY, "-"),
        )
        return response


def _user(request: HttpRequest) -> str:
    """Id of who asked, as far as that was found out: a log line causes no query."""
    user = getattr(request, "_cached_user", None) or request.__dict__.get("user")
    known = user is not None and type(user) is not SimpleLazyObject
    return str(getattr(user, "pk", None) or "-") if known else "-"


class ErrorMail(AdminEmailHandler):
    """The mail about a fault, masked from its subject on."""

    def send_mail(self, subject: Any, message: Any, *args: Any, **kwargs: Any) -> None:
        super().send_mail(masked(str(subject)), masked(str(message)), *args, **kwargs)


class SecretsFilter(SafeExceptionReporterFilter):
    """For reports of errors: names of cookies and form fields, but no values; no variables."""

    def cleanse_setting(self, key: Any, value: Any) -> Any:
        if is_secret(key):
            return self.cleansed_substitute
        cleansed = super().cleanse_setting(key, value)
        return masked(str(cleansed)) if isinstance(cleansed, str) else cleansed

    def get_safe_cookies(self, request: HttpRequest | None) -> dict[str, Any]:
        return dict.fromkeys(getattr(request, "COOKIES", {}), self.cleansed_substitute)

    def get_post_parameters(self, request: HttpRequest | None) -> Any:
        hidden = QueryDict(mutable=True)
        for name in request.POST if request is not None else ():
            hidden[name] = self.cleansed_substitute
        return hidden

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: Any
    ) -> ItemsView[str, Any]:
        return {}.items()


class Reporter(ExceptionReporter):
    """Django's report of an error (by mail, or on the screen where DEBUG is on), masked."""

    def get_traceback_data(self) -> dict[str, Any]:
        data: dict[str, Any] = super().get_traceback_data()
        data["request_GET_items"] = [(name, MASK) for name, _ in data.get("request_GET_items", [])]
        data["request_insecure_uri"] = str(data.get("request_insecure_uri", "")).partition("?")[0]
        return data

    def get_traceback_text(self) -> SafeString:
        # Masking takes away from what Django has escaped, and adds one character.
        return mark_safe(masked(super().get_traceback_text()))  # noqa: S308

    def get_traceback_html(self) -> SafeString:
        return mark_safe(masked(super().get_traceback_html()))  # noqa: S308
