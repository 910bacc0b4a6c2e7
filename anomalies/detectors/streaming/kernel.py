"""The compiled arithmetic of the engine: one pass over readings of any sensors.

Five channels each measure one distance between a reading and the past of its sensor:

value        to the nearest value ever seen (a value at which the sensor has never been)
residual     the same for the mean of the last six residuals from the profile of the day
time of day  to the nearest value seen at this half hour and its two neighbors
calm, wild   log ratio of the usual spread of 144 readings to the present one, and the reverse

A channel's distances become probabilities by their own distribution: a histogram with bins of a
quarter octave, in which the weight of a reading halves in about 5,700 readings; beyond its upper
5 %, an exponential tail with the mean excess (peaks over threshold; Siffer et al. 2017, "Anomaly
detection in streams with extreme value theory"). What 8,192 readings cannot tell is not claimed:
no probability counts as smaller than 1 in 10,000. The sum of -log10 p over the channels (Fisher
1925) is the strangeness. An alarm needs 5.5, so that two channels have to agree.

All functions are in this one file because the cache of compiled code does not see changes of a
function that is imported. About 1 µs a reading, whatever the length of the history.
"""

import math
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from anomalies.detectors.base import GAP_READINGS, Bools, Codes, Floats
from anomalies.detectors.streaming.memory import (
    BINS,
    CHANNELS,
    COOLDOWN,
    SHORT,
    SLOT_VALUES,
    SLOTS,
    VALUES,
    WINDOW,
    Memory,
)

One = Any
"""The record of one sensor, `SENSOR`."""

WARM_UP = 100
"""Readings learned from before the first is judged."""

LINE = 5.5
"""Strangeness that raises an alarm."""

RESOLUTION = 5e-4
"""A value is kept when it is farther from all others than this share of the range."""

TAIL = 0.05
MEMORY = 8192.0
"""Readings that the histograms look back."""

CAP = 4.0
"""Below `LINE`: no channel raises an alarm alone."""

STANDS_FOR = 0.1
"""A reading no stranger than one of the last 100 keeps this share of its strangeness."""

PRICE = 0.5
"""Every recent alarm moves the line so much farther out: a sensor that often alarms is doubted.

And so much stranger than an alarm must be what raises another one soon after it.
"""

ALARM_MEMORY = 2000.0

GROWTH = 4.0
"""A single reading widens the range, the usual spread or a tail at most so many times."""

REFIT = 20
SLOT_SECONDS = 86_400.0 / SLOTS
LARGEST = 1e30
"""Beyond it, a difference of two values leaves the range of float32: treated as not finite."""

PROFILE_RATE = 0.1
FAST = 1.0 / 72.0
SLOW = 1.0 / 2000.0
"""Of a mean over half a day and one over two weeks, at 10 minutes."""

TYPICAL_RATE = (0.002, 0.002, 0.0005)
REACH_RATE = 0.0005
LEAST_REACH = 3.0
"""1 in 100 values of a normal distribution is more than so many mean deviations away."""

FAR = 1.7
"""Away is what is so many times beyond what 1 in 100 exceeds."""

FLOOR = 0.5
"""A mean of several readings is away by no less than this share of what 1 in 100 exceeds."""

NEAR = 0.15
FAR_SHORT = 1.7
FAR_LONG = 1.1
HOLD = 0.1
PATIENCE = 2000.0
BETTER = 0.9
DAY_RATE = 0.27
ERROR_RATE = 0.002
CLIP = 3.0
YOUTH = 700.0
"""After so many readings, the line of the mean of half a day lies twice as far out."""

SURE = 3.0
"""Calm and wild go on while their probability is below 1 in 1,000."""
SPREAD_RATE = 0.002
LN10 = math.log(10.0)
FEWEST_MOVES = 8.0
ASSUMED_RESOLUTION = 0.005
"""A sensor that has hardly ever moved is taken to be exact to 0.5 % of its value."""


