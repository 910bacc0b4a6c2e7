"""A sensor's past, what stood out in it, and what is expected: the JSON of the series chart."""

import math
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from anomalies.models import SensorLimits
from assets.models import Sensor
from assets.queries import Series, series
from assets.queries.series import points_of
from forecasts.forecasters.base import INNER
from forecasts.models import Forecast
from forecasts.queries import crossings
from telemetry.queries.quality import faults_of

MAX_POINTS = 1500
PAST = timedelta(days=2)
"""How long ago the forecast was made that is compared with what came."""


def sensor_chart(
    sensor: Sensor, *, days: int, now: datetime, with_past: bool = False
) -> dict[str, Any]:
    """The last `days` up to now, or up to the last reading where the sensor is silent for longer.

    `with_past`: with what was forecast two days before.
    See the head of static/js/charts.js for the format.
    """
    window = timedelta(days=days)
    last = sensor.last_time
    end = now if last is None or last > now - window else last
    start = end - window
    return {
        "label": sensor.quantity.capitalize(),
        "unit": sensor.unit,
        "limits": _limits(sensor),
        "anomalies": _anomalies(sensor, start, end),
        "forecast": _forecast(sensor, end, window),
        "past": _past_forecast(sensor, end) if with_past else None,
        "now": now.isoformat() if end == now else None,
        "empty": "No readings in this time.",
        **sensor_window(sensor, start=start, end=end + timedelta(seconds=1)),
    }


def sensor_window(sensor: Sensor, *, start: datetime, end: datetime) -> dict[str, Any]:
    """What is drawn of [start, end) when somebody looks closer."""
    found = series(sensor, start, end, MAX_POINTS)
    return {
        "points": points_of(found),
        "made_of": _made_of(found),
        "window": {"start": _milliseconds(start), "end": _milliseconds(end)},
        "faults": [
            {
                "start": row.started_at.isoformat(),
                "end": row.ended_at.isoformat() if row.ended_at else None,
                "label": f"{row.get_kind_display()}: {row.explanation}",
            }
            for row in faults_of([sensor.pk], start, end)
        ],
    }


def _made_of(found: Series) -> str:
    """Such as "single readings" or "means of 9 hours"."""
    if found.bucket is None:
        return "single readings"
    seconds = found.bucket.total_seconds()
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= size:
            return f"means of {seconds / size:.3g} {unit if seconds != size else unit[:-1]}"
    return f"means of {seconds:.3g} seconds"


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)


def _limits(sensor: Sensor) -> list[dict[str, Any]]:
    if sensor.kind == Sensor.Kind.COUNTER:
        return []
    own = getattr(sensor, "limits", None) or SensorLimits()
    limits = (
        ("High limit", sensor.high_limit, own.severity),
        ("Low limit", sensor.low_limit, own.severity),
        ("High-high limit", own.high_high, own.outer_severity),
        ("Low-low limit", own.low_low, own.outer_severity),
    )
    return [
        {"label": label, "value": value, "severity": severity}
        for label, value, severity in limits
        if value is not None
    ]


def _anomalies(sensor: Sensor, start: datetime, end: datetime) -> list[dict[str, Any]]:
    rows = sensor.anomalies.filter(
        Q(ended_at=None) | Q(ended_at__gte=start), started_at__lte=end
    ).order_by("started_at")
    return [
        {
            "start": row.started_at.isoformat(),
            "end": row.ended_at.isoformat() if row.ended_at else None,
            "severity": row.severity,
            "label": row.explanation,
            "url": row.get_absolute_url(),
        }
        for row in rows[:200]
    ]


def _forecast(sensor: Sensor, end: datetime, window: timedelta) -> dict[str, Any] | None:
    """The newest forecast, where it begins near the end of the window."""
    forecast = Forecast.objects.filter(sensor=sensor).order_by("-starts_at").first()
    if forecast is None or abs(forecast.starts_at - end) > max(window, timedelta(days=2)):
        return None
    return {
        "coverage": forecast.level,
        "inner": INNER if forecast.inner else (),
        "points": _fan(forecast),
        "reached": [
            {
                "label": f"{one.name.capitalize()} limit",
                "value": one.limit,
                "time": one.likely.isoformat() if one.likely else None,
                "possible": one.possible.isoformat(),
                "chance": one.chance,
            }
            for one in crossings(forecast, sensor)
        ],
        "calendar": [
            {"start": row["start"], "end": row["end"], "label": row["sentence"]}
            for row in forecast.calendar
        ],
    }


def _past_forecast(sensor: Sensor, end: datetime) -> dict[str, Any]:
    """The one that was made two days before the end, to see what came of it; or no points."""
    line = end - PAST
    rows = Forecast.objects.filter(
        sensor=sensor, starts_at__gt=line - PAST, starts_at__lt=line + PAST / 2
    )
    near = sorted(rows.only("starts_at"), key=lambda row: abs(row.starts_at - line))
    if not near:
        return {"points": []}
    forecast = Forecast.objects.get(pk=near[0].pk)
    points = [row for row in _fan(forecast) if datetime.fromisoformat(row[0]) <= end]
    return {"coverage": forecast.level, "points": [row[:4] for row in points]}


def _fan(forecast: Forecast) -> list[list[Any]]:
    """Time, median and the ends of every interval, the widest first, by step; None: a gap."""
    parts = (forecast.values, forecast.lower, forecast.upper, *forecast.inner)
    return [
        [
            (forecast.starts_at + index * forecast.step).isoformat(),
            *(None if math.isnan(one) else one for one in row),
        ]
        for index, row in enumerate(zip(*parts, strict=True))
    ]
