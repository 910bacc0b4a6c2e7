"""The compiled arithmetic of the engine: one pass over readings of any sensors.

Five channels each measure one distance between a reading and the past of its sensor:

value        to the nearest value ever seen (a value at which the sensor has never been)
residual     the same for the mean of the last six residuals from the profile of the day
time of day  to the nearest value seen at this half hour and its two neighbors
calm, wild   log ratio of the usual spread of 144 readings to the present one, and the reverse

A channel's distances become probabilities by their own distribution (`tails`). The sum of -log10 p
over the channels (Fisher 1925) is the strangeness. An alarm needs 5.5, so that two channels have to
agree. Beside it stands how far away the reading is from what is usual, new or not (`usual`).

About 1.3 µs a reading, whatever the length of the history.
"""

import math
from collections.abc import Callable
from pathlib import Path
from zlib import crc32

import numpy as np
from numba import njit
from numpy.typing import NDArray

from anomalies.detectors.base import WARM_UP, Bools, Codes, Floats
from anomalies.detectors.streaming.memory import (
    CHANNELS,
    COOLDOWN,
    SLOT_SECONDS,
    SLOTS,
    VALUES,
    Memory,
    One,
)
from anomalies.detectors.streaming.novelty import at_this_hour, fit_unit, keep, move_profile
from anomalies.detectors.streaming.signal import (
    move_clock,
    move_range,
    rise,
    short_mean,
    spread,
    spread_ratio,
)
from anomalies.detectors.streaming.tails import surprise
from anomalies.detectors.streaming.usual import (
    DAY_CLIP,
    SLOW,
    expected_at,
    hold_back,
    kind_of_day,
    learn_day,
    learn_deviations,
    usual_size,
    weigh,
)

LINE = 5.5
"""Strangeness that raises an alarm."""

RESOLUTION = 5e-4
"""A value is kept when it is farther from all others than this share of the range."""

STANDS_FOR = 0.1
"""A reading no stranger than one of the last 100 keeps this share of its strangeness."""

PRICE = 0.5
"""Every recent alarm moves the line so much farther out: a sensor that often alarms is doubted.

And so much stranger than an alarm must be what raises another one soon after it.
"""

ALARM_MEMORY = 2000.0

TWELFTHS = 12.0

LARGEST = 1e30
"""Beyond it, a difference of two values leaves the range of float32: treated as not finite."""

FEWEST_MOVES = 8.0
ASSUMED_RESOLUTION = 0.005
"""A sensor that has hardly ever moved is taken to be exact to 0.5 % of its value."""


