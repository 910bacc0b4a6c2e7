"""What is known of an asset at a moment: how often and how long ago things have happened to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

WINDOWS = (24.0, 72.0, 720.0)
"""Hours in which events are counted."""


@dataclass(frozen=True, slots=True)
class Record:
    """What happened to one asset. All times are hours on one clock, rising.

    events    the times of each kind: errors, alarms, anomalies, maintenance of a part, …
    failures  when it failed
    traits    (t,) what stays: age, type as a number; NaN is unknown
    """

    events: Mapping[str, Floats]
    failures: Floats
    traits: Floats


def features(record: Record, kinds: Sequence[str], moments: Floats) -> NDArray[np.float32]:
    """Rows (n, columns): of each kind its counts in the windows and the hours since the last.

    What happens at a moment is known at it; of what comes later nothing is. NaN: never yet.
    """
    columns = []
    for kind in kinds:
        times = np.asarray(record.events.get(kind, ()), dtype=np.float64)
        known = np.searchsorted(times, moments, side="right")
        columns += [
            known - np.searchsorted(times, moments - window, side="right") for window in WINDOWS
        ]
        last = np.append(times, np.nan)[known - 1]
        columns.append(np.where(known > 0, moments - last, np.nan))
    columns += [np.full(len(moments), trait) for trait in record.traits]
    return np.stack(columns, axis=1).astype(np.float32)


def outcomes(record: Record, moments: Floats, horizon: float, until: float) -> tuple[Bools, Bools]:
    """Whether it failed within `horizon` hours after each moment, and whether that is known.

    until: the end of the record. Where it ends before the horizon, the outcome counts as not known
    even if there was a failure: else only failures would be known there.
    """
    before = np.searchsorted(record.failures, moments, side="right")
    within = np.searchsorted(record.failures, moments + horizon, side="right")
    return within > before, moments + horizon <= until
