"""What an anomaly rests on: the readings against what was expected, and how strange they were."""

from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from anomalies.models import Anomaly, AnomalyScore
from anomalies.queries.scores import scores_of
from assets.models import Sensor
from assets.queries import Series, series
from assets.queries.series import points_of
from opssight.core.http import UserRequest
from opssight.core.lists import number_of

MAX_POINTS = 1_000
USUAL = 3.0
"""Typical distances from what is expected that are drawn as usual."""

BEFORE, AFTER = timedelta(days=1), timedelta(hours=6)
Points = list[list[Any]]


@require_safe
@login_required
def values(request: UserRequest, pk: int) -> JsonResponse:
    """The readings around it, with what was expected. See static/js/charts.js for the format.

    `?sensor=`: of another one that takes part in it, where it is one of a machine.
    """
    row = _anomaly(request, pk)
    start, end = span_of(row, timezone.now())
    sensor = _sensor_of(row, number_of(request, "sensor"))
    found = series(sensor, start, end, MAX_POINTS)
    is_counter = sensor.kind == Sensor.Kind.COUNTER
    return JsonResponse(
        {
            "label": sensor.quantity.capitalize() + (" per hour" if is_counter else ""),
            "unit": f"{sensor.unit}/h" if is_counter else sensor.unit,
            "points": _rates(found) if is_counter else points_of(found),
            "expected": {"points": _expected(sensor.pk, start, end)},
            "anomalies": [_drawn(row)],
            "empty": "The readings of then are kept no longer.",
        }
    )


@require_safe
@login_required
def scores(request: UserRequest, pk: int) -> JsonResponse:
    """How far away they were, with the alarm line."""
    row = _anomaly(request, pk)
    start, end = span_of(row, timezone.now())
    found = scores_of(row.sensor_id, start, end, MAX_POINTS)
    return JsonResponse(
        {
            "label": "Score",
            "points": list(zip(_milliseconds(found.times), found.score.tolist(), strict=True)),
            "limits": [{"label": "Alarm line", "value": 1, "severity": "high"}],
            "anomalies": [_drawn(row)],
            "empty": "The scores of then are kept no longer.",
        }
    )


def has_scores(row: Anomaly, now: datetime) -> bool:
    """Whether there is something to draw: limits and trends are judged without."""
    start, end = span_of(row, now)
    rows = AnomalyScore.objects.filter(sensor=row.sensor_id, time__gte=start, time__lt=end)
    return row.method == Anomaly.Method.PATTERN and rows.exists()


def span_of(row: Anomaly, now: datetime) -> tuple[datetime, datetime]:
    """From a day before it, or as long as it lasted, to some hours after it."""
    last = min(now, row.sensor.last_time or now)
    ended = max(row.ended_at or last, row.started_at)
    length = ended - row.started_at
    return row.started_at - max(BEFORE, length), min(ended + max(AFTER, length / 2), now)


def _anomaly(request: HttpRequest, pk: int) -> Anomaly:
    rows = Anomaly.objects.for_user(request.user).select_related("sensor")
    row: Anomaly = get_object_or_404(rows, pk=pk)
    return row


def _sensor_of(row: Anomaly, wanted: int | None) -> Sensor:
    if wanted is None or wanted == row.sensor_id:
        return row.sensor
    if wanted not in {one["sensor"] for one in row.contributions}:
        raise Http404
    sensor: Sensor = get_object_or_404(Sensor, pk=wanted, asset=row.asset_id)
    return sensor


def _drawn(row: Anomaly) -> dict[str, Any]:
    return {
        "start": row.started_at.isoformat(),
        "end": row.ended_at.isoformat() if row.ended_at else None,
        "severity": row.severity,
        "label": row.explanation,
    }


def _expected(sensor: int, start: datetime, end: datetime) -> Points:
    found = scores_of(sensor, start, end, MAX_POINTS)
    lower, upper = found.expected - USUAL * found.scale, found.expected + USUAL * found.scale
    columns = (found.expected.tolist(), lower.tolist(), upper.tolist())
    return [list(one) for one in zip(_milliseconds(found.times), *columns, strict=True)]


def _rates(found: Series) -> Points:
    """A counter's rise per hour since the point before; null where it started anew."""
    hours = np.diff(found.times.astype(np.int64)) / 3.6e9
    rise = np.diff(found.mean)
    rates = [float(rate) if rate >= 0 else None for rate in rise / np.maximum(hours, 1e-9)]
    return [[time, rate] for time, rate in zip(_milliseconds(found.times[1:]), rates, strict=True)]


def _milliseconds(times: Any) -> list[int]:
    found: list[int] = (times.astype(np.int64) // 1_000).tolist()
    return found
