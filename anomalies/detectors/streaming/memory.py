"""What the engine remembers of one sensor, and its form as bytes (8 KB, versioned, no pickle)."""

from collections.abc import Sequence
from typing import Any
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from anomalies.detectors.base import UnknownState

MAGIC = b"ST04"
CHECK = 4
"""Bytes of the checksum: damaged counts would send compiled code outside its arrays."""

VALUES = 256
"""Values kept of all the past, sorted and spread out; as many means of residuals."""

SLOTS = 48
"""Half hours of the day."""

SLOT_SECONDS = 86_400.0 / SLOTS

SLOT_VALUES = 32
"""Values kept of each half hour."""

SHORT = 6
"""Residuals in the short mean."""

WINDOW = 144
"""Readings whose spread is compared with the usual one."""

COOLDOWN = 100
"""Readings for which an alarm stands for those that are no stranger."""

CHANNELS = 5
"""Value, residual, time of day, calm, wild: see `kernel`."""

MEASURES = 3
"""Deviations: of the reading, of the mean of six, of the mean of half a day."""

BINS = 64
"""Bins of a channel's histogram, four to an octave: its largest value over its smallest is 2^16."""

One = Any
"""The record of one sensor, `SENSOR`."""

Memory = NDArray[Any]
"""Structured array of `SENSOR`, shape (sensors,)."""

SENSOR = np.dtype(
    [
        ("count", "<i8"),  # readings learned from
        ("first", "<f8"),  # the first value: all others are kept relative to it
        ("low", "<f8"),  # lowest and highest value, relative
        ("high", "<f8"),
        ("last", "<f8"),  # the last value, relative
        ("moves", "<f8"),  # how often the value has changed
        ("last_time", "<f8"),  # seconds
        ("interval", "<f8"),  # usual seconds between readings
        ("is_counter", "?"),  # set by whoever makes the memory: its rise per hour is judged
        ("raw_value", "<f8"),  # of a counter: its last value as read,
        ("raw_time", "<f8"),  # and when
        ("unit", "<f8"),  # of the kept values: see `novelty`
        ("values", "<i2", (VALUES,)),
        ("means", "<i2", (VALUES,)),
        ("slot_values", "<i2", (SLOTS, SLOT_VALUES)),
        ("values_kept", "<i4"),
        ("means_kept", "<i4"),
        ("slot_kept", "<u1", (SLOTS,)),
        ("profile", "<f4", (SLOTS,)),  # mean of each half hour, relative, which follows at once
        ("visits", "<u1", (SLOTS,)),  # 200 at most
        ("days", "<f4", (3, SLOTS)),  # usual value of each half hour: all days, working, weekend
        ("seen", "<f4", (3, SLOTS)),  # how often each was lived through, in half hours
        ("days_sum", "<f8"),  # of the half hours known of all days,
        ("hours_known", "<f8"),  # and their number
        ("error", "<f8", (2,)),  # typical error of all days, and of the kind of day
        ("compared", "<f8"),  # readings that both were compared by
        ("fast", "<f8"),  # means of the value without its rhythm: half a day,
        ("slow", "<f8"),  # and two weeks, at 10 minutes
        ("near", "<f8"),  # mean of the last few deviations
        ("held", "<f8"),  # readings that were far away, less twice those that were not
        ("typical", "<f8", (MEASURES,)),  # typical size of each deviation,
        ("reach", "<f8", (MEASURES,)),  # and how many times that 1 in 100 exceeds
        ("residuals", "<f4", (SHORT,)),
        ("window", "<f4", (WINDOW,)),
        ("window_sum", "<f8"),
        ("window_squares", "<f8"),
        ("spread", "<f8"),  # usual standard deviation of the window
        ("bins", "<f4", (CHANNELS, BINS)),
        ("anchor", "<f8", (CHANNELS,)),  # first distance that was not zero
        ("top", "<i8", (CHANNELS,)),  # bin of the anchor
        ("weight", "<f8", (CHANNELS,)),  # of all readings in the bins
        ("line", "<f8", (CHANNELS,)),  # where the tail begins,
        ("excess", "<f8", (CHANNELS,)),  # mean distance beyond it,
        ("share", "<f8", (CHANNELS,)),  # and share of readings beyond it
        ("recent", "<u1", (COOLDOWN,)),  # strangeness of the last readings, in twelfths, rounded up
        ("alarms", "<f8"),  # alarms, slowly forgotten
    ],
    align=True,
)


def blank(sensors: int) -> Memory:
    """Memory of so many sensors of which nothing is known yet."""
    memory = np.zeros(sensors, dtype=SENSOR)
    memory["last_time"] = -np.inf
    memory["raw_value"] = np.nan
    return memory


def save(memory: Memory) -> list[bytes]:
    """One blob of each sensor.

    >>> [raw] = save(blank(1))
    >>> int(load([raw])["count"][0]), len(raw) <= 8192
    (0, True)
    """
    rows = (memory[at : at + 1].tobytes() for at in range(len(memory)))
    return [MAGIC + crc32(row).to_bytes(CHECK, "little") + row for row in rows]


def load(blobs: Sequence[bytes]) -> Memory:
    """The memory of sensors in the order of their blobs; an empty blob is a new sensor.

    Raises `UnknownState` when bytes are of another version or damaged.
    """
    memory = blank(len(blobs))
    for at, raw in enumerate(blobs):
        if not raw:
            continue
        row = raw[len(MAGIC) + CHECK :]
        head = MAGIC + crc32(row).to_bytes(CHECK, "little")
        if raw[: len(head)] != head or len(row) != SENSOR.itemsize:
            raise UnknownState(
                "The saved detector state is not of this version. "
                "Rescore the sensor from the start."
            )
        memory[at] = np.frombuffer(row, dtype=SENSOR)[0]
    return memory
