"""Readings and figures of hours that are kept no longer; the figures of days stay.

Before readings go, the figures of their hours and days are written once more and sealed: nothing
computes them again, whatever comes late (`asset_metrics_sealed`). What arrives for a sealed time
goes with the next removal; it gives figures to a bucket that has none, and changes no other.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from assets.services.aggregates import COLUMNS, be_alone
from assets.services.readings import DELETE_IN_ORDER
from opssight.core.timescale import WITHOUT_LIMIT

READINGS_AT_ONCE = 200_000

_SEAL_EMPTY = """
INSERT INTO asset_metrics_sealed (sensor_id, until)
SELECT s.id, %(before)s FROM unnest(%(sensors)s::bigint[]) AS s (id)
WHERE NOT EXISTS (SELECT FROM asset_metrics m WHERE m.sensor_id = s.id AND m.time < %(before)s)
ON CONFLICT (sensor_id) DO UPDATE SET until = greatest(asset_metrics_sealed.until, excluded.until)
"""
_WITH_OLD_READINGS = """
SELECT s.id FROM unnest(%s::bigint[]) AS s (id)
WHERE EXISTS (SELECT FROM asset_metrics m WHERE m.sensor_id = s.id AND m.time < %s) ORDER BY s.id
"""
# Midnight after the last of the next readings to go.
_STEP = """
SELECT least(%(before)s, date_bin('24 hours', max(time), '1970-01-01 00:00+00') + interval '1 day')
FROM (
    SELECT time FROM asset_metrics WHERE sensor_id = %(sensor)s AND time < %(before)s
    ORDER BY time LIMIT %(limit)s
) to_go
"""
# Hours that are not sealed yet may have marks: they are written anew.
_FORGET_UNSEALED = """
DELETE FROM {table} k WHERE k.sensor_id = %(sensor)s AND k.bucket < %(until)s AND k.bucket >= (
    SELECT coalesce(max(until), '-infinity') FROM asset_metrics_sealed WHERE sensor_id = %(sensor)s
)
"""
_SEAL_HOURS = f"""
INSERT INTO asset_metrics_hours ({COLUMNS})
SELECT %(sensor)s, h.bucket, f.* FROM (
    SELECT DISTINCT date_bin('1 hour', time, '1970-01-01 00:00+00') AS bucket
    FROM asset_metrics WHERE sensor_id = %(sensor)s AND time < %(until)s
) h CROSS JOIN LATERAL opssight_hour_figures(%(sensor)s, h.bucket) f
ON CONFLICT (sensor_id, bucket) DO NOTHING
"""  # noqa: S608
_SEAL_DAYS = f"""
INSERT INTO asset_metrics_days ({COLUMNS})
SELECT %(sensor)s, d.bucket, f.* FROM (
    SELECT DISTINCT date_bin('24 hours', time, '1970-01-01 00:00+00') AS bucket
    FROM asset_metrics WHERE sensor_id = %(sensor)s AND time < %(until)s
) d CROSS JOIN LATERAL opssight_day_figures(%(sensor)s, d.bucket) f
ON CONFLICT (sensor_id, bucket) DO NOTHING
"""  # noqa: S608
_SEAL = """
INSERT INTO asset_metrics_sealed (sensor_id, until) VALUES (%(sensor)s, %(until)s)
ON CONFLICT (sensor_id) DO UPDATE SET until = greatest(asset_metrics_sealed.until, excluded.until)
"""
_REMOVE = DELETE_IN_ORDER.format("sensor_id = %(sensor)s AND time < %(until)s")
_REMOVE_HOURS = """
DELETE FROM asset_metrics_hours k USING asset_metrics_sealed s
WHERE k.sensor_id = %s AND s.sensor_id = k.sensor_id AND k.bucket < least(%s, s.until)
"""


def remove_readings(*, sensors: Sequence[int], before: datetime) -> int:
    """Remove the readings of these sensors (ids) before a midnight UTC; returns how many.

    Their figures stay, and the sensors' last readings as they know them. In steps of whole days,
    each in a transaction of its own: safe to stop, to repeat and to run beside any writer.
    """
    with connection.cursor() as cursor:
        cursor.execute(_WITH_OLD_READINGS, [list(sensors), before])
        old = [row[0] for row in cursor.fetchall()]
        cursor.execute(_SEAL_EMPTY, {"sensors": list(sensors), "before": before})
    return sum(_remove_of(sensor, before) for sensor in old)


def remove_hours(*, sensors: Sequence[int], before: datetime) -> int:
    """Remove figures of hours before a moment whose readings are gone; returns how many."""
    removed = 0
    with connection.cursor() as cursor:
        for sensor in sensors:
            cursor.execute(_REMOVE_HOURS, [sensor, before])
            removed += cursor.rowcount
    return removed


def drop_chunks() -> int:
    """Give back at once the chunks in which nobody keeps readings; 0 without TimescaleDB."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT opssight_drop_sealed_chunks()")
        return int(cursor.fetchone()[0])


def _remove_of(sensor: int, before: datetime) -> int:
    removed = 0
    while True:
        count, until = _remove_some(sensor, before)
        removed += count
        if until is None or until >= before:
            return removed


@transaction.atomic
def _remove_some(sensor: int, before: datetime) -> tuple[int, datetime | None]:
    """How many readings went, and those before when (None: there were none)."""
    with connection.cursor() as cursor:
        cursor.execute(WITHOUT_LIMIT)
        be_alone(cursor)
        cursor.execute(_STEP, {"sensor": sensor, "before": before, "limit": READINGS_AT_ONCE})
        until: datetime | None = cursor.fetchone()[0]
        if until is None:
            return 0, None
        step: dict[str, Any] = {"sensor": sensor, "until": until}
        for statement in (
            _FORGET_UNSEALED.format(table="asset_metrics_hours"),
            _FORGET_UNSEALED.format(table="asset_metrics_days"),
            _SEAL_HOURS,
            _SEAL_DAYS,
            _SEAL,
            _REMOVE,
        ):
            cursor.execute(statement, step)
        return cursor.rowcount, until