@njit(cache=True)
def _place(kept: Floats, count: int, value: float) -> int:
    """Index of the first of `count` sorted values that is not below `value`."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if kept[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=True)
def _distance(kept: Floats, count: int, place: int, value: float) -> float:
    """To the nearest of the sorted values; infinite when there is none."""
    nearest = np.inf
    if place < count:
        nearest = kept[place] - value
    if place > 0:
        nearest = min(nearest, value - kept[place - 1])
    return nearest


@njit(cache=True)
def _room(kept: Floats, count: int) -> int:
    """Drop the inner value whose neighbors are closest to each other; returns its index."""
    drop, closest = 1, np.inf
    for at in range(1, count - 1):
        gap = kept[at + 1] - kept[at - 1]
        if gap < closest:
            drop, closest = at, gap
    for at in range(drop, count - 1):
        kept[at] = kept[at + 1]
    return drop


@njit(cache=True)
def _keep(
    kept: Floats, count: int, most: int, value: float, resolution: float
) -> tuple[float, int]:
    """Distance to the values kept, and their new number: `value` joins them if it is new."""
    place = _place(kept, count, value)
    nearest = _distance(kept, count, place, value)
    if nearest <= resolution:
        return nearest, count
    if count == most:
        place -= _room(kept, count) < place
        count -= 1
    for at in range(count, place, -1):
        kept[at] = kept[at - 1]
    kept[place] = value
    return (nearest if count else 0.0), count + 1


@njit(cache=True)
def _at_this_hour(one: One, slot: int, value: float, resolution: float) -> float:
    """Distance to the values of this half hour and its neighbors; infinite until they are known."""
    nearest = np.inf
    for near in (slot - 1, slot, slot + 1):
        at = near % SLOTS
        count = one.slot_kept[at]
        place = _place(one.slot_values[at], count, value)
        nearest = min(nearest, _distance(one.slot_values[at], count, place, value))
    _, kept = _keep(one.slot_values[slot], one.slot_kept[slot], SLOT_VALUES, value, resolution)
    one.slot_kept[slot] = kept
    return nearest if one.visits[slot] >= 4.0 else np.inf


@njit(cache=True)
def _short_mean(one: One, residual: float) -> float:
    """Mean of the last six residuals; those from before a gap count as none."""
    one.residuals[one.count % SHORT] = residual
    total = 0.0
    for at in range(SHORT):
        total += one.residuals[at]
    return float(total / min(one.count + 1, SHORT))


@njit(cache=True)
def _spread(one: One, value: float) -> float:
    """Standard deviation of the last 144 readings. Sums are taken anew in every round."""
    at = one.count % WINDOW
    old = one.window[at] if one.count >= WINDOW else 0.0
    one.window[at] = value
    new = float(one.window[at])
    one.window_sum += new - old
    one.window_squares += new * new - old * old
    count = min(one.count + 1, WINDOW)
    if at == WINDOW - 1:
        one.window_sum = 0.0
        one.window_squares = 0.0
        for i in range(WINDOW):
            x = float(one.window[i])
            one.window_sum += x
            one.window_squares += x * x
    mean = one.window_sum / count
    return math.sqrt(max(one.window_squares / count - mean * mean, 0.0))


@njit(cache=True)
def _ratio(one: One, spread: float) -> float:
    """Log of a spread over the usual one, which learns it; at least log .001."""
    most = GROWTH * one.spread if one.spread > 0.0 and one.count >= WARM_UP else np.inf
    one.spread += max(SPREAD_RATE, 1.0 / (one.count + 1.0)) * (min(spread, most) - one.spread)
    return math.log(spread / one.spread + 1e-3) if one.spread > 0.0 else 0.0


@njit(cache=True)
def _count_in(one: One, channel: int, distance: float) -> None:
    """Add a distance to the channel's histogram, whose bins follow the largest distance."""
    one.weight[channel] += 1.0
    if distance <= 0.0:
        return
    if one.anchor[channel] == 0.0:
        one.anchor[channel] = distance
        one.top[channel] = BINS // 2
    octaves = math.log2(distance / one.anchor[channel])
    at = one.top[channel] + math.floor(4.0 * octaves)
    if at >= BINS:
        _shift(one.bins[channel], at - BINS + 1)
        one.top[channel] -= at - BINS + 1
    one.bins[channel, min(max(at, 0), BINS - 1)] += 1.0


@njit(cache=True)
def _shift(bins: Floats, steps: int) -> None:
    """Make room at the top; what falls out at the bottom gathers in the lowest bin."""
    steps = min(steps, BINS - 1)
    below = bins[: steps + 1].sum()
    for at in range(1, BINS):
        bins[at] = bins[at + steps] if at + steps < BINS else 0.0
    bins[0] = below


