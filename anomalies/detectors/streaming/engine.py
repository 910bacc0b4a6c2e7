"""Many sensors in one call: readings in, scores out, memory moved on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomalies.detectors.base import Bools, Floats
from anomalies.detectors.streaming import kernel
from anomalies.detectors.streaming.memory import CHANNELS, Memory

LARGEST = 1e30
"""Beyond it, a difference of two values leaves the range of float32: treated as not finite."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One entry per reading, in the order handed in.

    score     0 is ordinary, 1 is the alarm line; finite, never negative; 0 where not judged
    expected  the usual value for this time of day, in the sensor's unit; NaN while unknown
    parts     (n, CHANNELS) -log10 of the probability by each channel, at most 4
    judged    false in the first 100 readings of a sensor and for what is not a finite number
    """

    score: Floats
    expected: Floats
    parts: Floats
    judged: Bools


def judge(memory: Memory, which: NDArray[np.intp], times: Floats, values: Floats) -> Judged:
    """Judge readings of any sensors and learn from them: `memory` is changed in place.

    which   (n,) index into `memory`; the readings of one sensor must come in their order
    times   (n,) seconds since 1970 on the clock of the sensor's site; they place a reading in the
            day and show gaps, and need not rise
    values  (n,) in the sensor's unit

    A reading whose time or value is not a finite number (or beyond ±1e30) is not judged and not
    learned from. Raises `IndexError` for a place outside `memory`, `ValueError` for arrays of
    different lengths.
    """
    n = len(values)
    if len(which) != n or len(times) != n:
        raise ValueError("A batch needs as many places and times as values.")
    if n and not 0 <= which.min() <= which.max() < len(memory):
        raise IndexError(f"A reading belongs to none of the {len(memory)} sensors of this memory.")
    known = np.isfinite(times) & (np.abs(values) <= LARGEST)
    found = Judged(np.zeros(n), np.full(n, np.nan), np.zeros((n, CHANNELS)), known)
    kernel.run(memory, which, times, values, found.judged, found.score, found.expected, found.parts)
    return found
