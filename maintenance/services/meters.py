"""Meters of schedules: counters that are followed, and when each will be reached.

What a counter that falls has counted is said by `assets.counters`.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from assets.counters import counted_before_sql
from maintenance.dispatching.times import Span
from maintenance.queries.standing import planned_windows, share_of_day
from maintenance.scheduling.free_days import public_holidays
from maintenance.scheduling.intervals import wall
from maintenance.scheduling.meters import MOST_DAYS, Use, learn_use, reach

METERS_PER_STATEMENT = 1000
LEARNED = timedelta(days=31)
FARTHEST_HOLIDAYS = timedelta(days=MOST_DAYS)

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
_STATE = f"""
WITH chosen AS (
    SELECT t.*, x.rolls_over_at, a.id AS machine, s.holidays,
           g.timezone AS zone, (s.starts_at AT TIME ZONE g.timezone)::time AS clock,
           date_trunc('day', %(at)s AT TIME ZONE g.timezone) AS today
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
    -- The counter at the end of each of the last thirty days, by the clock of the site: few rows,
    -- however often it is read.
    SELECT c.id, c.rolls_over_at, c.zone, m.time, m.value,
           lag(m.value) OVER (PARTITION BY c.id ORDER BY m.time) AS before,
           lag(m.time) OVER (PARTITION BY c.id ORDER BY m.time) AS time_before
    FROM chosen c
    CROSS JOIN generate_series(0, 30) AS days (n)
    CROSS JOIN LATERAL (
        SELECT time, value FROM asset_metrics
        WHERE sensor_id = c.sensor_id
          AND time > (c.today - (n + 1) * interval '1 day') AT TIME ZONE c.zone
          AND time <= (c.today - n * interval '1 day') AT TIME ZONE c.zone
        ORDER BY time DESC LIMIT 1
    ) m
    WHERE c.daily_use IS NULL OR c.read_at IS NULL OR c.read_at < c.today AT TIME ZONE c.zone
), days AS (
    SELECT f.*, greatest(0, f.value - f.before + {_COUNTED_BEFORE}) AS used,
           f.time - f.time_before BETWEEN interval '12 hours' AND interval '36 hours' AS is_one
    FROM ends_of_days f
), used AS (
    SELECT f.id,
           sum(f.used) / nullif(extract(epoch FROM max(f.time) - min(f.time)) / 86400, 0) AS a_day,
           array_agg(((f.time_before + (f.time - f.time_before) / 2) AT TIME ZONE f.zone)::date
                     ORDER BY f.time) FILTER (WHERE f.is_one) AS days,
           array_agg(f.used / extract(epoch FROM f.time - f.time_before) * 86400 ORDER BY f.time)
               FILTER (WHERE f.is_one) AS uses
    FROM days f GROUP BY f.id HAVING max(f.time) - min(f.time) >= interval '12 hours'
), state AS (
    SELECT c.*, l.time AS last_time, l.value AS last_value,
           coalesce(c.counts_from - coalesce(n.reset_by, 0), l.value) AS new_from,
           coalesce(u.a_day, c.daily_use) AS a_day, u.days, u.uses,
           coalesce(n.reached, l.time) AS passed
    FROM chosen c JOIN latest l ON l.id = c.id
    LEFT JOIN taken n ON n.id = c.id LEFT JOIN used u ON u.id = c.id
)
SELECT s.id, s.machine, s.zone, s.clock, s.holidays, s.counts_from, s.read_at, s.every, s.use,
       s.new_from, s.last_time, s.last_value, s.a_day, s.days, s.uses,
       CASE WHEN s.last_value >= s.new_from + s.every THEN coalesce(s.reached_at, s.passed)
       END AS reached
FROM state s ORDER BY s.id
"""  # noqa: S608 the one rule for counters is SQL, too
_WRITE = """
UPDATE schedule_meters t
SET counts_from = r.new_from, daily_use = r.a_day, reached_at = r.reached, due_at = r.due,
    earliest_at = r.earliest, latest_at = r.latest, use = r.use,
    read_at = r.last_time, read_value = r.last_value