@njit(cache=False)
def _look(one: One, time: float, value: float, parts: Floats, shown: Floats) -> float:
    """Judge a reading by each channel into `parts`, then learn it; returns what was expected.

    For `shown` see `weigh`.
    """
    move_clock(one, time)
    if one.count == 0:
        one.first = value
    value = float(np.float32(value - one.first))
    reach = one.high - one.low
    moves = one.moves
    extent = move_range(one, value)
    least = 1e-6 * extent
    if one.moves < FEWEST_MOVES:
        least = max(least, ASSUMED_RESOLUTION * abs(value + one.first))
    slot = min(int((time % 86_400.0) // SLOT_SECONDS), SLOTS - 1)
    expected = _measure(one, time, slot, value, moves, max(least, 2.0 * RESOLUTION * extent), shown)
    _compare(one, slot, value, reach, least, parts)
    ratio = spread_ratio(one, spread(one, value))
    parts[3] = surprise(one, 3, max(-ratio, 0.0), 1e-3)
    parts[4] = surprise(one, 4, max(ratio, 0.0), 1e-3)
    return expected + float(one.first)


@njit(cache=False)
def _measure(
    one: One, time: float, slot: int, value: float, moves: float, finest: float, shown: Floats
) -> float:
    """How far away from the usual value of its time, which is returned; learns it."""
    kind = kind_of_day(time)
    expected, shape = expected_at(one, slot, kind, value), 0.0
    if one.seen[0, slot] >= 1.0:
        shape = expected - one.days_sum / one.hours_known
    weigh(one, value - expected, value - shape, finest, shown)
    hold = hold_back(one, shown[0])
    if one.moves > moves:
        learn_deviations(one, value - expected, finest, hold)
    one.slow += max(SLOW, 1.0 / (one.count + 1.0)) * hold * (value - shape - one.slow)
    most = DAY_CLIP * usual_size(one, 0, finest) if one.count >= WARM_UP else np.inf
    learn_day(one, slot, kind, value, most, hold)
    return expected


@njit(cache=False)
def _compare(one: One, slot: int, value: float, reach: float, least: float, parts: Floats) -> None:
    """How new: the first three channels, by distances to what is kept, which it joins."""
    known = one.visits[slot] >= 3
    mean = short_mean(one, value - one.profile[slot] if known else 0.0)
    move_profile(one, slot, value, reach)
    fit_unit(one)
    unit = float(one.unit) if one.unit > 0.0 else 1.0
    resolution = RESOLUTION * (one.high - one.low) / unit
    far, one.values_kept = keep(one.values, one.values_kept, VALUES, value / unit, resolution)
    parts[0] = surprise(one, 0, far * unit, least)
    far, one.means_kept = keep(one.means, one.means_kept, VALUES, mean / unit, resolution)
    if known:
        parts[1] = surprise(one, 1, far * unit, least)
    far = at_this_hour(one, slot, value / unit, resolution)
    if far < np.inf:
        parts[2] = surprise(one, 2, far * unit, least)


@njit(cache=False)
def _cool(one: One, strangeness: float) -> float:
    """Strangeness as it counts: less soon after a stranger reading, and after many alarms."""
    fresh = True
    if strangeness > STANDS_FOR * LINE:
        for at in range(COOLDOWN):
            before = one.recent[at] / TWELFTHS
            if before + (PRICE if before >= LINE else 0.0) >= strangeness:
                fresh = False
                break
    one.recent[one.count % COOLDOWN] = math.ceil(TWELFTHS * strangeness)
    if not fresh:
        return STANDS_FOR * strangeness
    counted = max(strangeness - PRICE * one.alarms, 0.0)
    one.alarms *= math.exp(-1.0 / ALARM_MEMORY)
    if counted >= LINE:
        one.alarms += 1.0
    return float(counted)


def _version() -> int:
    """Of the code of this folder."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return crc32(b"".join(file.read_bytes() for file in files))


def _compiled(version: int) -> Callable[..., None]:
    """`run` for this version of the code.

    The cache of compiled code looks at one file and at what a function closes over, not at what it
    imports. Without `version`, it would go on with an older version of the other files.
    """

    @njit(cache=True)
    def run(
        memory: Memory,
        which: NDArray[np.intp],
        times: Floats,
        values: Floats,
        ignored: Bools,
        judged: Bools,
        score: Floats,
        away: Floats,
        observed: Floats,
        expected: Floats,
        scale: Floats,
        channel: Codes,
        interval: Floats,
    ) -> None:
        """Judge readings of any sensors, `which` giving each one's place in `memory`, in order.

        Readings with `judged` false are skipped; those `ignored` only move a counter on. Fills the
        arrays of `Scores`, all (n,), and clears `judged` for what is not judged after all.
        """
        parts = np.zeros(CHANNELS)
        shown = np.zeros(5)
        for i in range(len(values) if version >= 0 else 0):
            if not judged[i]:
                continue
            one = memory[which[i]]
            value = values[i]
            if one.is_counter:
                value = rise(one, times[i], value)
                observed[i] = value
            if ignored[i] or not abs(value) <= LARGEST:
                judged[i] = False
                continue
            parts[:] = 0.0
            usual = _look(one, times[i], value, parts, shown)
            counted = _cool(one, parts.sum()) / LINE
            judged[i] = one.count >= WARM_UP
            one.count += 1
            interval[i] = one.interval
            if judged[i]:
                score[i] = counted
                away[i] = shown[0]
                expected[i] = usual
                scale[i] = shown[2]
                channel[i] = int(shown[3])
                if shown[4] == 0.0:
                    observed[i] = usual + shown[1]

    return run


run = _compiled(_version())
