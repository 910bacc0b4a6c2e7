"""Intervals of time: merged where they overlap, and measured in windows."""

from collections.abc import Iterable
from datetime import datetime

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Span = tuple[datetime, datetime]
Seconds = tuple[float, float]


def merge(spans: Iterable[Seconds]) -> list[Seconds]:
    """The spans in order, those that overlap or touch made one; empty ones left out.

    >>> merge([(3, 5), (1, 2), (5, 6), (4, 4)])
    [(1, 2), (3, 6)]
    """
    merged: list[Seconds] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


class Covered:
    """How much of the time before a moment the spans cover; they may overlap.

    >>> Covered([(1, 4), (6, 9), (3, 5)]).between(np.array([0.0, 3.0]), np.array([7.0, 8.0]))
    array([5., 4.])
    """

    def __init__(self, spans: Iterable[Seconds]) -> None:
        merged = merge(spans)
        self.starts: Floats = np.array([start for start, _ in merged], dtype=np.float64)
        self.ends: Floats = np.array([end for _, end in merged], dtype=np.float64)
        self._before: Floats = np.concatenate([[0.0], np.cumsum(self.ends - self.starts)])

    def until(self, times: Floats) -> Floats:
        """Seconds covered before each of the times."""
        if not len(self.starts):
            return np.zeros_like(times)
        index = np.searchsorted(self.starts, times, side="right")
        last = np.maximum(index - 1, 0)
        into = np.minimum(times, self.ends[last]) - self.starts[last]
        return np.where(index > 0, self._before[last] + into, 0.0)

    def between(self, starts: Floats, ends: Floats) -> Floats:
        """Seconds covered in each of the windows [start, end)."""
        return self.until(ends) - self.until(starts)
