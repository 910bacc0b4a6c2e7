"""Readings in bulk, as arrays, for the detectors."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db import connection
from django.db.models import F, Q

from anomalies.detectors.base import Floats
from assets.models import Sensor

CHUNK = 50
"""Sensors that one task scores."""

_POSTGRES_EPOCH = 946_684_800_000_000
"""Microseconds from 1970 to 2000, where PostgreSQL counts from."""

_PAIR = np.dtype([("time", ">i8"), ("value", ">f8")])

# The server packs each sensor's readings into one string of bytes, 16 a reading: an array of
# numbers would become millions of Python objects. It needs no COPY.
_UNREAD = """
    SELECT w.sensor_id, string_agg(timestamptz_send(r.time) || float8send(r.value), ''::bytea)
    FROM unnest(%s::bigint[], %s::timestamptz[]) AS w (sensor_id, watermark)
    CROSS JOIN LATERAL (
        SELECT m.time, m.value FROM asset_metrics m
        WHERE m.sensor_id = w.sensor_id AND m.time > w.watermark
        ORDER BY m.time LIMIT %s
    ) r
    GROUP BY w.sensor_id
"""

_LATEST = """
    SELECT string_agg(timestamptz_send(r.time) || float8send(r.value), ''::bytea)
    FROM (
        SELECT m.time, m.value FROM asset_metrics m
        WHERE m.sensor_id = %s AND m.time <= %s
        ORDER BY m.time DESC LIMIT %s
    ) r
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """Readings of one sensor in order of time: seconds since 1970 and values, shape (n,)."""

    times: Floats
    values: Floats

    def __len__(self) -> int:
        return len(self.times)


EMPTY = Batch(np.zeros(0), np.zeros(0))


def unread(watermarks: Mapping[int, datetime], limit: int) -> dict[int, Batch]:
    """The first `limit` readings after each sensor's watermark, by sensor id; one query."""
    with connection.cursor() as cursor:
        cursor.execute(_UNREAD, [list(watermarks), list(watermarks.values()), limit])
        return {sensor_id: _unpack(packed) for sensor_id, packed in cursor.fetchall()}


def latest(sensor_id: int, until: datetime, limit: int) -> Batch:
    """The last `limit` readings of a sensor up to a moment."""
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, [sensor_id, until, limit])
        [(packed,)] = cursor.fetchall()
    return _unpack(packed or b"")


def _unpack(packed: bytes | memoryview) -> Batch:
    pairs = np.frombuffer(packed, dtype=_PAIR)
    times = pairs["time"].astype(np.int64)
    order = np.argsort(times, kind="stable")
    seconds = (times[order] + _POSTGRES_EPOCH) / 1e6
    return Batch(seconds, pairs["value"].astype(np.float64)[order])


def sensors_to_score() -> list[int]:
    """Ids of the active sensors with readings that no detector has seen, asset by asset."""
    unseen = Q(detector_state=None) | Q(last_time__gt=F("detector_state__watermark"))
    sensors = Sensor.objects.filter(unseen, is_active=True, last_time__isnull=False)
    return list(sensors.order_by("asset_id", "pk").values_list("pk", flat=True))


def in_chunks(ids: Sequence[int], size: int = CHUNK) -> Iterable[list[int]]:
    """
    >>> list(in_chunks([1, 2, 3], size=2))
    [[1, 2], [3]]
    """
    for start in range(0, len(ids), size):
        yield list(ids[start : start + size])
