from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from django.db import connection
from psycopg.adapt import Buffer, Loader
from psycopg.pq import Format

from assets.binary import Floats, Times, floats_of, times_of
from assets.models import Sensor

_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC) - timedelta(microseconds=1)
_MICROSECOND = timedelta(microseconds=1)

_BOUNDS = """
SELECT sensor_id, min(time), max(time), count(*) FROM asset_metrics
WHERE sensor_id = ANY(%s) AND time >= %s AND time < %s GROUP BY sensor_id
"""
_POINTS = """
SELECT sensor_id, time, value, value, value FROM asset_metrics
WHERE sensor_id = ANY(%s) AND time >= %s AND time < %s ORDER BY sensor_id, time
"""
# date_bin, not time_bucket: the same buckets with and without TimescaleDB.
_BUCKETS = """
SELECT m.sensor_id, date_bin(b.width, m.time, b.origin) AS bucket,
       avg(m.value), min(m.value), max(m.value)
FROM unnest(%s::bigint[], %s::interval[], %s::timestamptz[]) AS b (sensor_id, width, origin)
JOIN asset_metrics m ON m.sensor_id = b.sensor_id AND m.time >= %s AND m.time < %s
GROUP BY m.sensor_id, bucket ORDER BY m.sensor_id, bucket
"""
_AFTER = """
SELECT mark.sensor_id, found.times, found.values
FROM unnest(%s::bigint[], %s::timestamptz[]) AS mark (sensor_id, time)
CROSS JOIN LATERAL (
    SELECT array_agg(r.time ORDER BY r.time) AS times, array_agg(r.value ORDER BY r.time) AS values
    FROM (
        SELECT m.time, m.value FROM asset_metrics m
        WHERE m.sensor_id = mark.sensor_id AND m.time > mark.time
        ORDER BY m.time LIMIT %s
    ) r
) found
WHERE found.times IS NOT NULL
ORDER BY mark.sensor_id
"""
_LAST = """
SELECT %s::bigint, array_agg(r.time ORDER BY r.time), array_agg(r.value ORDER BY r.time)
FROM (
    SELECT m.time, m.value FROM asset_metrics m
    WHERE m.sensor_id = %s AND m.time <= %s
    ORDER BY m.time DESC LIMIT %s
) r
HAVING count(*) > 0
"""


@dataclass(frozen=True)
class Series:
    """Readings of one sensor over time, oldest first; four lists of one length.

    bucket: None when each point is one reading (mean, low and high are then equal), else the
    width of the buckets that `times` begin.
    """

    times: list[datetime]
    mean: list[float]
    low: list[float]
    high: list[float]
    bucket: timedelta | None = None


@dataclass(frozen=True)
class Readings:
    """Readings of one sensor, oldest first. times: datetime64[us] in UTC; values: float64."""

    times: Times
    values: Floats

    def __len__(self) -> int:
        return len(self.times)

    @property
    def seconds(self) -> Floats:
        """The times as seconds since 1970."""
        return self.times.astype(np.int64) / 1e6


NO_READINGS = Readings(np.zeros(0, dtype="datetime64[us]"), np.zeros(0))


def series(sensor: Sensor, start: datetime, end: datetime, max_points: int = 2000) -> Series:
    """The sensor's readings in [start, end), at most `max_points`: see `series_of`."""
    return series_of([sensor.pk], start, end, max_points)[sensor.pk]


def series_of(
    sensor_ids: Sequence[int], start: datetime, end: datetime, max_points: int = 2000
) -> dict[int, Series]:
    """Series by sensor id, in three queries however many sensors there are.

    A sensor with more readings than `max_points` in [start, end) gives the mean, the lowest and
    the highest value of equal buckets, which begin at its first reading.
    """
    ids = list(sensor_ids)
    found = {pk: Series([], [], [], []) for pk in ids}
    with connection.cursor() as cursor:
        cursor.execute(_BOUNDS, [ids, start, end])
        bounds = cursor.fetchall()
        few = [pk for pk, _, _, count in bounds if count <= max_points]
        many = [
            (pk, _bucket(last - first, max_points), first)
            for pk, first, last, count in bounds
            if count > max_points
        ]
        for pk, width, _ in many:
            found[pk] = Series([], [], [], [], width)
        rows: list[tuple[int, datetime, float, float, float]] = []
        if few:
            cursor.execute(_POINTS, [few, start, end])
            rows += cursor.fetchall()
        if many:
            pks, widths, origins = (list(column) for column in zip(*many, strict=True))
            cursor.execute(_BUCKETS, [pks, widths, origins, start, end])
            rows += cursor.fetchall()
    for pk, time, mean, low, high in rows:
        one = found[pk]
        one.times.append(time)
        one.mean.append(mean)
        one.low.append(low)
        one.high.append(high)
    return found


def _bucket(span: timedelta, buckets: int) -> timedelta:
    """The smallest width, in whole microseconds, of which `buckets` cover the span and its end."""
    return timedelta(microseconds=span // _MICROSECOND // buckets + 1)


def readings_after(*, watermarks: Mapping[int, datetime | None], limit: int) -> dict[int, Readings]:
    """The next readings of each sensor after its watermark (None: from the first), in one query.

    At most `limit` per sensor; a sensor without new readings is left out.
    """
    ids = list(watermarks)
    marks = [watermarks[pk] or _BEFORE_ALL for pk in ids]
    return readings_from(_AFTER, [ids, marks, limit])


def readings_until(*, sensor_id: int, until: datetime, limit: int) -> Readings:
    """The last `limit` readings of a sensor up to and with a moment."""
    found = readings_from(_LAST, [sensor_id, sensor_id, until, limit])
    return found.get(sensor_id, NO_READINGS)


def readings_from(statement: str, parameters: Sequence[Any]) -> dict[int, Readings]:
    """What a statement finds as rows of sensor id, `timestamptz[]` and `float8[]`, by sensor id.

    Arrays in binary are the fastest way to read many readings: no Python object is made for each.
    """
    connection.ensure_connection()
    # Django's own cursors cannot read binary results.
    with (
        connection.wrap_database_errors,
        psycopg.Cursor(connection.connection) as cursor,
    ):
        types = psycopg.adapters.types
        cursor.adapters.register_loader(types["timestamptz"].array_oid, _TimesLoader)
        cursor.adapters.register_loader(types["float8"].array_oid, _FloatsLoader)
        cursor.execute(statement, parameters, binary=True)
        return {pk: Readings(times, values) for pk, times, values in cursor.fetchall()}


class _TimesLoader(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> Times:
        return times_of(bytes(data))


class _FloatsLoader(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> Floats:
        return floats_of(bytes(data))
