"""Simulated readings into the empty table, as fast as the server takes them."""

from collections.abc import Callable, Sequence

import numpy as np
from django.db import connection

from assets.models import Sensor
from opssight.demo.simulator import Readings

# PostgreSQL's binary COPY: a signature, then rows of (count, length, value, length, value, ...).
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_TRAILER = b"\xff\xff"
_ROW = np.dtype(
    [
        ("count", ">i2"),
        ("sensor_length", ">i4"),
        ("sensor", ">i8"),
        ("time_length", ">i4"),
        ("time", ">i8"),
        ("value_length", ">i4"),
        ("value", ">f8"),
    ]
)
# Its clock counts microseconds from 1 January 2000.
_EPOCH = np.datetime64("2000-01-01", "us")


def copy_readings(
    sensors: Sequence[Sensor], readings: Readings, *, done: Callable[[int], None]
) -> int:
    """Write all readings in key order and set each sensor's last reading. Returns their number.

    `done` hears the number of readings written so far. Raises IntegrityError when one exists.
    """
    times = (readings.times - _EPOCH).astype(np.int64)
    written = 0
    with (
        connection.cursor() as cursor,
        cursor.copy("COPY asset_metrics (sensor_id, time, value) FROM STDIN BINARY") as copy,
    ):
        copy.write(_HEADER)
        for sensor, values in zip(sensors, readings.values, strict=True):
            known = np.isfinite(values)
            rows = np.empty(int(known.sum()), dtype=_ROW)
            rows["count"] = 3
            rows["sensor_length"] = rows["time_length"] = rows["value_length"] = 8
            rows["sensor"] = sensor.pk
            rows["time"] = times[known]
            rows["value"] = values[known]
            copy.write(rows.tobytes())
            written += len(rows)
            done(written)
        copy.write(_TRAILER)
        # Rows are checked against their sensors while the bytes arrive; the rest is an index.
    _set_last_readings()
    return written


def _set_last_readings() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            """
            UPDATE sensors SET last_time = newest.time, last_value = newest.value
            FROM sensors AS each CROSS JOIN LATERAL (
                SELECT time, value FROM asset_metrics
                WHERE sensor_id = each.id ORDER BY time DESC LIMIT 1
            ) AS newest
            WHERE sensors.id = each.id
            """
        )
