"""Readings: taken in safely, however often and by however many."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
from django.db import connection, transaction

from assets.binary import Floats, Ints
from assets.models import DayFigures, Reading, Sensor
from assets.models.sensors import LARGEST_VALUE
from assets.services.binary_cursor import BinaryCursor, Ids, Moments, Values, binary_cursor
from assets.services.rules import EARLIEST
from opssight.core.timescale import WITHOUT_LIMIT

_MICROSECOND = timedelta(microseconds=1)

# All three lock in the order of the key, which is that of the arrays: two writers of the same
# readings never deadlock.
_INCOMING = "unnest(%b::bigint[], %b::timestamptz[], %b::float8[]) AS i (sensor_id, time, value)"
_INSERT = f"""
INSERT INTO asset_metrics (sensor_id, time, value) SELECT sensor_id, time, value FROM {_INCOMING}
ON CONFLICT (sensor_id, time) DO NOTHING
"""  # noqa: S608
_CORRECT = f"""
INSERT INTO asset_metrics (sensor_id, time, value)
SELECT i.sensor_id, i.time, i.value
FROM {_INCOMING} JOIN asset_metrics m ON m.sensor_id = i.sensor_id AND m.time = i.time
WHERE m.value <> i.value
ORDER BY i.sensor_id, i.time
ON CONFLICT (sensor_id, time) DO UPDATE SET value = EXCLUDED.value
"""  # noqa: S608
DELETE_IN_ORDER = """
DELETE FROM asset_metrics m USING (
    SELECT sensor_id, time FROM asset_metrics WHERE {0} ORDER BY sensor_id, time FOR UPDATE
) held
WHERE m.sensor_id = held.sensor_id AND m.time = held.time
"""
"""For who removes readings: locks in the same order, too, which a bare DELETE does not."""
_BEHIND = """
SELECT s.id, s.last_time FROM unnest(%b::bigint[], %b::timestamptz[]) AS first (sensor_id, time)
JOIN {0} s ON s.id = first.sensor_id WHERE s.last_time >= first.time
"""
# A locked row is that of the last writer, whatever the statement saw when it began.
_LOCK_SENSORS = f"""
WITH held AS MATERIALIZED (
    SELECT id, last_time FROM sensors WHERE id = ANY(%b::bigint[]) ORDER BY id FOR NO KEY UPDATE
) {_BEHIND.format("held")}
"""  # noqa: S608
_WHICH_BEHIND = f"""
SELECT i.sensor_id, min(i.time)
FROM {_INCOMING} JOIN sensors s ON s.id = i.sensor_id AND s.last_time >= i.time
LEFT JOIN asset_metrics m ON m.sensor_id = i.sensor_id AND m.time = i.time
WHERE m.value IS DISTINCT FROM i.value
GROUP BY i.sensor_id
"""  # noqa: S608
# The value is read from the table: under the lock that is the one of the last writer.
_MOVE_SENSORS_FORWARD = """
UPDATE sensors s SET last_time = m.time, last_value = m.value
FROM unnest(%b::bigint[], %b::timestamptz[]) AS latest (sensor_id, time)
JOIN asset_metrics m ON m.sensor_id = latest.sensor_id AND m.time = latest.time
WHERE s.id = m.sensor_id AND (s.last_time IS NULL OR s.last_time <= m.time)
"""


WHEN_BEHIND: list[Callable[[list[int], list[datetime]], None]] = []
"""Called in the transaction when readings come, change or go that do not lie after the last one of
their sensors: with these and the earliest time of each. Apps above add to it."""


class SensorHasReadings(Exception):
    """What a sensor read is a record: it can be deactivated, not deleted."""


def remove_sensor(*, sensor: Sensor) -> None:
    """Delete a sensor that was made by mistake. Raises SensorHasReadings."""
    with transaction.atomic():
        # A batch of readings that arrives now waits, and then finds no sensor.
        list(Sensor.objects.select_for_update().filter(pk=sensor.pk).values_list("pk"))
        # Of readings that were kept no longer the figures of days are left.
        if any(kind.objects.filter(sensor=sensor).exists() for kind in (Reading, DayFigures)):
            raise SensorHasReadings
        sensor.delete()


@dataclass(frozen=True)
class IngestResult:
    """What became of the distinct readings of a batch."""

    inserted: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: "IngestResult") -> "IngestResult":
        return IngestResult(
            self.inserted + other.inserted,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
        )


def ingest(*, rows: Iterable[tuple[int, datetime, float]]) -> IngestResult:
    """Store (sensor id, time, value) rows; see `ingest_columns`.

    Raises ValueError for a time without a time zone.
    """
    batch = list(rows)
    return ingest_columns(
        sensor_ids=np.array([row[0] for row in batch], dtype=np.int64),
        times=microseconds(row[1] for row in batch),
        values=np.array([row[2] for row in batch], dtype=np.float64),
    )


def microseconds(times: Iterable[datetime]) -> Ints:
    """Aware times as microseconds since 1970. Raises ValueError for a naive one."""
    try:
        return np.array([(time - EARLIEST) // _MICROSECOND for time in times], dtype=np.int64)
    except TypeError as error:
        raise ValueError("a reading's time needs a time zone") from error


@transaction.atomic
def ingest_columns(
    *, sensor_ids: Ints, times: Ints | npt.NDArray[np.datetime64], values: Floats
) -> IngestResult:
    """Store readings given as columns of one length; safe to repeat and to run concurrently.

    times: microseconds since 1970, or datetime64[us] in UTC. Of two readings of one sensor and
    time the later in the batch counts; one that is stored already is corrected. The sensors'
    last reading only moves forward in time.

    Raises ValueError for a value that is no finite number below 1e100, and IntegrityError (at the
    end of the transaction) for a sensor that does not exist.
    """
    if not (np.abs(values) < LARGEST_VALUE).all():  # not so for NaN
        raise ValueError("every value of a reading must be a finite number below 1e100")
    if not len(values):
        return IngestResult()
    ids, moments, values = _last_of_each(sensor_ids, times.astype(np.int64), values)
    with connection.cursor() as cursor:
        cursor.execute(WITHOUT_LIMIT)
    incoming = Ids(ids), Moments(moments), Values(values)
    with binary_cursor() as cursor:
        begins = np.append(0, np.flatnonzero(ids[1:] != ids[:-1]) + 1)
        firsts = Ids(ids[begins]), Moments(moments[begins])
        behind = dict(cursor.execute(_BEHIND.format("sensors"), firsts).fetchall())
        if behind:
            tell_behind(cursor.execute(_WHICH_BEHIND, incoming).fetchall())
        inserted, updated = cursor.execute(_INSERT, incoming).rowcount, 0
        if inserted < len(ids):
            updated = cursor.execute(_CORRECT, incoming).rowcount
        now_behind = _lock_sensors(cursor, *firsts)
        if (inserted or updated) and now_behind != behind:
            tell_behind(_overtaken(ids, moments, behind, now_behind))
        _move_sensors_forward(cursor, ids, moments)
    return IngestResult(inserted, updated, len(ids) - inserted - updated)


def _lock_sensors(cursor: BinaryCursor, sensors: Ids, firsts: Moments) -> dict[int, datetime]:
    """Nobody else moves them until we are done; those now behind, by their last times."""
    return dict(cursor.execute(_LOCK_SENSORS, [sensors, sensors, firsts]).fetchall())


def tell_behind(late: Sequence[tuple[int, datetime]]) -> None:
    """Of these sensors something has changed from these times on; see `WHEN_BEHIND`."""
    if late:
        sensors, earliest = zip(*late, strict=True)
        for tell in WHEN_BEHIND:
            tell(list(sensors), list(earliest))


def _overtaken(
    ids: Ints, times: Ints, before: Mapping[int, datetime], now: Mapping[int, datetime]
) -> list[tuple[int, datetime]]:
    """Sensors that another writer moved on since we looked, and our first time that was new then.

    `before` and `now`: their last times, of those that we are behind. `ids` and `times` are sorted.
    """
    found = []
    for pk, last in now.items():
        known = before.get(pk)
        if known != last:
            own = times[np.searchsorted(ids, pk) : np.searchsorted(ids, pk, side="right")]
            first = 0 if known is None else np.searchsorted(own, microseconds([known]), "right")[0]
            if first < len(own):
                found.append((pk, EARLIEST + int(own[first]) * _MICROSECOND))
    return found


def _last_of_each(ids: Ints, times: Ints, values: Floats) -> tuple[Ints, Ints, Floats]:
    """Sorted by sensor and time, the last of those that share both."""
    order = np.lexsort((times, ids))  # stable
    ids, times, values = ids[order], times[order], values[order]
    last = np.ones(len(ids), dtype=bool)
    last[:-1] = (ids[1:] != ids[:-1]) | (times[1:] != times[:-1])
    return ids[last], times[last], values[last]


def _move_sensors_forward(cursor: BinaryCursor, ids: Ints, times: Ints) -> None:
    """`ids` and `times` are sorted: the last row of each sensor is its latest."""
    ends = np.append(np.flatnonzero(ids[1:] != ids[:-1]), len(ids) - 1)
    cursor.execute(_MOVE_SENSORS_FORWARD, [Ids(ids[ends]), Moments(times[ends])])
