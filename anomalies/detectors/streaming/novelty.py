"""How far a reading is from everything its sensor has done: the distance to the nearest kept value.

At most so many values are kept, sorted and spread out: a value joins when it is farther from all
others than a share of the range, and then the one whose neighbors are closest makes room. They are
kept as whole multiples of a unit of about 1/16,000 of the range. Compiled into `kernel.run`.
"""

import numpy as np
from numba import njit
from numpy.typing import NDArray

from anomalies.detectors.streaming.memory import (
    SLOT_VALUES,
    SLOTS,
    VALUES,
    One,
)

Kept = NDArray[np.int16]

LARGEST_KEPT = 32_000.0
"""In units; the unit doubles when the range outgrows it."""

FIRST_UNIT = 1.0 / 8192.0
"""Of the first range."""

PROFILE_RATE = 0.1
MOST_VISITS = 200


@njit(cache=False)
def fit_unit(one: One) -> None:
    """Double the unit, and halve what is kept, until the range is within what can be kept."""
    if one.unit == 0.0:
        one.unit = FIRST_UNIT * (one.high - one.low)
    while one.unit > 0.0 and max(-one.low, one.high) > LARGEST_KEPT * one.unit:
        one.unit *= 2.0
        for at in range(VALUES):
            one.values[at] //= 2
            one.means[at] //= 2
        for slot in range(SLOTS):
            for at in range(SLOT_VALUES):
                one.slot_values[slot, at] //= 2


@njit(cache=False)
def _place(kept: Kept, count: int, value: float) -> int:
    """Index of the first of `count` sorted values that is not below `value`."""
    low, high = 0, count
    while low < high:
        middle = (low + high) // 2
        if kept[middle] < value:
            low = middle + 1
        else:
            high = middle
    return low


@njit(cache=False)
def _distance(kept: Kept, count: int, place: int, value: float) -> float:
    """To the nearest of the sorted values; infinite when there is none."""
    nearest = np.inf
    if place < count:
        nearest = kept[place] - value
    if place > 0:
        nearest = min(nearest, value - kept[place - 1])
    return nearest


@njit(cache=False)
def _room(kept: Kept, count: int) -> int:
    """Drop the inner value whose neighbors are closest to each other; returns its index."""
    drop, closest = 1, np.inf
    for at in range(1, count - 1):
        gap = kept[at + 1] - kept[at - 1]
        if gap < closest:
            drop, closest = at, gap
    for at in range(drop, count - 1):
        kept[at] = kept[at + 1]
    return drop


@njit(cache=False)
def keep(kept: Kept, count: int, most: int, value: float, resolution: float) -> tuple[float, int]:
    """Distance to the values kept, and their new number: `value` joins them if it is new.

    All in units.
    """
    place = _place(kept, count, value)
    nearest = _distance(kept, count, place, value)
    if nearest <= resolution:
        return nearest, count
    if count == most:
        place -= _room(kept, count) < place
        count -= 1
    for at in range(count, place, -1):
        kept[at] = kept[at - 1]
    kept[place] = round(min(max(value, -LARGEST_KEPT), LARGEST_KEPT))
    return (nearest if count else 0.0), count + 1


@njit(cache=False)
def at_this_hour(one: One, slot: int, value: float, resolution: float) -> float:
    """Distance to the values of this half hour and its neighbors; infinite until they are known."""
    nearest = np.inf
    for near in (slot - 1, slot, slot + 1):
        at = near % SLOTS
        count = one.slot_kept[at]
        place = _place(one.slot_values[at], count, value)
        nearest = min(nearest, _distance(one.slot_values[at], count, place, value))
    _, kept = keep(one.slot_values[slot], one.slot_kept[slot], SLOT_VALUES, value, resolution)
    one.slot_kept[slot] = kept
    return nearest if one.visits[slot] >= 4 else np.inf


@njit(cache=False)
def move_profile(one: One, slot: int, value: float, reach: float) -> None:
    """Learn the usual value of a half hour, moved by no more than the range so far.

    Else an outlier would be missed at the same time of the next day.
    """
    away = value - one.profile[slot]
    if one.visits[slot] > 0:
        away = min(max(away, -reach), reach)
    one.visits[slot] = min(one.visits[slot] + 1, MOST_VISITS)
    one.profile[slot] += max(PROFILE_RATE, 1.0 / one.visits[slot]) * away
