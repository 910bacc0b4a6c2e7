"""Meters of schedules: counters that are followed, and when each will be reached.

What a counter that falls has counted is said by `assets.counters`.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

from assets.counters import counted_before_sql
from maintenance.services.clocks import moment_sql

METERS_PER_STATEMENT = 1000

_WAITING = """
SELECT t.id FROM schedule_meters t
JOIN maintenance_schedules s ON s.id = t.schedule_id AND s.is_active
JOIN sensors x ON x.id = t.sensor_id
WHERE t.organization_id = %s AND t.id > %s
  AND (t.read_at IS NULL OR x.last_time > t.read_at
       OR (t.reached_at IS NULL AND t.due_at < %s))
ORDER BY t.id LIMIT %s
"""
_OF_SCHEDULES = "SELECT id FROM schedule_meters WHERE schedule_id = ANY(%s) ORDER BY id"
_COUNTED_BEFORE = counted_before_sql("f.before", "f.value", "f.rolls_over_at")
_DUE = moment_sql("(p.reaches AT TIME ZONE p.zone)::date + p.clock", "p.zone")
_FOLLOW = f"""
WITH chosen AS (
    SELECT t.*, x.rolls_over_at,
           g.timezone AS zone, (s.starts_at AT TIME ZONE g.timezone)::time AS clock
    FROM schedule_meters t
    JOIN sensors x ON x.id = t.sensor_id
    JOIN maintenance_schedules s ON s.id = t.schedule_id
    JOIN assets a ON a.id = s.asset_id JOIN sites g ON g.id = a.site_id
    WHERE t.id = ANY(%(ids)s)
), latest AS (
    SELECT c.id, m.time, m.value FROM chosen c CROSS JOIN LATERAL (
        SELECT time, value FROM asset_metrics
        WHERE sensor_id = c.sensor_id AND time <= %(at)s ORDER BY time DESC LIMIT 1
    ) m
), fresh AS (
    SELECT c.id, c.rolls_over_at, m.time, m.value,
           lag(m.value, 1, c.read_value) OVER (PARTITION BY c.id ORDER BY m.time) AS before
    FROM chosen c JOIN asset_metrics m
      ON m.sensor_id = c.sensor_id AND m.time > c.read_at AND m.time <= %(at)s
), counted AS (
    SELECT f.id, f.time, f.value,
           sum({_COUNTED_BEFORE}) OVER (PARTITION BY f.id ORDER BY f.time) AS reset_by
    FROM fresh f
), taken AS (
    SELECT n.id, max(n.reset_by) AS reset_by,
           min(n.time) FILTER (WHERE n.value + n.reset_by >= c.counts_from + c.every) AS reached
    FROM counted n JOIN chosen c ON c.id = n.id GROUP BY n.id
), ends_of_days AS (
    -- The counter at the end of each of the last thirty days: few rows, however often it is read.
    SELECT c.id, c.rolls_over_at, m.time, m.value,
           lag(m.value) OVER (PARTITION BY c.id ORDER BY m.time) AS before
    FROM chosen c
    CROSS JOIN generate_series(0, 30) AS days (n)
    CROSS JOIN LATERAL (
        SELECT time, value FROM asset_metrics
        WHERE sensor_id = c.sensor_id
          AND time > date_trunc('day', %(at)s) - (n + 1) * interval '1 day'
          AND time <= date_trunc('day', %(at)s) - n * interval '1 day'
        ORDER BY time DESC LIMIT 1
    ) m
    WHERE c.daily_use IS NULL OR c.read_at IS NULL OR c.read_at < date_trunc('day', %(at)s)
), used AS (
    SELECT f.id, sum(greatest(0, f.value - f.before + {_COUNTED_BEFORE}))
               / nullif(extract(epoch FROM max(f.time) - min(f.time)) / 86400, 0) AS a_day
    FROM ends_of_days f GROUP BY f.id HAVING max(f.time) - min(f.time) >= interval '12 hours'
), state AS (
    SELECT c.*, l.time AS last_time, l.value AS last_value,
           coalesce(c.counts_from - coalesce(n.reset_by, 0), l.value) AS new_from,
           coalesce(u.a_day, c.daily_use) AS a_day,
           coalesce(n.reached, l.time) AS passed
    FROM chosen c JOIN latest l ON l.id = c.id
    LEFT JOIN taken n ON n.id = c.id LEFT JOIN used u ON u.id = c.id
), projected AS (
    SELECT s.*,
           CASE WHEN s.last_value >= s.new_from + s.every THEN coalesce(s.reached_at, s.passed)
           END AS reached,
           CASE WHEN s.new_from + s.every - s.last_value <= 3650 * s.a_day AND s.a_day > 0
                THEN greatest(%(at)s, s.last_time
                     + (s.new_from + s.every - s.last_value) / s.a_day * interval '1 day')
           END AS reaches
    FROM state s
), result AS (
    SELECT p.*, coalesce(p.reached, {_DUE}) AS due
    FROM projected p
)
UPDATE schedule_meters t
SET counts_from = r.new_from, daily_use = r.a_day, reached_at = r.reached, due_at = r.due,
    read_at = r.last_time, read_value = r.last_value
FROM result r
WHERE t.id = r.id
  -- Somebody served it meanwhile: the next round sees that.
  AND t.counts_from IS NOT DISTINCT FROM r.counts_from AND t.read_at IS NOT DISTINCT FROM r.read_at
  AND t.every = r.every
  AND (t.read_at IS NULL OR r.last_time >= t.read_at)
  AND ((t.counts_from, t.daily_use, t.reached_at, t.due_at)
       IS DISTINCT FROM (r.new_from, r.a_day, r.reached, r.due)
       OR t.read_at IS NULL OR r.last_time >= t.read_at + interval '1 hour')
"""  # noqa: S608 the one rule for counters is SQL, too


def follow_meters(*, organization_id: int, at: datetime) -> int:
    """Take in the new readings of every meter of the organization; returns how many rows changed.

    Each thousand in a transaction of its own, so that nobody waits long.
    """
    changed, last = 0, 0
    while ids := _ids(_WAITING, [organization_id, last, at, METERS_PER_STATEMENT]):
        with transaction.atomic():
            changed += _follow(ids, at)
        last = ids[-1]
    return changed


def follow_meters_of(*, schedules: Collection[int], at: datetime) -> int:
    """The same for the meters of these schedules, at once."""
    return _follow(_ids(_OF_SCHEDULES, [list(schedules)]), at)


def _follow(ids: list[int], at: datetime) -> int:
    if not ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOW, {"ids": ids, "at": at})
        return int(cursor.rowcount)


def _ids(statement: str, parameters: Sequence[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [row[0] for row in cursor.fetchall()]
