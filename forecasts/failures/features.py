"""What is known of an asset at a moment: how often and how long ago things have happened to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

WINDOWS = (24.0, 72.0, 720.0)
"""Hours in which events are counted."""

STALE = 48.0
DAY, BEFORE = 24.0, 672.0
FEWEST_HOURS = 120
_NONE = (np.zeros(0), np.zeros(0))


@dataclass(frozen=True, slots=True)
class Record:
    """What happened to one asset. All times are hours on one clock, rising.

    events    the times of each kind: errors, alarms, anomalies, maintenance of a part, …
    failures  when it failed
    traits    (t,) what stays: age, type as a number; NaN is unknown
    signals   times and values of what is measured, by name: each is known from its time on
    """

    events: Mapping[str, Floats]
    failures: Floats
    traits: Floats
    signals: Mapping[str, tuple[Floats, Floats]] = field(default_factory=dict)


def features(
    record: Record, kinds: Sequence[str], moments: Floats, signals: Sequence[str] = ()
) -> NDArray[np.float32]:
    """Rows (n, columns): of each kind its counts in the windows and the hours since the last, then
    the newest value of each signal, then the traits. A value older than `STALE` hours is missing.

    What happens at a moment is known at it; of what comes later nothing is. NaN: never yet.
    """
    columns: list[NDArray[Any]] = []
    for kind in kinds:
        times = np.asarray(record.events.get(kind, ()), dtype=np.float64)
        known = np.searchsorted(times, moments, side="right")
        columns += [
            known - np.searchsorted(times, moments - window, side="right") for window in WINDOWS
        ]
        last = np.append(times, np.nan)[known - 1]
        columns.append(np.where(known > 0, moments - last, np.nan))
    columns += [_newest(*record.signals.get(name, _NONE), moments) for name in signals]
    columns += [np.full(len(moments), trait) for trait in record.traits]
    return np.stack(columns, axis=1).astype(np.float32)


def _newest(times: Floats, values: Floats, moments: Floats) -> Floats:
    known = np.searchsorted(times, moments, side="right")
    last, value = np.append(times, np.nan)[known - 1], np.append(values, np.nan)[known - 1]
    fresh = (known > 0) & (moments - last <= STALE)
    return np.where(fresh, value, np.nan)


def deviations(times: Floats, values: Floats) -> tuple[Floats, Floats]:
    """How far the means of the last day lie from those of the four weeks before it.

    times: the begins of the hours (n,) of which values (n,) are the means, rising. Returns the ends
    of the hours and the distances in standard deviations of the four weeks, for each that has a
    week before it.

    >>> hours = np.arange(400.0)
    >>> values = np.where(hours % 2 == 0, 1.0, -1.0) + 3.0 * (hours >= 376)
    >>> ends, far = deviations(hours, values)
    >>> float(ends[-1]), round(float(far[-1]), 2)
    (400.0, 3.0)
    """
    sums, squares = (np.append(0.0, np.cumsum(part)) for part in (values, values**2))
    ends = np.arange(1, len(times) + 1)
    day = np.searchsorted(times, times - DAY + 1.0, side="left")
    weeks = np.searchsorted(times, times - DAY + 1.0 - BEFORE, side="left")
    count = day - weeks
    mean = (sums[day] - sums[weeks]) / np.maximum(count, 1)
    spread = np.sqrt(
        np.maximum((squares[day] - squares[weeks]) / np.maximum(count, 1) - mean**2, 0)
    )
    now = (sums[ends] - sums[day]) / (ends - day)
    usable = (count >= FEWEST_HOURS) & (spread > 1e-9 * np.maximum(np.abs(mean), 1e-9))
    return times[usable] + 1.0, (now[usable] - mean[usable]) / spread[usable]


def outcomes(record: Record, moments: Floats, horizon: float, until: float) -> tuple[Bools, Bools]:
    """Whether it failed within `horizon` hours after each moment, and whether that is known.

    until: the end of the record. Where it ends before the horizon, the outcome counts as not known
    even if there was a failure: else only failures would be known there.
    """
    before = np.searchsorted(record.failures, moments, side="right")
    within = np.searchsorted(record.failures, moments + horizon, side="right")
    return within > before, moments + horizon <= until
