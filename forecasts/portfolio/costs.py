"""What drawn failures cost: repairs, and standing still. An hour of a unit counts once.

A failure of a unit stops the unit and all that stops with it for as long as it takes. Where several
failures hold the same unit at the same time, the union of their times counts.

Work on a unit prevents a share of its failures from the day on which it is done. Which ones is
settled by their luck, so more work leaves a subset of the failures: in no draw can it cost more.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasts.portfolio.lives import Failures, Unit

AT_ONCE = 400_000
"""Failures that are costed at once."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Spread:
    """An expected cost, its standard error, and what 10 % and 90 % of the draws keep to."""

    mean: float
    error: float
    p10: float
    p90: float


def spread(costs: Array) -> Spread:
    """
    >>> spread(np.array([0.0, 100.0, 0.0, 100.0]))
    Spread(mean=50.0, error=28.8..., p10=0.0, p90=100.0)
    """
    low, high = np.quantile(costs, [0.1, 0.9])
    error = costs.std(ddof=1) / np.sqrt(len(costs)) if len(costs) > 1 else 0.0
    return Spread(float(costs.mean()), float(error), float(low), float(high))


def prevented(found: Failures, shares: Array, *, from_day: float) -> NDArray[np.bool_]:
    """Which failures work prevents; `shares` 0 to 1 by unit."""
    return (found.luck < shares[found.unit]) & (found.day >= from_day)


def costs_by_draw(units: Sequence[Unit], found: Failures, left: NDArray[np.bool_]) -> Array:
    """The cost of each draw, when only the failures in `left` come.

    >>> pump = Unit(hours=10, repair=500, hourly=0, stops=[1])
    >>> reactor = Unit(hours=10, repair=900, hourly=100)
    >>> both = Failures(1, np.array([0, 0]), np.array([0, 1]), np.array([2.0, 2.0]), np.zeros(2))
    >>> costs_by_draw([pump, reactor], both, np.array([True, True]))
    array([2400.])
    """
    total = np.zeros(found.draws)
    for rows in _batches(found, left):
        stops = _stops(units, found, rows)
        total += _repairs(units, found, rows)
        total += np.bincount(found.draw[stops.row], stops.added * stops.hourly, found.draws)
    return total


def avoidable(units: Sequence[Unit], found: Failures, *, from_day: float) -> Array:
    """By unit: what its failures from that day on cost that nothing else would, mean per draw.

    Where more than two failures hold a unit at once it is somewhat less than what is saved.
    """
    saved = np.zeros(len(units))
    everything = np.ones(len(found.day), dtype=bool)
    repair = np.array([unit.repair for unit in units])
    for rows in _batches(found, everything):
        stops = _stops(units, found, rows)
        late = found.day[stops.row] >= from_day
        cost = stops.alone * stops.hourly * late
        saved += np.bincount(found.unit[stops.row], cost, len(units))
        own = found.unit[rows][found.day[rows] >= from_day]
        saved += np.bincount(own, minlength=len(units)) * repair
    return saved / max(found.draws, 1)


@dataclass(frozen=True, slots=True)
class _Stops:
    """One row per failure and unit that it stops: hours it adds, and hours of its alone."""

    row: NDArray[np.int64]
    hourly: Array
    added: Array
    alone: Array


def _batches(found: Failures, left: NDArray[np.bool_]) -> list[NDArray[np.int64]]:
    """Places of the failures that come, cut where a draw ends."""
    rows = np.flatnonzero(left)
    if not len(rows):
        return []
    cuts = np.arange(AT_ONCE, len(rows), AT_ONCE)
    ends = np.searchsorted(found.draw[rows], found.draw[rows[cuts]])
    return [part for part in np.split(rows, np.unique(ends)) if len(part)]


def _repairs(units: Sequence[Unit], found: Failures, rows: NDArray[np.int64]) -> Array:
    repair = np.array([unit.repair for unit in units])
    return np.bincount(found.draw[rows], repair[found.unit[rows]], found.draws).astype(float)


def _stops(units: Sequence[Unit], found: Failures, rows: NDArray[np.int64]) -> _Stops:
    hourly = np.array([unit.hourly for unit in units])
    hours = np.array([unit.hours for unit in units])
    stopped = [
        [one for one in (place, *unit.stops) if hourly[one] > 0] for place, unit in enumerate(units)
    ]
    counts = np.array([len(one) for one in stopped])
    begins = np.concatenate(([0], np.cumsum(counts)))
    flat = np.array([one for some in stopped for one in some], dtype=np.int64)
    unit = found.unit[rows]
    row = np.repeat(rows, counts[unit])
    within = np.arange(len(row)) - np.repeat(np.cumsum(counts[unit]) - counts[unit], counts[unit])
    affected = flat[np.repeat(begins[unit], counts[unit]) + within]
    start, length = found.day[row] * 24.0, hours[found.unit[row]]
    if not len(row):
        return _Stops(row, start, start, start)
    # All on one line, each draw and unit in a stretch of its own: one sort, one running maximum.
    room = float((start + length).max()) + 1.0
    first = found.draw[row].min()
    stretch = ((found.draw[row] - first) * len(units) + affected) * room
    order = np.argsort(stretch + start, kind="stable")
    begin = (stretch + start)[order]
    end = begin + length[order]
    reached = np.concatenate(([-np.inf], np.maximum.accumulate(end)[:-1]))
    following = np.concatenate((begin[1:], [np.inf]))
    added, alone = np.zeros(len(row)), np.zeros(len(row))
    added[order] = np.maximum(end - np.maximum(begin, reached), 0.0)
    alone[order] = np.maximum(np.minimum(end, following) - np.maximum(begin, reached), 0.0)
    return _Stops(row, hourly[affected], added, alone)
