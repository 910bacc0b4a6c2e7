"""What is usual at a time of day, how far readings stray from it, and how far away one is.

The usual value of each half hour is learned twice, for all days and for working days and weekends
apart; the second is used once its error is a tenth smaller. Three deviations are weighed: of the
reading, of a mean of the last few, and of half a day against two weeks (drift). Each has a usual
size, the one that 1 in 100 readings exceed: the mean size times a reach, which is learned by steps
(a stochastic quantile; Robbins and Monro 1951), so that heavy tails need larger deviations.

What is on its way to being away teaches a tenth as fast, after the first few readings: a fault that
grows must not become usual meanwhile. After 2,000 readings the new level is taken for the usual
one. Compiled into `kernel.run`.
"""

import math

import numpy as np
from numba import njit

from anomalies.detectors.base import WARM_UP, Floats
from anomalies.detectors.streaming.memory import SLOT_SECONDS, One

FAR, FAR_SHORT, FAR_DRIFT = 1.9, 1.9, 1.1
"""A deviation of each kind is away from so many times its usual size on."""

FLOOR = 0.5
"""A mean is away from no less than this share of a reading's usual deviation on."""

YOUTH = 700.0
"""After so many readings, the line of drift lies twice as far out as in the end."""

NEAR, FAST, SLOW = 0.15, 1.0 / 72.0, 1.0 / 2000.0
"""What one reading moves the mean of the last few, of half a day and of two weeks (10 minutes)."""

AGREES = 0.3
"""A drift counts while the last few deviations are at least this share of it: else it is over."""

SIZE_RATE = 0.0005
REACH_RATE = 0.0007
LEAST_REACH = 3.0
"""1 in 100 values of a normal distribution is more than about three mean deviations away."""

MEANS_CLIP, DAY_CLIP = 8.0, 3.0
"""One reading moves a mean, or its half hour, by what so many usual deviations would."""

DAY_RATE, MOST_STEP = 0.27, 0.1
"""Share of its deviation by which a day moves a half hour, and by which a reading does at most."""

BETTER, ERROR_RATE = 0.9, 0.002
"""Kinds of days are told apart where that leaves so much of the error."""

DOUBT, BRIEF, HOLD = 0.5, 6.0, 0.1
"""What has been so far away for more than so many readings teaches so much slower."""

PATIENCE = 2000.0
"""Such readings, after which their level is the usual one."""


@njit(cache=False)
def kind_of_day(time: float) -> int:
    """1 on a working day, 2 on Saturday and Sunday; 1 January 1970 was a Thursday."""
    return 2 if (time // 86_400.0 + 3.0) % 7.0 >= 5.0 else 1


@njit(cache=False)
def expected_at(one: One, slot: int, kind: int, value: float) -> float:
    """The usual value of this time of this kind of day, where that says more; else of all days."""
    if one.seen[0, slot] < 1.0:
        return float(one.fast if one.count > 0 else value)
    if one.error[1] < BETTER * one.error[0] and one.seen[kind, slot] >= 1.0:
        return float(one.days[kind, slot])
    return float(one.days[0, slot])


@njit(cache=False)
def learn_day(one: One, slot: int, kind: int, value: float, most: float, hold: float) -> None:
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
        step = max(min(DAY_RATE * weight, MOST_STEP) * hold, weight / one.seen[at, slot])
        one.days[at, slot] += step * away
        if at == 0 and one.seen[0, slot] >= 1.0:
            one.hours_known += 0.0 if known else 1.0
            one.days_sum += one.days[0, slot] - (before if known else 0.0)


@njit(cache=False)
def usual_size(one: One, at: int, least: float) -> float:
    """What 1 in 100 deviations of this kind exceed."""
    return float(one.reach[at] * max(one.typical[at], least))


@njit(cache=False)
def _ratio_of(size: float, line: float) -> float:
    return size / line if line > 0.0 else 0.0


@njit(cache=False)
def weigh(one: One, residual: float, level: float, least: float, shown: Floats) -> None:
    """How far away a reading is: `shown` is away, observed less expected, scale, channel, single.

    What is shown of it is the deviation that is farthest away, but a drift only where the reading
    and the last few are not away themselves; `single` is 1 where it is the reading's own.
    """
    if one.count == 0:
        one.fast = level
        one.slow = level
        one.reach[:] = LEAST_REACH
    usual = usual_size(one, 0, least)
    most = MEANS_CLIP * usual if one.count >= WARM_UP else np.inf
    one.near += NEAR * (min(max(residual, -most), most) - one.near)
    away = min(max(level - one.fast, -most), most)
    one.fast += max(FAST, 1.0 / (one.count + 1.0)) * away
    near, drift = float(one.near), float(one.fast - one.slow)
    if near * drift < AGREES * drift * drift:
        drift = 0.0
    single = _ratio_of(abs(residual), FAR * usual)
    short = _ratio_of(abs(near), max(FAR_SHORT * usual_size(one, 1, least), FLOOR * usual))
    youth = 1.0 + math.sqrt(YOUTH / (one.count + 1.0))
    long = _ratio_of(abs(drift), max(FAR_DRIFT * youth * usual_size(one, 2, least), FLOOR * usual))
    shown[0] = max(single, short, long)
    shown[2] = max(one.typical[0], least)
    away, code = residual, 0.0
    if long > max(single, short) and max(single, short) < 1.0:
        away, code = drift, 2.0
    elif short > single and abs(near) > abs(residual):
        away = near
    shown[1] = away
    shown[3] = code if away > 0.0 else code + 1.0
    shown[4] = 1.0 if away == residual else 0.0


@njit(cache=False)
def hold_back(one: One, away: float) -> float:
    """How fast to learn: what is away is not believed at once, but in the end.

    After `PATIENCE` readings the new level is taken for the usual one.
    """
    if away < DOUBT or one.count < WARM_UP:
        one.held = max(one.held - 2.0, 0.0)
        return 1.0
    one.held += 1.0
    if one.held < PATIENCE:
        return HOLD if one.held > BRIEF else 1.0
    one.held = 0.0
    drift = one.fast - one.slow
    one.slow = one.fast
    one.near = 0.0
    one.days[:] += drift
    one.days_sum += drift * one.hours_known
    return 1.0


@njit(cache=False)
def learn_deviations(one: One, residual: float, least: float, hold: float) -> None:
    """Take in the deviations that were weighed. Stillness teaches nothing about them."""
    _learn_usual(one, 0, abs(residual), least, hold)
    _learn_usual(one, 1, abs(one.near), least, hold)
    _learn_usual(one, 2, abs(one.fast - one.slow), least, hold)


@njit(cache=False)
def _learn_usual(one: One, at: int, size: float, least: float, hold: float) -> None:
    """Learn the typical size of a deviation, and how many times that 1 in 100 exceed."""
    usual = usual_size(one, at, least)
    most = usual if one.count >= WARM_UP else np.inf
    rate = max(SIZE_RATE * hold, 1.0 / (one.moves + 1.0))
    one.typical[at] += rate * (min(size, most) - one.typical[at])
    if one.count >= WARM_UP:
        step = REACH_RATE * hold * (0.99 if size > usual else -0.01)
        one.reach[at] = max(one.reach[at] * (1.0 + step), LEAST_REACH)
