"""Signing in is limited, so that passwords cannot be tried out.

Two limits count side by side: requests per address (`LOGIN_RATE`), and failed attempts per name
and address (django-axes, `LOCKOUT_FAILURES` in a row). Both count in Redis, for pages and API.
"""

import ipaddress
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django_ratelimit.core import get_usage
from django_ratelimit.exceptions import Ratelimited

LONGEST_NAME = 254
USUAL_WAIT = 60
"""Seconds to wait where a limit does not say how long it lasts."""
NO_ADDRESS = "0.0.0.0"  # noqa: S104 stands for none where a column needs one


class TooManyAttempts(Ratelimited):  # type: ignore[misc]
    """`wait`: seconds until the next attempt is looked at."""

    def __init__(self, wait: int) -> None:
        super().__init__()
        self.wait = wait


def too_many(
    request: HttpRequest,
    *,
    wait: int = USUAL_WAIT,
    template: str = "429.html",
    context: dict[str, Any] | None = None,
) -> HttpResponse:
    """The page that is answered above any limit: 429, and after how many seconds to come again."""
    page = render(request, template, context, status=429)
    page["Retry-After"] = str(wait)
    return page


def count_attempt(request: HttpRequest, group: str) -> None:
    """Count one request of this address. Raises TooManyAttempts above `LOGIN_RATE`."""
    usage = get_usage(
        request,
        group=group,
        key=lambda group, request: client_address(request),
        rate=settings.LOGIN_RATE,
        increment=True,
    )
    if usage is not None and usage["should_limit"]:
        raise TooManyAttempts(max(1, usage["time_left"]))


def client_address(request: HttpRequest) -> str:
    """The address of the person, from the header that the proxy sets if there is a proxy."""
    for key in (settings.RATELIMIT_IP_META_KEY, "REMOTE_ADDR"):
        try:
            return str(ipaddress.ip_address(str(request.META.get(key, "")).strip()))
        except ValueError:
            continue
    return NO_ADDRESS


def typed_name(request: HttpRequest | None, credentials: dict[str, Any] | None) -> str:
    """The name that somebody tried to sign in with, in one spelling."""
    given = credentials or {}
    name = given.get("username") or given.get("email") or ""
    return str(name).strip().lower()[:LONGEST_NAME]


def lockout_seconds() -> int:
    """How long a name stays locked for an address after the last failed attempt."""
    return int(settings.AXES_COOLOFF_TIME.total_seconds())


def is_locked(request: HttpRequest) -> bool:
    """Whether an attempt of this request was refused, or is the one too many."""
    return bool(getattr(request, "axes_locked_out", False))
