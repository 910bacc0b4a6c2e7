"""The kept figures of hours and days, brought up to date where readings came, changed or went.

Triggers mark the touched hours (TimescaleDB, which has continuous aggregates, needs none of this).
Until a mark is taken up, `asset_metrics_hourly` and `asset_metrics_daily` compute what it touches
whenever they are read: they are right at every moment, and this makes them fast.
"""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

HOURS_AT_ONCE = 2000
COLUMNS = "sensor_id, bucket, count, min, max, avg, first, last, sum_squares"

_KEY = "hashtextextended('asset_metrics figures', 0)"
_TRY_TO_BE_ALONE = f"SELECT pg_try_advisory_xact_lock({_KEY})"
_BE_ALONE = f"SELECT pg_advisory_xact_lock({_KEY})"
# An hour that goes on will be touched again anyway. A mark that a writer holds is left for the
# next time: its readings cannot be seen yet.
_TAKE = """
SELECT id, sensor_id, bucket FROM asset_metrics_touched WHERE bucket <= %s - interval '1 hour'
ORDER BY sensor_id, bucket LIMIT %s FOR UPDATE SKIP LOCKED
"""
_GIVE_UP = "DELETE FROM asset_metrics_touched WHERE id = ANY(%s)"
# Written as one statement, so that a bucket without readings any more loses its row, too.
_REFRESH = """
WITH touched AS (
    SELECT DISTINCT t.sensor_id, date_bin(%(width)s, t.bucket, '1970-01-01 00:00+00') AS bucket
    FROM unnest(%(sensors)s::bigint[], %(buckets)s::timestamptz[]) AS t (sensor_id, bucket)
    LEFT JOIN asset_metrics_sealed s ON s.sensor_id = t.sensor_id
    WHERE s.until IS NULL OR t.bucket >= s.until
), found AS (
    SELECT t.sensor_id, t.bucket, f.*
    FROM touched t CROSS JOIN LATERAL {function}(t.sensor_id, t.bucket) f
), emptied AS (
    DELETE FROM {table} k USING touched t
    WHERE k.sensor_id = t.sensor_id AND k.bucket = t.bucket
      AND NOT EXISTS (
          SELECT FROM found f WHERE f.sensor_id = t.sensor_id AND f.bucket = t.bucket
      )
)
INSERT INTO {table} ({columns}) SELECT {columns} FROM found
ON CONFLICT (sensor_id, bucket) DO UPDATE SET
    count = excluded.count, min = excluded.min, max = excluded.max, avg = excluded.avg,
    first = excluded.first, last = excluded.last, sum_squares = excluded.sum_squares
"""
_REFRESH_HOURS = _REFRESH.format(
    table="asset_metrics_hours", function="opssight_hour_figures", columns=COLUMNS
)
_REFRESH_DAYS = _REFRESH.format(
    table="asset_metrics_days", function="opssight_day_figures", columns=COLUMNS
)


def refresh(*, at: datetime) -> int:
    """Take up the marks of all hours that are over; returns how many there were.

    Some at a time, each in a transaction of its own. Safe to repeat, and beside any writer: a
    reading that is committed while its hour is computed leaves a mark of its own. Of two that run
    at once the second does nothing.
    """
    taken = 0
    while count := _refresh_some(at):
        taken += count
        if count < HOURS_AT_ONCE:
            break
    return taken


def be_alone(cursor: Any) -> None:
    """Wait until nobody else writes figures, and keep others from it until the transaction ends."""
    cursor.execute(_BE_ALONE)


@transaction.atomic
def _refresh_some(at: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_TRY_TO_BE_ALONE)
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(_TAKE, [at, HOURS_AT_ONCE])
        marks = cursor.fetchall()
        if marks:
            ids, sensors, buckets = (list(column) for column in zip(*marks, strict=True))
            hours = {"sensors": sensors, "buckets": buckets}
            # A statement of its own each: it sees what was committed before the marks were held.
            cursor.execute(_REFRESH_HOURS, {**hours, "width": "1 hour"})
            cursor.execute(_REFRESH_DAYS, {**hours, "width": "24 hours"})
            cursor.execute(_GIVE_UP, [ids])
    return len(marks)
