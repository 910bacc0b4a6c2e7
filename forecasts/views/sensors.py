"""Fragments: limits ahead of an asset, and the forecast of one sensor in figures."""

import math
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from assets.models import Asset, Sensor
from forecasts import queries
from forecasts.forecasters.base import INNER
from forecasts.models import Forecast
from opssight.core.http import UserRequest

EVERY = 3
"""Steps of which one is written out."""


@require_safe
@login_required
def limits_of_asset(request: UserRequest, pk: int) -> HttpResponse:
    """Fragment: limits that sensors of the asset are expected to reach."""
    asset = get_object_or_404(Asset.objects.for_user(request.user), pk=pk)
    ahead = queries.limits_ahead([asset.pk], timezone.now())
    return render(request, "forecasts/limits_ahead.html", {"asset": asset, "ahead": ahead})


@require_safe
@login_required
def of_sensor(request: UserRequest, pk: int) -> HttpResponse:
    """Fragment: how the newest forecast of a sensor was made, and what it says."""
    sensor = get_object_or_404(
        Sensor.objects.for_user(request.user).select_related("asset__site", "limits"), pk=pk
    )
    forecast = Forecast.objects.filter(sensor=sensor).order_by("-starts_at").first()
    now = timezone.now()
    ahead = [one for one in queries.limits_ahead([sensor.asset_id], now) if one.sensor == sensor]
    context = {
        "sensor": sensor,
        "forecast": forecast,
        "ahead": ahead,
        "levels": [f"{level * 100:.0f}%" for level in (forecast.level, *INNER)] if forecast else [],
        "rows": _rows(forecast) if forecast else [],
    }
    return render(request, "forecasts/of_sensor.html", context)


def _rows(forecast: Forecast) -> list[dict[str, Any]]:
    """Every third step: its time, its value (None: nothing is expected) and its intervals."""
    ends = [forecast.lower, forecast.upper, *forecast.inner]
    return [
        {
            "at": forecast.starts_at + step * forecast.step,
            "value": None if math.isnan(forecast.values[step]) else forecast.values[step],
            "bands": [
                (low[step], high[step]) for low, high in zip(ends[::2], ends[1::2], strict=True)
            ],
        }
        for step in range(0, len(forecast.values), EVERY)
    ]
