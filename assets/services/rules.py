"""The rules for a reading: the same for every way in, one by one and for whole columns.

The columns answer which readings break a rule; the functions of one reading say why.
"""

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from assets.binary import Floats, Ints
from assets.models.sensors import LARGEST_VALUE

EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
FUTURE_LIMIT = timedelta(days=1)
_MICROSECOND = timedelta(microseconds=1)
_LATEST = datetime.max.replace(tzinfo=UTC)

Mask = npt.NDArray[np.bool_]


def time_problem(time: datetime, *, at: datetime) -> str | None:
    """Why a reading may not carry this time; None when it may."""
    if time.utcoffset() is None:
        return "The time has no time zone: write it like 2026-03-01T12:00:00Z."
    if time < EARLIEST:
        return f"The time {time:%Y-%m-%d %H:%M:%S} lies before 1970."
    if time > at + FUTURE_LIMIT:
        return f"The time {time:%Y-%m-%d %H:%M:%S} lies more than one day in the future."
    return None


def times_wrong(times: Ints, *, at: datetime) -> Mask:
    """Which times, in microseconds since 1970, `time_problem` refuses."""
    wrong: Mask = (times < 0) | (times > (at + FUTURE_LIMIT - EARLIEST) // _MICROSECOND)
    return wrong


def moment(microseconds: int) -> datetime:
    """The time so many microseconds after 1970; the nearest there is when it is out of reach."""
    try:
        return EARLIEST + timedelta(microseconds=microseconds)
    except OverflowError:
        return _LATEST if microseconds > 0 else datetime.min.replace(tzinfo=UTC)


def value_problem(
    value: float, *, low: float | None = None, high: float | None = None, unit: str = ""
) -> str | None:
    """Why a reading may not have this value; None when it may.

    low, high: what is physically possible at the sensor, in its `unit`.
    """
    if not math.isfinite(value):
        return f"{value} is not a finite number."
    if not -LARGEST_VALUE < value < LARGEST_VALUE:
        return f"{value:g} is too large: a reading lies between -1e100 and 1e100."
    if low is not None and value < low:
        least = _in_unit(low, unit)
        return f"{_in_unit(value, unit)} is impossible: the sensor reads {least} or more."
    if high is not None and value > high:
        most = _in_unit(high, unit)
        return f"{_in_unit(value, unit)} is impossible: the sensor reads {most} or less."
    return None


def values_wrong(values: Floats, lows: Floats, highs: Floats) -> Mask:
    """Which values `value_problem` refuses; a bound that is NaN does not count."""
    possible = (values > -LARGEST_VALUE) & (values < LARGEST_VALUE)  # not so for NaN and infinity
    wrong: Mask = ~possible | (values < lows) | (values > highs)
    return wrong


def _in_unit(value: float, unit: str) -> str:
    return f"{value:g} {unit}".rstrip()
