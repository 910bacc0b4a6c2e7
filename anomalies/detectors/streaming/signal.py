"""What is taken from the readings as they come: clock, range, rise of a counter, spread.

Compiled into `kernel.run`; times in seconds, values in the sensor's unit less its first value.
"""

import math

import numpy as np
from numba import njit

from anomalies.detectors.base import GAP_READINGS, WARM_UP
from anomalies.detectors.streaming.memory import SHORT, WINDOW, One

GROWTH = 4.0
"""A single reading widens the range, the usual spread or a tail at most so many times."""

SPREAD_RATE = 0.002


@njit(cache=False)
def move_clock(one: One, time: float) -> None:
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


@njit(cache=False)
def move_range(one: One, value: float) -> float:
    """Learn lowest and highest value; returns the range. One wild value is not believed whole."""
    one.moves += value != one.last
    one.last = value
    most = GROWTH * (one.high - one.low) if one.count >= WARM_UP else np.inf
    most = most if most > 0.0 else np.inf
    one.low = min(one.low, max(value, one.low - most))
    one.high = max(one.high, min(value, one.high + most))
    return float(one.high - one.low)


@njit(cache=False)
def rise(one: One, time: float, value: float) -> float:
    """A counter's rise per hour since its last reading; NaN where it started anew."""
    rise = (value - one.raw_value) * 3600.0
    passed = time - one.raw_time
    one.raw_value = value
    one.raw_time = time
    return rise / passed if rise >= 0.0 and passed > 0.0 else np.nan


@njit(cache=False)
def short_mean(one: One, residual: float) -> float:
    """Mean of the last six residuals; those from before a gap count as none."""
    one.residuals[one.count % SHORT] = residual
    total = 0.0
    for at in range(SHORT):
        total += one.residuals[at]
    return float(total / min(one.count + 1, SHORT))


@njit(cache=False)
def spread(one: One, value: float) -> float:
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


@njit(cache=False)
def spread_ratio(one: One, spread: float) -> float:
    """Log of a spread over the usual one, which learns it; at least log .001."""
    most = GROWTH * one.spread if one.spread > 0.0 and one.count >= WARM_UP else np.inf
    one.spread += max(SPREAD_RATE, 1.0 / (one.count + 1.0)) * (min(spread, most) - one.spread)
    return math.log(spread / one.spread + 1e-3) if one.spread > 0.0 else 0.0
