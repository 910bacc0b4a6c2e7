"""The change per hour over a window, reading by reading, across batches."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from anomalies.detectors.base import Floats
from assets.counters import rises

PARTS = 60
"""A window is remembered by the first reading of each of so many parts of it."""

LONGEST = 2.0
"""So many windows back a reading is compared with at most; what came before a gap says nothing."""


@dataclass(frozen=True, slots=True)
class Past:
    """What one batch hands to the next.

    times, values  readings to compare with, the oldest first; of a counter how far it has counted
    raw, total     what a counter showed last, and how far it has counted
    """

    times: tuple[float, ...] = ()
    values: tuple[float, ...] = ()
    raw: float | None = None
    total: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, raw: dict[str, Any] | None) -> "Past":
        """
        >>> Past.from_json(Past((1.0,), (2.0,)).to_json())
        Past(times=(1.0,), values=(2.0,), raw=None, total=0.0)
        """
        if not raw:
            return cls()
        return cls(tuple(raw["times"]), tuple(raw["values"]), raw["raw"], raw["total"])


def rates_in(past: Past, times: Floats, values: Floats, window: float) -> tuple[Past, Floats]:
    """Return what to carry on, and the change per hour of each reading, of shape (n,).

    A reading is compared with the newest remembered one that is at least `window` seconds older;
    NaN where there is none, or only one from before a gap. `times` are seconds, rising.

    >>> past, found = rates_in(Past(), np.arange(5.0) * 1800, np.array([0, 1, 4, 9, 9.0]), 3600.0)
    >>> found.tolist()
    [nan, nan, 4.0, 8.0, 5.0]
    >>> len(past.times)
    3
    """
    fit = np.isfinite(values)
    rates = np.full(len(values), np.nan)
    fresh_times, fresh_values = times[fit], values[fit]
    known_times = np.concatenate([np.array(past.times, dtype=np.float64), fresh_times])
    known_values = np.concatenate([np.array(past.values, dtype=np.float64), fresh_values])
    part = np.floor(known_times / (window / PARTS))
    first = np.ones(len(part), dtype=np.bool_)
    first[1:] = part[1:] > part[:-1]
    kept_times, kept_values = known_times[first], known_values[first]
    place = np.searchsorted(kept_times, fresh_times - window, side="right") - 1
    found = np.flatnonzero(place >= 0)
    span = fresh_times[found] - kept_times[place[found]]
    change = fresh_values[found] - kept_values[place[found]]
    near = span <= LONGEST * window
    rates[np.flatnonzero(fit)[found[near]]] = change[near] / span[near] * 3600.0
    oldest = max(int(place[-1]), 0) if len(place) else 0
    carried = replace(
        past, times=tuple(kept_times[oldest:].tolist()), values=tuple(kept_values[oldest:].tolist())
    )
    return carried, rates


def counted(past: Past, values: Floats, end: float | None) -> tuple[Past, Floats]:
    """How far a counter has counted at each reading, by the rule of `assets.counters`.

    `end`: where it starts again from 0. A value that is not finite is passed on.

    >>> past, found = counted(Past(), np.array([98.0, 99, 2, 3, 0, 1]), 100.0)
    >>> found.tolist()
    [0.0, 1.0, 4.0, 5.0, 5.0, 6.0]
    """
    fit = np.isfinite(values)
    shown = values[fit]
    total = np.full(len(values), np.nan)
    if not len(shown):
        return past, total
    raw = shown[0] if past.raw is None else past.raw
    rise = rises(np.concatenate([[raw], shown[:-1]]), shown, end)
    counts = past.total + np.cumsum(rise)
    total[fit] = counts
    return replace(past, raw=float(shown[-1]), total=float(counts[-1])), total
