"""Times that a clock of a site showed, as moments."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from assets.binary import Ints
from assets.services.rules import EARLIEST, Mask

_SECOND = 1_000_000
_DAY = 86_400 * _SECOND
# Beyond, no offset is looked up: the rules refuse such a time anyway.
_REACH = (datetime(2200, 1, 1, tzinfo=UTC) - EARLIEST) // timedelta(microseconds=1)


def localize(times: Ints, zone: ZoneInfo) -> tuple[Ints, Mask]:
    """Microseconds on the zone's clock as microseconds since 1970, and which never were.

    A time that the clock shows twice is the first of the two. One that it skips is marked, and
    keeps the offset from before.
    """
    moments, skipped = times.copy(), np.zeros(len(times), dtype=bool)
    near = np.flatnonzero((times >= -_DAY) & (times < _REACH))
    days, day_of = np.unique(times[near] // _DAY, return_inverse=True)
    edges = [_offsets(zone, day * _DAY) for day in (*days.tolist(), *(days + 1).tolist())]
    begins, ends = edges[: len(days)], edges[len(days) :]
    steady = np.array(
        [len({*begin, *end}) == 1 for begin, end in zip(begins, ends, strict=True)], dtype=bool
    )
    usual = np.array([begin[0] for begin in begins], dtype=np.int64)
    even = steady[day_of] if len(near) else np.zeros(0, dtype=bool)
    moments[near[even]] -= usual[day_of[even]]
    for place in near[~even].tolist():
        first, second = _offsets(zone, int(times[place]))
        moments[place] -= first
        skipped[place] = first < second
    return moments, skipped


def _offsets(zone: ZoneInfo, time: int) -> tuple[int, int]:
    """Microseconds that the clock is ahead of UTC when it shows `time`, at first and again."""
    shown = (EARLIEST + timedelta(microseconds=time)).replace(tzinfo=zone)
    return _micro(shown.replace(fold=0)), _micro(shown.replace(fold=1))


def _micro(shown: datetime) -> int:
    return (shown.utcoffset() or timedelta()) // timedelta(microseconds=1)