@njit(cache=True)
def _fit(one: One, channel: int, least: float) -> None:
    """Where the upper 5 % begin, and how far they reach beyond it on average."""
    bins, share, at = one.bins[channel], 0.0, BINS - 1
    while at > 0 and share < TAIL * one.weight[channel]:
        if share > 0.0 and share + bins[at] > TAIL * one.weight[channel]:
            break
        share += bins[at]
        at -= 1
    edge = one.anchor[channel] * 2.0 ** ((at + 1 - one.top[channel]) / 4.0)
    middle, excess = edge * 2.0**0.125, 0.0
    for above in range(at + 1, BINS):
        excess += bins[above] * (middle - edge)
        middle *= 2.0**0.25
    one.line[channel] = edge if share > 0.0 else 0.0
    one.excess[channel] = max(excess / share if share > 0.0 else 0.0, least + 1e-3 * edge)
    if share < 3.0:
        one.excess[channel] = max(one.excess[channel], 0.1 * edge)
    one.share[channel] = max(share, 1.0) / max(one.weight[channel], 1.0)


@njit(cache=True)
def _surprise(one: One, channel: int, distance: float, least: float) -> float:
    """-log10 of the probability of a distance so large, at most `CAP`; then learn it.

    It is 0 until the channel has seen a hundred distances of its own.
    """
    surprise = 0.0
    if one.share[channel] > 0.0 and distance > one.line[channel]:
        beyond = (distance - one.line[channel]) / max(one.excess[channel], least)
        surprise = min((beyond - math.log(one.share[channel])) / LN10, CAP)
    if one.share[channel] > 0.0:
        distance = min(distance, GROWTH * (one.line[channel] + max(one.excess[channel], least)))
    _count_in(one, channel, distance)
    if (one.count + 1) % 256 == 0 and one.weight[channel] > MEMORY / 2.0:
        kept = 1.0 - 256.0 / MEMORY
        one.weight[channel] *= kept
        for at in range(BINS):
            one.bins[channel, at] *= kept
    if one.weight[channel] >= WARM_UP and (one.count + 1) % REFIT == 0:
        _fit(one, channel, least)
    return surprise


@njit(cache=True)
def _move_clock(one: One, time: float) -> None:
    """Learn the usual interval. After a gap the short mean starts anew."""
    passed = time - one.last_time
    if one.count > 0 and passed > 0.0:
        if one.interval > 0.0:
            if passed > GAP_READINGS * one.interval:
                one.residuals[:] = 0.0
                one.fast = one.slow
                one.near = 0.0
            passed = min(passed, 3.0 * one.interval)
        one.interval += max(0.02, 1.0 / one.count) * (passed - one.interval)
    one.last_time = time


@njit(cache=True)
def _move_range(one: One, value: float) -> float:
    """Learn lowest and highest value; returns the range. One wild value is not believed whole."""
    one.moves += value != one.last
    one.last = value
    most = GROWTH * (one.high - one.low) if one.count >= WARM_UP else np.inf
    most = most if most > 0.0 else np.inf
    one.low = min(one.low, max(value, one.low - most))
    one.high = max(one.high, min(value, one.high + most))
    return float(one.high - one.low)


@njit(cache=True)
def _move_profile(one: One, slot: int, value: float, reach: float) -> None:
    """Learn the usual value of a half hour, moved by no more than the range so far.

    Else an outlier would be missed at the same time of the next day.
    """
    away = value - one.profile[slot]
    if one.visits[slot] > 0.0:
        away = min(max(away, -reach), reach)
    one.visits[slot] += 1.0
    one.profile[slot] += max(PROFILE_RATE, 1.0 / one.visits[slot]) * away


@njit(cache=True)
def _rise(one: One, time: float, value: float) -> float:
    """A counter's rise per hour since its last reading; NaN where it started anew."""
    rise = (value - one.raw_value) * 3600.0
    passed = time - one.raw_time
    one.raw_value = value
    one.raw_time = time
    return rise / passed if rise >= 0.0 and passed > 0.0 else np.nan


@njit(cache=True)
def _usual(one: One, at: int, least: float) -> float:
    """What 1 in 100 deviations of this kind exceed."""
    return float(one.reach[at] * max(one.typical[at], least))


