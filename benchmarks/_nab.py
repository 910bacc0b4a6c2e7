"""The scoring rules of the Numenta Anomaly Benchmark (Lavin and Ahmad 2015, "Evaluating real-time
anomaly detection algorithms"), written from their description.

A flag in a labelled window earns by how early it is, and only the best one of a window counts. A
flag outside costs, the more the farther behind the last window. A window without a flag costs.
The sum is scaled so that a silent detector has 0 and a perfect one 100.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from anomalies.detectors.base import Bools, Floats

PROFILES = {"standard": (1.0, 0.11), "low false alarms": (1.0, 0.22), "low misses": (2.0, 0.11)}
"""Cost of a window missed and of a flag outside; a flag at a window's start earns 1."""

PROBATION_SHARE, PROBATION_ROWS = 0.15, 750
FORGIVEN = 3.0
"""Beyond so many lengths of the last window, a flag outside costs in full."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What a flag at each row of one file is worth, arrays of shape (n,).

    judged  not in the probation at the start
    window  index of the labelled window, -1 outside
    worth   1 at a window's start to 0 at its end; outside from 0 behind a window to -1
    """

    judged: Bools
    window: NDArray[np.int64]
    worth: Floats

    @property
    def windows(self) -> int:
        return int(self.window.max(initial=-1)) + 1

    @property
    def missable(self) -> int:
        """Windows with at least one judged row."""
        return len(np.unique(self.window[self.judged & (self.window >= 0)]))


def rows_of(count: int, windows: Sequence[tuple[int, int]]) -> Rows:
    """`windows` are first and last row of each, in order.

    >>> rows = rows_of(10, [(4, 6)])
    >>> rows.window.tolist()
    [-1, -1, -1, -1, 0, 0, 0, -1, -1, -1]
    >>> rows.worth.round(2).tolist()
    [-1.0, -1.0, -1.0, -1.0, 1.0, 0.94, 0.69, -0.85, -0.99, -1.0]
    """
    at = np.arange(count)
    window, worth = np.full(count, -1), np.full(count, -1.0)
    for index, (first, last) in enumerate(windows):
        inside = (at >= first) & (at <= last)
        length = last - first + 1
        window[inside] = index
        worth[inside] = _sigmoid((at[inside] - last - 1) / length) / _sigmoid(np.array(-1.0))
        behind = (at - last) / max(length - 1, 1)
        after = (at > last) & (behind <= FORGIVEN)
        worth[after] = _sigmoid(behind[after])
        worth[(at > last) & ~after] = -1.0
    for (_, last), (first, _) in pairwise(windows):
        assert last < first, "labelled windows overlap"  # noqa: S101
    start = min(int(PROBATION_SHARE * count), PROBATION_ROWS)
    return Rows(at >= start, window, worth)


def _sigmoid(place: Floats) -> Floats:
    """From 1 well ahead of a window's end (place 0) to -1 well behind it."""
    worth: Floats = 2.0 / (1.0 + np.exp(5.0 * place)) - 1.0
    return worth


def changes(rows: Rows, score: Floats, profile: str) -> tuple[Floats, Floats]:
    """By how much the sum changes with each row that a falling threshold flags: scores, changes."""
    missed, outside = PROFILES[profile]
    order = np.argsort(-score, kind="stable")
    order = order[rows.judged[order] & (score[order] > 0)]
    best: dict[int, float] = {}
    step = np.empty(len(order))
    for i, (window, worth) in enumerate(
        zip(rows.window[order].tolist(), rows.worth[order].tolist(), strict=True)
    ):
        before = best.get(window, -missed)
        if window < 0:
            step[i] = outside * worth
        else:
            best[window] = max(before, worth)
            step[i] = best[window] - before
    return score[order], step


def _scale(files: Sequence[Rows], profile: str) -> tuple[float, float]:
    """Sums of a silent and of a perfect detector."""
    missed = PROFILES[profile][0]
    return -missed * sum(f.missable for f in files), float(sum(f.windows for f in files))


def flagged(files: Sequence[Rows], flags: Sequence[Bools], profile: str = "standard") -> float:
    """The normalized score of the flags as they are.

    >>> rows = rows_of(10, [(4, 6)])
    >>> flagged([rows], [np.arange(10) == 4]), flagged([rows], [np.arange(10) < 0])
    (100.0, 0.0)
    """
    silent, perfect = _scale(files, profile)
    total = silent + sum(
        changes(rows, flag.astype(np.float64), profile)[1].sum()
        for rows, flag in zip(files, flags, strict=True)
    )
    return float(100.0 * (total - silent) / (perfect - silent))


def best_threshold(
    files: Sequence[Rows], scores: Sequence[Floats], profile: str = "standard"
) -> tuple[float, float]:
    """The normalized score at the one threshold that is best over all files, and that threshold."""
    silent, perfect = _scale(files, profile)
    parts = [changes(r, s, profile) for r, s in zip(files, scores, strict=True)]
    at = np.concatenate([part[0] for part in parts])
    step = np.concatenate([part[1] for part in parts])
    order = np.argsort(-at, kind="stable")
    at, total = at[order], np.cumsum(step[order])
    last = np.append(at[1:] != at[:-1], True)
    best = int(np.argmax(np.where(last, total, -np.inf)))
    return float(100.0 * total[best] / (perfect - silent)), float(at[best])
