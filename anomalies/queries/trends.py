"""The daily figures that slow changes are looked for in."""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from anomalies.detectors.base import Floats
from assets.models import Sensor
from assets.queries.readings import readings_from
from assets.queries.uptime import Window, stops
from telemetry.queries import quality

DAY = timedelta(days=1)
CHUNK = 1_000
"""Sensors that one task looks at."""

MOST_IGNORED = 0.25
"""Of a day: if more of it says nothing of the machine, the day has no figure."""

_DAILY = """
SELECT d.sensor_id, array_agg(d.bucket ORDER BY d.bucket),
    array_agg(CASE WHEN s.kind = 'counter' THEN d.last - d.first ELSE d.avg END ORDER BY d.bucket)
FROM asset_metrics_daily d JOIN sensors s ON s.id = d.sensor_id
WHERE d.sensor_id = ANY(%s) AND d.bucket >= %s AND d.bucket < %s
    AND (s.kind <> 'counter' OR d.last >= d.first)
GROUP BY d.sensor_id
"""


def midnight(at: datetime) -> datetime:
    """The begin of the day (UTC)."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def daily_levels(sensors: Sequence[Sensor], until: datetime, days: int) -> Floats:
    """Means of the days (UTC) before `until`, of shape (sensors, days); NaN: none that day.

    Of a counter, what it counted that day. Days before the last maintenance have no figure, nor
    days of which much was a stop or a fault of the data.
    """
    since = until - days * DAY
    levels = np.full((len(sensors), days), np.nan)
    ids = [sensor.pk for sensor in sensors]
    rows = {pk: row for row, pk in enumerate(ids)}
    for pk, found in readings_from(_DAILY, [ids, since, until]).items():
        place = ((found.seconds - since.timestamp()) // 86_400).astype(np.int64)
        levels[rows[pk], place] = found.values
    still = stops([sensor.asset_id for sensor in sensors], since)
    faulty = quality.untrusted(ids, since)
    for row, sensor in enumerate(sensors):
        ignored = _days_ignored(
            [*still.get(sensor.asset_id, ()), *faulty.get(sensor.pk, ())], since, days
        )
        levels[row, ignored > MOST_IGNORED] = np.nan
        maintained = sensor.asset.last_maintenance_at
        if maintained is not None and maintained > since:
            levels[row, : (maintained - since) // DAY + 1] = np.nan
    return levels


def _days_ignored(windows: Collection[Window], since: datetime, days: int) -> Floats:
    """Which share of each day lies in the windows, at most."""
    share = np.zeros(days)
    edges = since.timestamp() + 86_400.0 * np.arange(days + 1)
    for start, end in windows:
        inside = np.minimum(edges[1:], end) - np.maximum(edges[:-1], start)
        share += np.maximum(inside, 0.0) / 86_400.0
    return share


def sensors_with_days(organization_id: int, at: datetime) -> list[int]:
    """Ids of active sensors that have read since yesterday."""
    rows = Sensor.objects.filter(
        organization=organization_id, is_active=True, last_time__gte=midnight(at) - DAY
    )
    return list(rows.order_by("asset_id", "pk").values_list("pk", flat=True))


def limit_ahead(sensor: Sensor, level: float, *, is_up: bool) -> tuple[str, float] | None:
    """The next limit in that direction, its name and value."""
    own = getattr(sensor, "limits", None)
    side = "high" if is_up else "low"
    limits: Mapping[str, float | None] = {
        side: sensor.high_limit if is_up else sensor.low_limit,
        f"{side}-{side}": getattr(own, f"{side}_{side}", None),
    }
    for name, value in limits.items():
        if value is not None and (value > level if is_up else value < level):
            return name, value
    return None
