"""Any window of readings as at most so many points, from single readings, hours or days."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

import numpy as np
from django.db import connection

from assets.binary import Floats, Ints, Times
from assets.models import Sensor
from assets.queries.readings import arrays_from

GAP_INTERVALS = 3
"""A line breaks where nothing came for more than so many usual intervals."""
MOST_READINGS = 100_000
"""More single readings than these are not summed up for one chart: its hours are taken."""
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

# An index gives each of these by a few steps: nothing counts what it does not show. The hours are
# asked where single readings were removed, and for how many there are in a window of some weeks.
_BOUNDS = """
SELECT hours.*, (
    SELECT d.bucket FROM asset_metrics_daily d
    WHERE d.sensor_id = hours.id AND d.bucket >= %(first_day)s
        AND d.bucket < date_trunc('day', coalesce(hours.first_hour, hours.first, %(end)s), 'UTC')
    ORDER BY d.bucket LIMIT 1
) AS first_day
FROM (
    SELECT raw.*, (
        SELECT h.bucket FROM asset_metrics_hourly h
        WHERE h.sensor_id = raw.id AND h.bucket >= %(first_hour)s
            AND h.bucket < date_trunc('hour', coalesce(raw.first, %(end)s), 'UTC')
        ORDER BY h.bucket LIMIT 1
    ) AS first_hour, CASE
        WHEN raw.some > %(most)s AND raw.last - raw.first < %(most)s * interval '1 hour' THEN (
            SELECT sum(h.count) FROM asset_metrics_hourly h
            WHERE h.sensor_id = raw.id AND h.bucket >= %(first_hour)s AND h.bucket < %(end)s
        )
    END AS readings
    FROM (
        SELECT s.id, s.expected_interval, (
            SELECT m.time FROM asset_metrics m
            WHERE m.sensor_id = s.id AND m.time >= %(start)s AND m.time < %(end)s
            ORDER BY m.time LIMIT 1
        ) AS first, (
            SELECT m.time FROM asset_metrics m
            WHERE m.sensor_id = s.id AND m.time >= %(start)s AND m.time < %(end)s
            ORDER BY m.time DESC LIMIT 1
        ) AS last, (
            SELECT count(*) FROM (
                SELECT FROM asset_metrics m
                WHERE m.sensor_id = s.id AND m.time >= %(start)s AND m.time < %(end)s
                LIMIT %(most)s + 1
            ) few
        ) AS some
        FROM sensors s WHERE s.id = ANY(%(ids)s)
    ) raw
) hours
"""
_POINTS = """
SELECT sensor_id, array_agg(time ORDER BY time), array_agg(value ORDER BY time)
FROM asset_metrics WHERE sensor_id = ANY(%s) AND time >= %s AND time < %s GROUP BY sensor_id
"""
_RAW_ROWS = """
SELECT sensor_id, time, value, value, value, 1 FROM asset_metrics
WHERE sensor_id = ANY(%s) AND time >= %s AND time < %s
"""
_HOURLY_ROWS = """
SELECT sensor_id, bucket, avg, min, max, count FROM asset_metrics_hourly
WHERE sensor_id = ANY(%s) AND bucket >= %s AND bucket < %s
"""
_DAILY_ROWS = """
SELECT sensor_id, bucket, avg, min, max, count FROM asset_metrics_daily
WHERE sensor_id = ANY(%s) AND bucket >= %s AND bucket < %s
"""
# date_bin, not time_bucket: the same buckets with and without TimescaleDB. PostgreSQL refuses to
# divide where the result rounds to zero.
_BUCKETS = """
SELECT sensor_id, array_agg(time ORDER BY time), array_agg(mean ORDER BY time),
    array_agg(low ORDER BY time), array_agg(high ORDER BY time), array_agg(count ORDER BY time)
