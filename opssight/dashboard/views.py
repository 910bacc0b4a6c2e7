from datetime import UTC, datetime

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from assets.models import Sensor
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest
from opssight.core.lists import number_of
from opssight.dashboard import charts, queries
from opssight.dashboard.cards import cards
from opssight.dashboard.today import today

DEFAULT_RANGE_DAYS, LONGEST_RANGE_DAYS = 7, 366
LATEST = 4_102_444_800_000
"""2100, in milliseconds since 1970."""


@require_safe
@login_required
def home(request: UserRequest) -> HttpResponse:
    now = timezone.now()
    metrics = queries.key_metrics(request.user, at=now)
    context = {
        "cards": cards(metrics),
        "may_view": request.user.can_somewhere(Permission.VIEW),
        "no_assets": not metrics.assets,
        "assets_url": reverse("assets:list"),
        "today": today(request.user, at=now),
        "attention": queries.attention(request.user, at=now),
        "now": now,
    }
    return render(request, "dashboard/home.html", context)


@require_safe
@login_required
def sensor_chart(request: UserRequest, pk: int) -> JsonResponse:
    sensor = get_object_or_404(
        Sensor.objects.for_user(request.user).select_related("limits"), pk=pk
    )
    window = _window(request)
    if window is not None:
        return JsonResponse(charts.sensor_window(sensor, start=window[0], end=window[1]))
    days = number_of(request, "days", at_most=LONGEST_RANGE_DAYS) or DEFAULT_RANGE_DAYS
    with_past = bool(number_of(request, "past"))
    return JsonResponse(
        charts.sensor_chart(sensor, days=days, now=timezone.now(), with_past=with_past)
    )


def _window(request: UserRequest) -> tuple[datetime, datetime] | None:
    """From when to when the reader looks closer: `from` and `to`, milliseconds since 1970."""
    start, end = (number_of(request, name, at_most=LATEST) for name in ("from", "to"))
    if start is None or end is None or start >= end:
        return None
    return datetime.fromtimestamp(start / 1000, UTC), datetime.fromtimestamp(end / 1000, UTC)
