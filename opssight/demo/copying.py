"""Simulated readings into a table that holds none of them yet: no staging, no look for doubles."""

from collections.abc import Sequence
from datetime import UTC

import numpy as np
from django.db import connection

from assets.binary import Floats, Ints, wire_times
from assets.models import Sensor
from opssight.demo.simulator import Readings

_COPY = "COPY asset_metrics (sensor_id, time, value) FROM STDIN (FORMAT BINARY)"
_HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_END = b"\xff\xff"
_ROW = np.dtype(
    [
        ("fields", ">i2"),
        ("id_bytes", ">i4"),
        ("id", ">i8"),
        ("time_bytes", ">i4"),
        ("time", ">i8"),
        ("value_bytes", ">i4"),
        ("value", ">f8"),
    ]
)
_SET_LAST = """
UPDATE sensors SET last_time = newest.time, last_value = newest.value
FROM unnest(%s::bigint[], %s::timestamptz[], %s::float8[]) AS newest (id, time, value)
WHERE sensors.id = newest.id
"""


def copy_readings(sensors: Sequence[Sensor], readings: Readings) -> int:
    """Write all readings in key order and set each sensor's last one. Returns their number.

    Raises IntegrityError when a reading of the same sensor and time exists.
    """
    known = np.isfinite(readings.values)
    row, column = np.nonzero(known)
    ids = np.array([sensor.pk for sensor in sensors], dtype=np.int64)
    times = readings.times.astype(np.int64)
    with connection.cursor() as cursor:
        with connection.wrap_database_errors, cursor.copy(_COPY) as copy:
            copy.write(copy_rows(ids[row], times[column], readings.values[known]))
        newest = {
            number: int(np.flatnonzero(steps)[-1])
            for number, steps in enumerate(known)
            if steps.any()
        }
        cursor.execute(
            _SET_LAST,
            [
                [sensors[number].pk for number in newest],
                [readings.times[step].item().replace(tzinfo=UTC) for step in newest.values()],
                [float(readings.values[number, step]) for number, step in newest.items()],
            ],
        )
    return len(row)


def copy_rows(ids: Ints, times: Ints, values: Floats) -> bytes:
    """The three columns, all of one length, as one `COPY … (FORMAT BINARY)` message."""
    rows = np.empty(len(ids), dtype=_ROW)
    rows["fields"] = 3
    rows["id_bytes"] = rows["time_bytes"] = rows["value_bytes"] = 8
    rows["id"], rows["time"], rows["value"] = ids, wire_times(times), values
    return _HEADER + rows.tobytes() + _END