FROM unnest(%s::bigint[], %s::float8[], %s::timestamptz[], %s::float8[], %s::float8[],
            %s::float8[], %s::timestamptz[], %s::timestamptz[], %s::timestamptz[],
            %s::timestamptz[], %s::jsonb[], %s::timestamptz[], %s::float8[])
  AS r (id, counts_from, read_at, every, new_from, a_day, reached, due, earliest, latest, use,
        last_time, last_value)
WHERE t.id = r.id
  -- Somebody served it meanwhile: the next round sees that.
  AND t.counts_from IS NOT DISTINCT FROM r.counts_from AND t.read_at IS NOT DISTINCT FROM r.read_at
  AND t.every = r.every
  AND (t.read_at IS NULL OR r.last_time >= t.read_at)
  AND ((t.counts_from, t.daily_use, t.reached_at, t.due_at, t.earliest_at, t.latest_at)
       IS DISTINCT FROM (r.new_from, r.a_day, r.reached, r.due, r.earliest, r.latest)
       OR t.read_at IS NULL OR r.last_time >= t.read_at + interval '1 hour')
"""


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
        cursor.execute(_STATE, {"ids": ids, "at": at})
        names = [column.name for column in cursor.description]
        states = [_State(**dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
        rows = _projected(states, at)
        if not rows:
            return 0
        cursor.execute(_WRITE, [list(column) for column in zip(*rows, strict=True)])
        return int(cursor.rowcount)


def _projected(states: Sequence["_State"], at: datetime) -> list[tuple[Any, ...]]:
    """The rows of `_WRITE`."""
    machines = {state.machine for state in states}
    since = at - LEARNED
    stood = planned_windows(machines, since, at)
    rows = []
    for state in states:
        use = state.use_learned(stood.get(state.machine, ()), at)
        due, earliest, latest = state.dates(use, stood.get(state.machine, ()), at)
        rows.append(
            (
                state.id,
                state.counts_from,
                state.read_at,
                state.every,
                state.new_from,
                state.a_day,
                state.reached,
                due,
                earliest,
                latest,
                None if use is None else json.dumps(asdict(use)),
                state.last_time,
                state.last_value,
            )
        )
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class _State:
    """A meter with what was read of it; `days` and `uses` where they were counted anew."""

    id: int
    machine: int
    zone: str
    clock: time
    holidays: str
    counts_from: float | None
    read_at: datetime | None
    every: float
    use: str | None
    new_from: float
    last_time: datetime
    last_value: float
    a_day: float | None
    days: list[date] | None
    uses: list[float] | None
    reached: datetime | None

    def use_learned(self, stood: Sequence[Span], at: datetime) -> Use | None:
        if self.a_day is None:
            return None
        if self.days is None:
            return Use(**json.loads(self.use)) if self.use else Use((self.a_day,) * 7)
        zone = ZoneInfo(self.zone)
        shares = {day: share_of_day(stood, day, zone) for day in self.days}
        uses = dict(zip(self.days, self.uses or (), strict=True))
        rests = self._rests(min(self.days), max(self.days))
        return learn_use(uses, self.a_day, rests=rests, stood=shares)

    def dates(
        self, use: Use | None, stands: Sequence[Span], at: datetime
    ) -> tuple[datetime | None, datetime | None, datetime | None]:
        """When it is due, at the earliest and at the latest; at the time of day of the schedule."""
        if self.reached is not None:
            return self.reached, None, None
        amount = self.new_from + self.every - self.last_value
        if use is None or not self.a_day or amount > MOST_DAYS * self.a_day:
            return None, None, None
        zone = ZoneInfo(self.zone)
        last = (at + timedelta(days=2 * amount / self.a_day)).date()
        rests = self._rests(self.last_time.date(), min(last, at.date() + FARTHEST_HOLIDAYS))
        found = reach(amount, use, since=self.last_time, zone=zone, rests=rests, stands=stands)
        due, earliest, latest = (
            None
            if moment is None
            else wall(max(moment, at).astimezone(zone).date(), self.clock, zone)
            for moment in (found.likely, found.earliest, found.latest)
        )
        return due, earliest, latest

    def _rests(self, first: date, last: date) -> frozenset[date]:
        """Holidays that the schedule goes by."""
        if not self.holidays:
            return frozenset()
        years = range(first.year, last.year + 1)
        return frozenset().union(*(public_holidays(self.holidays, year) for year in years))


def _ids(statement: str, parameters: Sequence[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [row[0] for row in cursor.fetchall()]
