"""Signing in is limited by address, so that passwords cannot be tried out."""

from django.conf import settings
from django.http import HttpRequest
from django_ratelimit.core import get_usage
from django_ratelimit.exceptions import Ratelimited


class TooManyAttempts(Ratelimited):  # type: ignore[misc]
    """`wait`: seconds until the next attempt is looked at."""

    def __init__(self, wait: int) -> None:
        super().__init__()
        self.wait = wait


def count_attempt(request: HttpRequest, group: str) -> None:
    """Count one request of this address. Raises TooManyAttempts above `LOGIN_RATE`."""
    usage = get_usage(request, group=group, key="ip", rate=settings.LOGIN_RATE, increment=True)
    if usage is not None and usage["should_limit"]:
        raise TooManyAttempts(max(1, usage["time_left"]))