FROM (
    SELECT r.sensor_id, greatest(date_bin(b.width, r.time, b.origin), %s) AS time,
        CASE WHEN abs(sum(r.mean * r.count)) > 1e-290 THEN sum(r.mean * r.count) / sum(r.count)
        ELSE 0 END AS mean, min(r.low) AS low, max(r.high) AS high,
        sum(r.count)::bigint AS count
    FROM unnest(%s::bigint[], %s::interval[], %s::timestamptz[]) AS b (sensor_id, width, origin)
    JOIN ("""
_BUCKETS_END = """) r (sensor_id, time, mean, low, high, count) ON r.sensor_id = b.sensor_id
    GROUP BY 1, 2
) buckets
GROUP BY sensor_id
"""


class Resolution(StrEnum):
    """What points are made of: single readings, or the kept figures of hours or days (UTC)."""

    RAW = "raw"
    HOUR = "hour"
    DAY = "day"


@dataclass(frozen=True)
class Series:
    """Readings of one sensor over time, oldest first; five arrays of one length.

    bucket: None when each point is one reading (mean, low and high are then equal), else the
    width of the buckets that `times` begin. gaps: from when to when nothing came for longer than
    three usual intervals.
    """

    times: Times
    mean: Floats
    low: Floats
    high: Floats
    counts: Ints
    bucket: timedelta | None = None
    resolution: Resolution = Resolution.RAW
    gaps: list[tuple[datetime, datetime]] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.times)


@dataclass(frozen=True)
class Bounds:
    """What is known of a sensor's window before it is read.

    some: how many readings, counted up to one more than are shown. first_hour, first_day: where
    figures begin of which the single readings, or the hours, are not kept any more.
    """

    sensor: int
    interval: timedelta | None
    first: datetime | None
    last: datetime | None
    some: int
    first_hour: datetime | None
    readings: int | None
    first_day: datetime | None


@dataclass(frozen=True)
class Buckets:
    """How the readings of a sensor are put together: widths from an origin on."""

    sensor: int
    width: timedelta
    origin: datetime
    interval: timedelta | None = None


def series(sensor: Sensor, start: datetime, end: datetime, max_points: int = 2000) -> Series:
    """The sensor's readings in [start, end), at most `max_points`: see `series_of`."""
    return series_of([sensor.pk], start, end, max_points)[sensor.pk]


def series_of(
    sensor_ids: Sequence[int],
    start: datetime,
    end: datetime,
    max_points: int = 2000,
    resolution: Resolution | None = None,
) -> dict[int, Series]:
    """Series by sensor id, in at most five queries however many sensors there are.

    A sensor with more readings than `max_points` in [start, end) gives the mean, the lowest and
    the highest value of equal buckets. They are made of single readings, or of hours or days where
    the buckets are that long, where there are very many readings or where single ones are not kept
    any more; `resolution` asks for one of these. No reading outside of [start, end) counts.
    """
    ids = list(sensor_ids)
    found = {pk: series_from(None) for pk in ids}
    bounds = bounds_of(ids, start, end, max_points)
    points: list[Bounds] = []
    buckets: dict[Resolution, list[Buckets]] = {}
    for one in bounds:
        source = resolution or _source(one, max_points)
        plan = _buckets(one, source, start, end, max_points)
        if plan is None:
            points.append(one)
        else:
            buckets.setdefault(source, []).append(plan)
    if points:
        intervals = {one.sensor: one.interval for one in points}
        for pk, *arrays in arrays_from(_POINTS, [list(intervals), start, end]):
            # What came since they were counted is left for the next look.
            times, values = (array[:max_points] for array in arrays)
            ones = np.ones(len(times), dtype=np.int64)
            found[pk] = series_from((times, values, values, values, ones), intervals[pk])
    for source, plans in buckets.items():
        found |= bucketed(source, plans, start, end, max_points)
    return found


def bucketed(
    source: Resolution, buckets: Sequence[Buckets], start: datetime, end: datetime, most: int
) -> dict[int, Series]:
    """Series of at most so many buckets; empty ones are left out. One of `buckets` per sensor.

    Where the source is hours (or days), origins are their begins and widths are whole ones; what
    of an hour lies outside of [start, end) does not count.
    """
    ids = [one.sensor for one in buckets]
    parts = list(_parts(source, start, end))
    statement = _BUCKETS + " UNION ALL ".join(part for part, _, _ in parts) + _BUCKETS_END
    columns = [ids, [one.width for one in buckets], [one.origin for one in buckets]]
    ranges = [value for _, since, until in parts for value in (ids, since, until)]
    rows = {
        pk: [array[:most] for array in arrays]
        for pk, *arrays in arrays_from(statement, [start, *columns, *ranges])
    }
    return {
        one.sensor: series_from(
            rows.get(one.sensor), one.interval, bucket=one.width, resolution=source
        )
        for one in buckets
    }


def series_from(
    columns: Sequence[Any] | None,
    interval: timedelta | None = None,
    *,
    bucket: timedelta | None = None,
    resolution: Resolution = Resolution.RAW,
) -> Series:
    """times, mean, low, high and counts as a series with its gaps; None: an empty one."""
    none = np.zeros(0)
    times, mean, low, high, counts = columns or (
        none.astype("datetime64[us]"), none, none, none, none.astype(np.int64)
    )  # fmt: skip
    gaps = gaps_of(times, counts, bucket, interval)
    return Series(times, mean, low, high, counts, bucket, resolution, gaps)