@njit(cache=True)
def _weigh(one: One, residual: float, level: float, least: float, shown: Floats) -> None:
    """How far away a reading is: `shown` is away, observed less expected, scale, channel."""
    if one.count == 0:
        one.fast = level
        one.slow = level
        one.reach[:] = LEAST_REACH
    one.near += NEAR * (residual - one.near)
    one.fast += max(FAST, 1.0 / (one.count + 1.0)) * (level - one.fast)
    near, drift = float(one.near), float(one.fast - one.slow)
    usual = _usual(one, 0, least)
    single = _ratio_of(abs(residual), FAR * usual)
    short = _ratio_of(abs(near), max(FAR_SHORT * _usual(one, 1, least), FLOOR * usual))
    youth = 1.0 + math.sqrt(YOUTH / (one.count + 1.0))
    long = _ratio_of(abs(drift), max(FAR_LONG * youth * _usual(one, 2, least), FLOOR * usual))
    shown[0] = max(single, short, long)
    shown[2] = max(one.typical[0], least)
    away, code = residual, 0.0
    if long > max(single, short) and max(single, short) < 1.0:
        away, code = drift, 2.0
    elif short > single:
        away = near
    shown[1] = away
    shown[3] = code if away > 0.0 else code + 1.0


@njit(cache=True)
def _ratio_of(size: float, line: float) -> float:
    return size / line if line > 0.0 else 0.0


@njit(cache=True)
def _learn_usual(one: One, at: int, size: float, least: float, hold: float) -> None:
    """Learn the typical size of a deviation, and how many times that 1 in 100 exceed."""
    usual = _usual(one, at, least)
    most = usual if one.count >= WARM_UP else np.inf
    rate = max(TYPICAL_RATE[at] * hold, 1.0 / (one.count + 1.0))
    one.typical[at] += rate * (min(size, most) - one.typical[at])
    if one.count >= WARM_UP:
        step = REACH_RATE * hold * (0.99 if size > usual else -0.01)
        one.reach[at] = max(one.reach[at] * (1.0 + step), LEAST_REACH)


@njit(cache=True)
def _hold(one: One, away: float) -> float:
    """How fast to learn: what is away is not believed at once, but in the end.

    After `PATIENCE` readings the new level is taken for the usual one.
    """
    if away < 1.0 or one.count < WARM_UP:
        one.held = max(one.held - 2.0, 0.0)
        return 1.0
    one.held += 1.0
    if one.held < PATIENCE:
        return HOLD
    one.held = 0.0
    drift = one.fast - one.slow
    one.slow = one.fast
    one.near = 0.0
    one.days[:] += drift
    one.days_sum += drift * one.hours_known
    return 1.0


