"""What forecasts and risk scores are made of, read in bulk."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from assets.queries import Readings, readings_from

STEP = timedelta(hours=1)
NORMAL_DAYS = 28
RECENT_READINGS = 6

_HOURLY = """
    SELECT sensor_id, array_agg(bucket ORDER BY bucket), array_agg(avg ORDER BY bucket)
    FROM asset_metrics_hourly
    WHERE sensor_id = ANY(%s) AND bucket >= %s AND bucket < %s
    GROUP BY sensor_id
"""

# Normal is the median of one reading a day, at the hour of the last one: 28 index look-ups a
# sensor, however often it reads.
_SIGNALS = """
    SELECT s.id, recent.mean, normal.median
    FROM sensors s
    CROSS JOIN LATERAL (
        SELECT avg(value) AS mean FROM (
            SELECT value FROM asset_metrics m WHERE m.sensor_id = s.id AND m.time <= s.last_time
            ORDER BY time DESC LIMIT %s
        ) r
    ) recent
    CROSS JOIN LATERAL (
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY daily.value) AS median
        FROM generate_series(1, %s) AS day
        CROSS JOIN LATERAL (
            SELECT value FROM asset_metrics m
            WHERE m.sensor_id = s.id
              AND m.time > s.last_time - make_interval(days => day)
              AND m.time <= s.last_time - make_interval(days => day - 1)
            ORDER BY m.time LIMIT 1
        ) daily
    ) normal
    WHERE s.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Signal:
    """Where a sensor stands: mean of its last readings, and its median of the last weeks."""

    recent: float
    normal: float


def hourly_means(sensor_ids: Sequence[int], start: datetime, end: datetime) -> dict[int, Readings]:
    """Means of the hours that begin in [start, end) by sensor id, at their begin. One query.

    Hours without readings are absent; those whose single readings are kept no longer are not.
    """
    return readings_from(_HOURLY, [list(sensor_ids), start, end])


def signals(sensor_ids: Sequence[int]) -> dict[int, Signal]:
    """Where each sensor stands, by sensor id; sensors with less than a day are absent."""
    with connection.cursor() as cursor:
        cursor.execute(_SIGNALS, [RECENT_READINGS, NORMAL_DAYS, list(sensor_ids)])
        return {
            sensor_id: Signal(recent, normal)
            for sensor_id, recent, normal in cursor.fetchall()
            if recent is not None and normal is not None
        }