def points_of(
    found: Series,
    *,
    since: datetime = EPOCH,
    unit: timedelta = timedelta(milliseconds=1),
    scale: Callable[[Floats], Floats] | None = None,
) -> list[list[Any]]:
    """[[x, mean, lowest, highest]], [x, value] where these are the same; a gap is [x, null].

    x is the time in `unit` from `since` on: milliseconds since 1970 unless told. `scale` gives what
    is drawn of values.
    """
    columns = [found.mean] if found.bucket is None else [found.mean, found.low, found.high]
    drawn = [(scale(column) if scale else column).tolist() for column in columns]
    begin, step = (since - EPOCH) // MICROSECOND, unit / MICROSECOND
    places = ((found.times.astype(np.int64) - begin) / step).tolist()
    points = [list(point) for point in zip(places, *drawn, strict=True)]
    # The null of a gap stands before the point at which the line goes on.
    gaps = [[(start - since) / unit, None] for start, _ in found.gaps]
    return sorted([*points, *gaps], key=lambda point: point[0]) if gaps else points


def gaps_of(
    times: Times, counts: Ints, bucket: timedelta | None, interval: timedelta | None
) -> list[tuple[datetime, datetime]]:
    """From when to when nothing came for longer than three usual intervals.

    The usual interval is the longer one of what the sensor is expected to do (`interval`) and of
    what it does: the median.
    """
    if len(times) < 2:
        return []
    marks = times.astype(np.int64)
    width = 0 if bucket is None else bucket // MICROSECOND
    steps = np.diff(marks)
    usual = float(np.median(steps) / np.median(counts))
    known = interval / MICROSECOND if interval else 0.0
    found = np.flatnonzero(steps - width > GAP_INTERVALS * max(usual, known))
    return [(_moment(marks[index] + width), _moment(marks[index + 1])) for index in found.tolist()]


def floor(time: datetime, width: timedelta) -> datetime:
    """The begin of the hour or day (UTC) in which the time lies."""
    return time - (time - EPOCH) % width


def ceiling(time: datetime, width: timedelta) -> datetime:
    return time + (EPOCH - time) % width


def bounds_of(ids: list[int], start: datetime, end: datetime, most: int) -> list[Bounds]:
    with connection.cursor() as cursor:
        cursor.execute(
            _BOUNDS,
            {
                "ids": ids,
                "start": start,
                "end": end,
                "most": most,
                "first_hour": ceiling(start, HOUR),
                "first_day": ceiling(start, DAY),
            },
        )
        return [Bounds(*row) for row in cursor.fetchall()]


def _source(one: Bounds, max_points: int) -> Resolution:
    """What the points are best made of; the widths of buckets follow from it."""
    if one.first_day is not None:
        return Resolution.DAY
    if one.first_hour is not None:
        return Resolution.HOUR
    if one.some <= max_points or one.first is None or one.last is None:
        return Resolution.RAW
    width = (one.last - one.first) / max_points
    if width >= DAY:
        return Resolution.DAY
    many = one.readings is not None and one.readings > MOST_READINGS
    return Resolution.HOUR if width >= HOUR or many else Resolution.RAW


def _buckets(
    one: Bounds, source: Resolution, start: datetime, end: datetime, max_points: int
) -> Buckets | None:
    """None where each reading is a point."""
    earlier = [one.first_day, one.first_hour, one.first]
    first = next((time for time in earlier if time is not None), start)
    last = one.last or end - MICROSECOND
    if source is Resolution.RAW:
        if one.some <= max_points:
            return None
        width = (last - first) // max_points + MICROSECOND
        return Buckets(one.sensor, width, first, one.interval)
    unit = HOUR if source is Resolution.HOUR else DAY
    origin = floor(first, unit)
    count = (last - origin) // unit + 1
    return Buckets(one.sensor, -(-count // max_points) * unit, origin, one.interval)


def _parts(
    source: Resolution, start: datetime, end: datetime
) -> Iterable[tuple[str, datetime, datetime]]:
    """What [start, end) is read from: whole days or hours, and at its ends what is finer."""
    if source is Resolution.RAW:
        yield _RAW_ROWS, start, end
        return
    whole, finer, rows = (
        (HOUR, Resolution.RAW, _HOURLY_ROWS)
        if source is Resolution.HOUR
        else (DAY, Resolution.HOUR, _DAILY_ROWS)
    )
    since, until = ceiling(start, whole), floor(end, whole)
    if since >= until:
        yield from _parts(finer, start, end)
        return
    if start < since:
        yield from _parts(finer, start, since)
    yield rows, since, until
    if until < end:
        yield from _parts(finer, until, end)


def _moment(mark: int) -> datetime:
    return EPOCH + timedelta(microseconds=int(mark))
