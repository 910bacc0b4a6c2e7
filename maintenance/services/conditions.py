"""Conditions of schedules: a sensor beyond a limit for a time, or a risk above a level.

A breach calls for work once. While the breach that work was done for goes on, it calls for no more.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from django.db import connection, transaction

CONDITIONS_PER_STATEMENT = 1000

_WAITING = """
SELECT c.id FROM schedule_conditions c
JOIN maintenance_schedules s ON s.id = c.schedule_id AND s.is_active
JOIN sensors x ON x.id = c.sensor_id
WHERE c.organization_id = %s AND c.id > %s AND (c.read_at IS NULL OR x.last_time > c.read_at)
ORDER BY c.id LIMIT %s
"""
_OF_SCHEDULES = """
SELECT id FROM schedule_conditions
WHERE schedule_id = ANY(%s) AND sensor_id IS NOT NULL ORDER BY id
"""
_WATCH = """
WITH chosen AS (
    SELECT c.*, c.for_minutes * interval '1 minute' AS long,
           greatest(coalesce(c.read_at, %(at)s - (c.for_minutes + 1440) * interval '1 minute'),
                    %(at)s - interval '30 days') AS start
    FROM schedule_conditions c WHERE c.id = ANY(%(ids)s)
), seen AS (
    SELECT c.id, m.time, coalesce(m.value > c.above, false) OR coalesce(m.value < c.below, false)
           AS beyond
    FROM chosen c JOIN asset_metrics m
      ON m.sensor_id = c.sensor_id AND m.time > c.start AND m.time <= %(at)s
), runs AS (
    -- A reading within the limits begins a run of its own: what follows it is another breach.
    SELECT id, time, beyond,
           count(*) FILTER (WHERE NOT beyond) OVER (PARTITION BY id ORDER BY time) AS run
    FROM seen
), breaches AS (
    SELECT id, run, max(time) AS last_time, min(time) FILTER (WHERE beyond) AS began,
           max(time) FILTER (WHERE beyond) AS until,
           max(run) OVER (PARTITION BY id) AS last_run
    FROM runs GROUP BY id, run
), timed AS (
    SELECT b.*, CASE WHEN b.run = 0 THEN coalesce(c.since, b.began) ELSE b.began END AS from_
    FROM breaches b JOIN chosen c ON c.id = b.id
), result AS (
    SELECT c.id, c.read_at AS old_read_at, c.met_at AS old_met_at,
           c.served_since AS old_served, max(b.last_time) AS read_at,
           max(b.from_) FILTER (WHERE b.run = b.last_run) AS since,
           coalesce(c.met_at, min(b.from_ + c.long) FILTER (
               WHERE b.until - b.from_ >= c.long AND b.from_ IS DISTINCT FROM c.served_since
           )) AS met_at
    FROM timed b JOIN chosen c ON c.id = b.id
    GROUP BY c.id, c.read_at, c.met_at, c.served_since
)
UPDATE schedule_conditions c SET since = r.since, met_at = r.met_at, read_at = r.read_at
FROM result r
WHERE c.id = r.id
  AND c.read_at IS NOT DISTINCT FROM r.old_read_at
  -- Somebody served it meanwhile: the next round sees that.
  AND c.met_at IS NOT DISTINCT FROM r.old_met_at
  AND c.served_since IS NOT DISTINCT FROM r.old_served
  AND ((c.since, c.met_at) IS DISTINCT FROM (r.since, r.met_at)
       OR c.read_at IS NULL OR r.read_at >= c.read_at + interval '1 hour')
"""
_RISK = """
WITH state AS (
    SELECT c.id, c.for_minutes * interval '1 minute' AS long, c.served_since, c.met_at,
           CASE WHEN a.current_risk > c.above THEN coalesce(c.since, %(at)s) END AS since
    FROM schedule_conditions c
    JOIN maintenance_schedules s ON s.id = c.schedule_id AND s.is_active
    JOIN assets a ON a.id = c.asset_id
    WHERE c.sensor_id IS NULL AND (c.organization_id = %(organization)s
        OR c.schedule_id = ANY(%(schedules)s))
), result AS (
    SELECT s.*, coalesce(s.met_at, CASE
        WHEN s.since + s.long <= %(at)s AND s.since IS DISTINCT FROM s.served_since
        THEN s.since + s.long END) AS new_met_at
    FROM state s
)
UPDATE schedule_conditions c SET since = r.since, met_at = r.new_met_at
FROM result r
WHERE c.id = r.id AND c.met_at IS NOT DISTINCT FROM r.met_at
  AND c.served_since IS NOT DISTINCT FROM r.served_since
  AND (c.since, c.met_at) IS DISTINCT FROM (r.since, r.new_met_at)
"""


def watch_conditions(*, organization_id: int, at: datetime) -> int:
    """Look at the new readings and risks of every condition; returns how many rows changed.

    Each thousand in a transaction of its own, so that nobody waits long.
    """
    changed = _risks(organization_id, [], at)
    last = 0
    while ids := _ids(_WAITING, [organization_id, last, CONDITIONS_PER_STATEMENT]):
        with transaction.atomic():
            changed += _watch(ids, at)
        last = ids[-1]
    return changed


def watch_conditions_of(*, schedules: Collection[int], at: datetime) -> int:
    """The same for the conditions of these schedules, at once."""
    found = _watch(_ids(_OF_SCHEDULES, [list(schedules)]), at)
    return found + _risks(None, schedules, at)


def _watch(ids: list[int], at: datetime) -> int:
    if not ids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_WATCH, {"ids": ids, "at": at})
        return int(cursor.rowcount)


def _risks(organization_id: int | None, schedules: Collection[int], at: datetime) -> int:
    values = {"organization": organization_id, "schedules": list(schedules), "at": at}
    with connection.cursor() as cursor:
        cursor.execute(_RISK, values)
        return int(cursor.rowcount)


def _ids(statement: str, parameters: Sequence[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [row[0] for row in cursor.fetchall()]
