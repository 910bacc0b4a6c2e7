from collections.abc import Callable
from contextlib import nullcontext
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django_ratelimit.exceptions import Ratelimited

from opssight.accounts.limits import USUAL_WAIT, client_address, too_many
from opssight.accounts.models import User
from opssight.core import walls
from opssight.core.masking import masked_path
from opssight.core.uploads import is_intake

GetResponse = Callable[[HttpRequest], HttpResponse]


class WallsMiddleware:
    """Answers each request in one transaction, inside the walls of the signed-in user.

    A view that fails is rolled back by itself (ATOMIC_REQUESTS), so that the page which says so can
    still be drawn. Health checks must be able to say that the database is down. Endpoints by which
    machines send readings make their own transactions: one for each portion of a large body.
    """

    OPEN = ("/health/", "/api/health", "/ping", "/api/v2/ping", "/static/", "/favicon.ico")

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info.startswith(self.OPEN):
            return self.get_response(request)
        said: dict[str, Any] = {
            "address": client_address(request),
            "method": str(request.method),
            "path": masked_path(request.path_info)[:300],
        }
        patience = settings.STATEMENT_TIMEOUT
        around = nullcontext() if is_intake(request) else transaction.atomic()
        with walls.acting(patience=patience, **said), around:
            if isinstance(request.user, User):
                walls.enter(request.user)
            return self.get_response(request)


class OrganizationTimeZoneMiddleware:
    """Shows every time in the zone of the signed-in user's organization."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        name = user.timezone_name if isinstance(user, User) else "UTC"
        with timezone.override(ZoneInfo(name)):
            return self.get_response(request)


class RateLimitMiddleware:
    """Answers 429 with Retry-After where django-ratelimit would answer 403."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if not isinstance(error, Ratelimited):
            return None
        return too_many(request, wait=getattr(error, "wait", USUAL_WAIT))
