"""A sensor's past, what stood out in it, and what is expected: the JSON of the series chart."""

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from django.db.models import Q

from assets.models import Sensor
from assets.queries import series
from forecasts.models import Forecast

MAX_POINTS = 1500
GAP_FACTOR = 6


def sensor_chart(sensor: Sensor, *, days: int, now: datetime) -> dict[str, Any]:
    """The last `days` up to now, or up to the last reading where the sensor is silent for longer.

    See the head of static/js/charts.js for the format.
    """
    window = timedelta(days=days)
    last = sensor.last_time
    end = now if last is None or last > now - window else last
    start = end - window
    readings = series(sensor, start, end + timedelta(seconds=1), MAX_POINTS)
    return {
        "label": sensor.quantity.capitalize(),
        "unit": sensor.unit,
        "points": _with_gaps(readings.times, readings.mean, sensor.expected_interval),
        "limits": _limits(sensor),
        "anomalies": _anomalies(sensor, start, end),
        "forecast": _forecast(sensor, end, window),
        "now": now.isoformat() if end == now else None,
        "empty": "No readings in this time.",
    }


def _with_gaps(
    times: list[datetime], values: list[float], interval: timedelta | None
) -> list[list[Any]]:
    """[[time, value]], with a null where readings are missing, so that the line breaks."""
    points: list[list[Any]] = []
    typical = _typical_step(times)
    longest = max(filter(None, (interval, typical)), default=None)
    for index, (time, value) in enumerate(zip(times, values, strict=True)):
        if index and longest and time - times[index - 1] > GAP_FACTOR * longest:
            points.append([(times[index - 1] + longest).isoformat(), None])
        points.append([time.isoformat(), value])
    return points


def _typical_step(times: list[datetime]) -> timedelta | None:
    steps = sorted(after - before for before, after in pairwise(times))
    return steps[len(steps) // 2] if steps else None


def _limits(sensor: Sensor) -> list[dict[str, Any]]:
    limits = (("High limit", sensor.high_limit), ("Low limit", sensor.low_limit))
    return [
        {"label": label, "value": value, "severity": "high"}
        for label, value in limits
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
    rows = zip(forecast.values, forecast.lower, forecast.upper, strict=True)
    return {
        "coverage": forecast.level,
        "points": [
            [(forecast.starts_at + index * forecast.step).isoformat(), *row]
            for index, row in enumerate(rows)
        ],
    }
