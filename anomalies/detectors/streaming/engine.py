"""Many sensors in one call: readings in, scores out, memory moved on."""

import numpy as np
from numpy.typing import NDArray

from anomalies.detectors.base import Bools, Floats, Scores
from anomalies.detectors.streaming import kernel
from anomalies.detectors.streaming.memory import Memory

NAME = "streaming"
LATEST = 1e12
"""Seconds; some 30,000 years."""


def judge(
    memory: Memory,
    which: NDArray[np.intp],
    times: Floats,
    values: Floats,
    ignored: Bools | None = None,
) -> Scores:
    """Judge readings of any sensors and learn from them: `memory` is changed in place.

    which    (n,) index into `memory`; the readings of one sensor must come in their order
    times    (n,) seconds since 1970 on the clock of the sensor's site; they place a reading in the
             day and show gaps, and need not rise
    values   (n,) in the sensor's unit. Of a sensor whose `is_counter` is set in `memory`, the rise
             per hour is judged; where it falls or no time has passed, nothing is.
    ignored  (n,) readings that are neither judged nor learned from; a counter's next rise is
             measured from them all the same

    A reading whose time or value is not a finite number (or beyond ±1e12 and ±1e30) is not judged
    and not learned from. Raises `IndexError` for a place outside `memory`, `ValueError` for arrays
    of different lengths.

    The first call compiles for some 20 seconds, or takes what is compiled from the cache.
    """
    n = len(values)
    # Copied: for read-only or strided arrays, it would be compiled once more.
    times, values = np.array(times, dtype=np.float64), np.array(values, dtype=np.float64)
    which = np.array(which, dtype=np.intp)
    if ignored is None:
        ignored = np.zeros(n, dtype=np.bool_)
    if not n == len(which) == len(times) == len(ignored):
        raise ValueError("A batch needs as many places, times and marks as values.")
    if n and not 0 <= which.min() <= which.max() < len(memory):
        raise IndexError(f"A reading belongs to none of the {len(memory)} sensors of this memory.")
    found = Scores(
        score=np.zeros(n),
        away=np.zeros(n),
        observed=values.copy(),
        expected=np.full(n, np.nan),
        scale=np.full(n, np.nan),
        channel=np.zeros(n, dtype=np.int8),
        judged=(np.abs(times) <= LATEST) & (np.abs(values) <= kernel.LARGEST),
        interval=np.zeros(n),
    )
    kernel.run(
        memory,
        which,
        times,
        values,
        np.array(ignored, dtype=np.bool_),
        found.judged,
        found.score,
        found.away,
        found.observed,
        found.expected,
        found.scale,
        found.channel,
        found.interval,
    )
    return found
