from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
from django.db import connection
from psycopg.adapt import Buffer, Loader
from psycopg.pq import Format

from assets.binary import Floats, Ints, Times, floats_of, ints_of, times_of

_BEFORE_ALL = datetime(1970, 1, 1, tzinfo=UTC) - timedelta(microseconds=1)

_AFTER = """
SELECT mark.sensor_id, found.times, found.values
FROM unnest(%s::bigint[], %s::timestamptz[]) AS mark (sensor_id, time)
CROSS JOIN LATERAL (
    SELECT array_agg(r.time ORDER BY r.time) AS times, array_agg(r.value ORDER BY r.time) AS values
    FROM (
        SELECT m.time, m.value FROM asset_metrics m
        WHERE m.sensor_id = mark.sensor_id AND m.time > mark.time AND m.time <= %s
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

    def before(self, seconds: float) -> "Readings":
        """Those of before a moment, in seconds since 1970."""
        count = int(np.searchsorted(self.seconds, seconds))
        return Readings(self.times[:count], self.values[:count])


NO_READINGS = Readings(np.zeros(0, dtype="datetime64[us]"), np.zeros(0))


def readings_after(
    *, watermarks: Mapping[int, datetime | None], until: datetime, limit: int
) -> dict[int, Readings]:
    """The next readings of each sensor after its watermark (None: from the first), in one query.

    At most `limit` per sensor; a sensor without new readings is left out. until: now, for who looks
    at each reading once. What came before its time waits for it: a watermark in the future would
    hide all that comes by then.
    """
    ids = list(watermarks)
    marks = [watermarks[pk] or _BEFORE_ALL for pk in ids]
    return readings_from(_AFTER, [ids, marks, until, limit])


def readings_until(*, sensor_id: int, until: datetime, limit: int) -> Readings:
    """The last `limit` readings of a sensor up to and with a moment."""
    found = readings_from(_LAST, [sensor_id, sensor_id, until, limit])
    return found.get(sensor_id, NO_READINGS)


def readings_from(statement: str, parameters: Sequence[Any]) -> dict[int, Readings]:
    """What a statement finds as rows of sensor id, `timestamptz[]` and `float8[]`, by sensor id.

    Arrays in binary are the fastest way to read many readings: no Python object is made for each.
    """
    return {pk: Readings(times, values) for pk, times, values in _arrays(statement, parameters)}


def arrays_from(statement: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """The rows that a statement finds, with `timestamptz[]`, `float8[]` and `int8[]` as arrays.

    The parameters are written into the statement, which is then planned for just these.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors:
        written = psycopg.ClientCursor(connection.connection).mogrify(statement, parameters)
    return _arrays(written, None)


def _arrays(statement: str, parameters: Sequence[Any] | None) -> list[tuple[Any, ...]]:
    connection.ensure_connection()
    # Django's own cursors cannot read binary results.
    with (
        connection.wrap_database_errors,
        psycopg.Cursor(connection.connection) as cursor,
    ):
        types = psycopg.adapters.types
        cursor.adapters.register_loader(types["timestamptz"].array_oid, _TimesLoader)
        cursor.adapters.register_loader(types["float8"].array_oid, _FloatsLoader)
        cursor.adapters.register_loader(types["int8"].array_oid, _IntsLoader)
        cursor.execute(statement, parameters, binary=True)
        return cursor.fetchall()


class _TimesLoader(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> Times:
        return times_of(bytes(data))


class _FloatsLoader(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> Floats:
        return floats_of(bytes(data))


class _IntsLoader(Loader):
    format = Format.BINARY

    def load(self, data: Buffer) -> Ints:
        return ints_of(bytes(data))
