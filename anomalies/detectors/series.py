"""One series from its first reading to its last, by the one configuration of the engine."""

from dataclasses import dataclass

import numpy as np

from anomalies.detectors.base import Bools, Floats
from anomalies.detectors.streaming.engine import judge
from anomalies.detectors.streaming.memory import blank

ALARM = 1.0


@dataclass(frozen=True, slots=True)
class SeriesScores:
    """One entry per reading.

    score       0 is ordinary, 1 is the alarm line; 0 where nothing could be judged
    is_anomaly  whether the reading raises an alarm
    expected    the usual value for its time of day; NaN while learning
    """

    score: Floats
    is_anomaly: Bools
    expected: Floats


def score_series(times: Floats, values: Floats) -> SeriesScores:
    """Score a series of one sensor, each reading from those before it.

    `times` are seconds since 1970 (UTC), `values` in any unit, both of shape (n,). Readings are
    taken in the order given: a repeated or falling time changes only which half hour of the day a
    reading is compared with. A reading that is not a finite number scores 0 and teaches nothing,
    as do times that are not finite. The first 100 readings are learned from, not judged.

    Raises `ValueError` when the two differ in shape.

    >>> times = np.arange(2000) * 600.0
    >>> noise = np.random.default_rng(1).normal(size=2000)
    >>> values = 20 + 5 * np.sin(times / 86400 * 2 * np.pi) + noise
    >>> values[1500] += 30
    >>> found = score_series(times, values)
    >>> int(found.score.argmax()), bool(found.is_anomaly[1500])
    (1500, True)
    """
    times = np.asarray(times, dtype=np.float64)
    values = np.asarray(values, dtype=np.float64)
    if times.ndim != 1 or times.shape != values.shape:
        raise ValueError(
            f"A series needs as many times as values; these are {times.shape} and {values.shape}."
        )
    found = judge(blank(1), np.zeros(len(values), dtype=np.intp), times, values)
    return SeriesScores(found.score, found.score >= ALARM, found.expected)