@njit(cache=True)
def _kind_of_day(time: float) -> int:
    """1 on a working day, 2 on Saturday and Sunday; 1 January 1970 was a Thursday."""
    return 2 if (time // 86_400.0 + 3.0) % 7.0 >= 5.0 else 1


@njit(cache=True)
def _expected(one: One, slot: int, kind: int, value: float) -> float:
    """The usual value of this time of this kind of day, where that says more; else of all days."""
    if one.seen[0, slot] < 1.0:
        return float(one.fast if one.count > 0 else value)
    if one.error[1] < BETTER * one.error[0] and one.seen[kind, slot] >= 1.0:
        return float(one.days[kind, slot])
    return float(one.days[0, slot])


@njit(cache=True)
def _learn_day(one: One, slot: int, kind: int, value: float, most: float, hold: float) -> None:
    """Learn the usual value of this half hour by a quarter a day, and which one was nearer.

    Of all days and of this kind of day; one outlier moves neither farther than `most`.
    """
    if one.seen[0, slot] >= 1.0 and one.seen[1, slot] >= 1.0 and one.seen[2, slot] >= 1.0:
        one.compared += 1.0
        rate = max(ERROR_RATE, 1.0 / one.compared)
        for at in range(2):
            off = abs(value - one.days[at * kind, slot])
            one.error[at] += rate * (min(off, most) - one.error[at])
    weight = min(max(one.interval, 1e-3) / SLOT_SECONDS, 1.0)
    for at in (0, kind):
        known = one.seen[at, slot] >= 1.0
        before = float(one.days[at, slot])
        away = value - before
        if known:
            away = min(max(away, -most), most)
        one.seen[at, slot] += weight
        rate = max(DAY_RATE * hold, 1.0 / one.seen[at, slot])
        one.days[at, slot] += min(rate * weight, 1.0) * away
        if at == 0 and one.seen[0, slot] >= 1.0:
            one.hours_known += 0.0 if known else 1.0
            one.days_sum += one.days[0, slot] - (before if known else 0.0)


@njit(cache=True)
def _look(one: One, time: float, value: float, parts: Floats, shown: Floats) -> float:
    """Judge a reading by each channel into `parts`, then learn it; returns what was expected."""
    _move_clock(one, time)
    if one.count == 0:
        one.first = value
    value = float(np.float32(value - one.first))
    reach = one.high - one.low
    extent = _move_range(one, value)
    least = 1e-6 * extent
    if one.moves < FEWEST_MOVES:
        least = max(least, ASSUMED_RESOLUTION * abs(value + one.first))
    slot = min(int((time % 86_400.0) // SLOT_SECONDS), SLOTS - 1)
    kind = _kind_of_day(time)
    expected, shape = _expected(one, slot, kind, value), 0.0
    if one.seen[0, slot] >= 1.0:
        shape = expected - one.days_sum / one.hours_known
    resolution = RESOLUTION * extent
    finest = max(least, 2.0 * resolution)
    _weigh(one, value - expected, value - shape, finest, shown)
    hold = _hold(one, shown[0])
    _learn_usual(one, 0, abs(value - expected), finest, hold)
    _learn_usual(one, 1, abs(one.near), finest, hold)
    _learn_usual(one, 2, abs(one.fast - one.slow), finest, hold)
    one.slow += max(SLOW * hold, 1.0 / (one.count + 1.0)) * (value - shape - one.slow)
    most = CLIP * _usual(one, 0, finest) if one.count >= WARM_UP else np.inf
    _learn_day(one, slot, kind, value, most, hold)
    known = one.visits[slot] >= 3.0
    mean = _short_mean(one, value - one.profile[slot] if known else 0.0)
    _move_profile(one, slot, value, reach)
    far, one.values_kept = _keep(one.values, one.values_kept, VALUES, value, resolution)
    parts[0] = _surprise(one, 0, far, least)
    far, one.means_kept = _keep(one.means, one.means_kept, VALUES, mean, resolution)
    if known:
        parts[1] = _surprise(one, 1, far, least)
    far = _at_this_hour(one, slot, value, resolution)
    if far < np.inf:
        parts[2] = _surprise(one, 2, far, least)
    ratio = _ratio(one, _spread(one, value))
    parts[3] = _surprise(one, 3, max(-ratio, 0.0), 1e-3)
    parts[4] = _surprise(one, 4, max(ratio, 0.0), 1e-3)
    if shown[0] < 1.0:
        shown[0] = max(shown[0], min(max(parts[3], parts[4]) / SURE, 0.99))
    return float(expected + one.first)


@njit(cache=True)
def _cool(one: One, strangeness: float) -> float:
    """Strangeness as it counts: less soon after a stranger reading, and after many alarms."""
    fresh = True
    if strangeness > STANDS_FOR * LINE:
        for at in range(COOLDOWN):
            before = one.recent[at]
            if before + (PRICE if before >= LINE else 0.0) >= strangeness:
                fresh = False
                break
    one.recent[one.count % COOLDOWN] = strangeness
    if not fresh:
        return STANDS_FOR * strangeness
    counted = max(strangeness - PRICE * one.alarms, 0.0)
    one.alarms *= math.exp(-1.0 / ALARM_MEMORY)
    if counted >= LINE:
        one.alarms += 1.0
    return float(counted)


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
    shown = np.zeros(4)
    for i in range(len(values)):
        if not judged[i]:
            continue
        one = memory[which[i]]
        value = values[i]
        if one.is_counter:
            value = _rise(one, times[i], value)
            observed[i] = value
            if not abs(value) <= LARGEST:
                judged[i] = False
        if ignored[i] or not judged[i]:
            judged[i] = False
            continue
        parts[:] = 0.0
        usual = _look(one, times[i], value, parts, shown)
        strangeness = 0.0
        for at in range(CHANNELS):
            strangeness += parts[at]
        counted = _cool(one, strangeness) / LINE
        judged[i] = one.count >= WARM_UP
        one.count += 1
        interval[i] = one.interval
        if judged[i]:
            score[i] = counted
            away[i] = shown[0]
            observed[i] = value if shown[1] == value - usual else usual + shown[1]
            expected[i] = usual
            scale[i] = shown[2]
            channel[i] = int(shown[3])
