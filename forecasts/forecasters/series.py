"""From readings at any times to a regular series."""

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from forecasts.forecasters.base import Floats, TooLittleHistory

Reals = NDArray[np.floating[Any]]

LONGEST_BRIDGE = 6
"""Empty steps in a row that are bridged by a straight line."""

FEWEST_VALUES = 3
MOST_STEPS = 100_000
"""Older readings are not looked at."""

LARGEST = 1e100
"""Beyond it, sums leave the range of float64: treated as not finite."""


@dataclass(frozen=True, slots=True)
class Series:
    """`values[i]` is the mean over [start + i * step, start + (i + 1) * step); all finite."""

    start: float
    step: float
    values: Floats

    @property
    def end(self) -> float:
        return self.start + self.step * len(self.values)


def resample(
    times: Reals,
    values: Reals,
    step: float,
    *,
    kind: Literal["gauge", "counter"] = "gauge",
    shifts: Reals | None = None,
) -> Series:
    """Means over steps of `step` seconds, on a grid of whole steps since 1970.

    `times` are seconds since 1970, rising. A counter becomes its rise per hour; a fall means that
    it started anew and is left out. Gaps are bridged by straight lines, but what lies before the
    last gap of more than `LONGEST_BRIDGE` steps is dropped where enough (a third) follows it.
    `shifts` moves each time by so many seconds, after rises are counted: to the clock of a place.
    The last step is left out when no reading lies in its second half (it is still going on).

    Raises `TooLittleHistory` when fewer than three finite values are left.

    >>> times = np.array([0.0, 600, 1200, 3600, 4200, 6900])
    >>> resample(times, np.array([1.0, 2, 3, 10, 20, 30]), 3600.0).values
    array([ 2., 20.])
    """
    times, values = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
    known = np.abs(values) < LARGEST
    moved = np.zeros(len(times)) if shifts is None else np.asarray(shifts, dtype=np.float64)
    times, values, moved = times[known], values[known], moved[known]
    if kind == "counter" and len(values) > 1:
        rise, hours = np.diff(values), np.diff(times) / 3600.0
        times = (times[1:] + times[:-1]) / 2.0
        ordinary = (rise >= 0) & (hours > 0)
        times, values = times[ordinary], rise[ordinary] / hours[ordinary]
        moved = moved[1:][ordinary]
    if len(values) < FEWEST_VALUES:
        raise TooLittleHistory("A forecast needs at least three readings that are numbers.")
    times = times + moved
    place = np.floor(times / step).astype(np.int64)
    recent = place > place[-1] - MOST_STEPS
    times, values, place = times[recent], values[recent], place[recent]
    first = int(place[0])
    place -= first
    count = np.bincount(place)
    total = np.bincount(place, weights=values)
    if times[-1] < (first + len(count) - 0.5) * step and len(count) > 1:
        count, total = count[:-1], total[:-1]
    means = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    begin = _after_long_gaps(means)
    filled = _bridged(means[begin:])
    return Series((first + begin) * step, step, filled)


def _after_long_gaps(means: Floats) -> int:
    """Where to begin: after the last long gap, if enough follows it."""
    have = np.flatnonzero(~np.isnan(means))
    breaks = np.flatnonzero(np.diff(have) > LONGEST_BRIDGE + 1)
    for at in breaks[::-1]:
        if len(have) - (at + 1) >= (at + 1) / 2:
            return int(have[at + 1])
    return int(have[0])


def _bridged(means: Floats) -> Floats:
    have = np.flatnonzero(~np.isnan(means))
    return np.interp(np.arange(len(means)), have, means[have])


def seasons_of(step: float) -> tuple[int, ...]:
    """Steps in a day and in a week, where the step divides them.

    >>> seasons_of(3600.0), seasons_of(86_400.0), seasons_of(700_000.0)
    ((24, 168), (7,), ())
    """
    lengths = (86_400.0 / step, 604_800.0 / step)
    return tuple(round(n) for n in lengths if n >= 2 and abs(n - round(n)) < 1e-9)
