"""How often the API may be asked: counted in the cache, which all processes share.

Three counters apply to a request, and each must have room: its address (all requests), its user
(all requests), and its token, or its user without one, per class of endpoint. Machines that send
readings are counted apart from people: by token, and by an address of many devices.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django_ratelimit.core import get_usage
from redis.exceptions import RedisError
from rest_framework.exceptions import Throttled

from opssight.accounts.limits import client_address
from opssight.core.api import problems, versions
from opssight.core.uploads import is_intake

logger = logging.getLogger(__name__)
# Probes ask all day, and must hear the truth.
EXEMPT = ("/api/health",)
TELEMETRY = "telemetry"
"""The class of the endpoints by which machines send."""


@dataclass(frozen=True, slots=True)
class Usage:
    """One counter after it counted this request."""

    limit: int
    window: int
    """Seconds."""
    count: int
    resets_in: int
    """Seconds."""

    @property
    def remaining(self) -> int:
        return max(0, self.limit - self.count)


def count(request: HttpRequest, kind: str, who: str) -> None:
    """Count a request of `who` against the rate of `kind`. Raises Throttled above it."""
    usage = _usage(request, kind, who)
    if usage is None:
        return
    usages_of(request).append(usage)
    if usage.count > usage.limit:
        raise Throttled(wait=max(1, usage.resets_in))


def usages_of(request: HttpRequest) -> list[Usage]:
    """The counters that this request was counted by so far."""
    if not hasattr(request, "usages"):
        request.usages = []  # type: ignore[attr-defined]
    usages: list[Usage] = request.usages  # type: ignore[attr-defined]
    return usages


class ApiLimitsMiddleware:
    """Counts each request of the API by its address, and says in each answer what is left."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if not path.startswith("/api/") or path.startswith(EXEMPT):
            return self.get_response(request)
        kind = "telemetry_address" if is_intake(request) else "address"
        try:
            count(request, kind, _neighborhood(client_address(request)))
        except Throttled as error:
            response: HttpResponse = problems.answer(request, error)
        else:
            response = self.get_response(request)
        response[versions.HEADER] = versions.CURRENT
        _tell(response, usages_of(request))
        return response


def _tell(response: HttpResponse, usages: list[Usage]) -> None:
    """The fields of the IETF draft (RateLimit header fields), of the counter with least room."""
    if not usages:
        return
    tightest = min(usages, key=lambda usage: (usage.remaining, usage.limit))
    response["RateLimit-Limit"] = str(tightest.limit)
    response["RateLimit-Remaining"] = str(tightest.remaining)
    response["RateLimit-Reset"] = str(max(0, tightest.resets_in))
    response["RateLimit-Policy"] = f"{tightest.limit};w={tightest.window}"


def _usage(request: HttpRequest, kind: str, who: str) -> Usage | None:
    """None where nothing is counted: limits are off, or the cache does not answer."""
    rate = settings.API_RATES[kind]
    try:
        found = get_usage(
            request,
            group=f"api.{kind}",
            key=lambda group, request: who,
            rate=rate,
            increment=True,
        )
    except RedisError:
        # Answers without limits are better than none; signing in is not counted here.
        logger.warning("The cache does not answer: requests of the API are not limited.")
        return None
    if found is None or found["time_left"] < 0:
        return None
    return Usage(
        limit=found["limit"],
        window=_seconds(rate),
        count=found["count"],
        resets_in=found["time_left"],
    )


def _neighborhood(address: str) -> str:
    """The address, or the network of an IPv6 one, of which a single customer has all.

    >>> _neighborhood("192.0.2.7"), _neighborhood("2001:db8::7"), _neighborhood("unknown")
    ('192.0.2.7', '2001:db8::/64', 'unknown')
    """
    if ":" not in address:
        return address
    return str(ip_network(f"{address}/64", strict=False))


def _seconds(rate: str) -> int:
    """Length of the window of a rate.

    >>> _seconds("600/m"), _seconds("5/2h")
    (60, 7200)
    """
    period = rate.partition("/")[2]
    times, unit = period[:-1], period[-1]
    return int(times or 1) * {"s": 1, "m": 60, "h": 3600, "d": 86400}[unit]
