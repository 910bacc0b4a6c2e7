"""Make intervals hold what they promise, and count how much they would have held.

Scores say how far truth lay out in its half of an interval: 1 at its end, 0 at the median, negative
on the other side; NaN where it is not known. Their shape is (series, 2, origins, steps).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasts.conformal import reach
from forecasts.forecasters.base import INNER, Floats

NARROWEST = 0.1


@dataclass(frozen=True, slots=True)
class Held:
    """What intervals held of series that they were not calibrated on.

    curve       (promised, held, steps judged) for each level, the narrowest first
    coverage    (steps,) held at the widest level; NaN where nothing is known
    scores      (steps,) mean interval scores there, over the scale of each series
    """

    curve: list[tuple[float, float, int]]
    coverage: Floats
    scores: Floats


def scores_of(truth: Floats, middle: Floats, ends: Floats) -> tuple[Floats, Floats]:
    """Scores, and the halves of the intervals in the unit of the series: of the same shape.

    truth, middle: (series, origins, steps); ends: (series, 2, origins, steps)
    """
    down, up = np.maximum(middle - ends[:, 0], 0.0), np.maximum(ends[:, 1] - middle, 0.0)
    off = np.stack((middle - truth, truth - middle), axis=1)
    half = np.stack((down, up), axis=1)
    return np.where(half > 0, off / np.where(half > 0, half, 1.0), np.nan), half


def stretch_of(scores: Floats, level: float) -> Floats:
    """The factors for each level from the widest on, tail and horizon: (levels, 2, steps)."""
    stretch = np.empty((1 + len(INNER), 2, scores.shape[-1]))
    stretch[0] = _stretch(scores, (1.0 - level) / 2.0, NARROWEST)
    for place, one in enumerate(INNER, 1):
        stretch[place] = np.minimum(_stretch(scores, (1.0 - one) / 2.0, 0.0), stretch[place - 1])
    return stretch


def held_by(scores: Floats, half: Floats, scale: Floats, level: float) -> Held | None:
    """What each half of the series held when calibrated on the other; None with fewer than two.

    scale: (series,)
    """
    if len(scores) < 2:
        return None
    fold = np.arange(len(scores)) % 2
    stretch = np.empty((len(scores), 1 + len(INNER), 2, scores.shape[-1]))
    for one in range(2):
        stretch[fold == one] = stretch_of(scores[fold != one], level)
    known: NDArray[np.bool_] = np.asarray(~np.isnan(scores).any(axis=1))
    levels = (level, *INNER)
    inside: list[NDArray[np.bool_]] = [
        known & np.all(scores <= _factors(stretch, i), axis=1) for i in range(len(levels))
    ]
    count = int(known.sum())
    curve = [
        (promised, float(hits.sum() / count), count)
        for promised, hits in zip(levels, inside, strict=True)
        if count
    ]
    widest = _factors(stretch, 0)
    within = inside[0].astype(np.float64)
    missed = np.maximum(scores - widest, 0.0)
    size = ((widest + 2.0 / (1.0 - level) * missed) * half).sum(axis=1)
    by = np.where(scale > 0, scale, np.nan)[:, None, None]
    return Held(
        curve[::-1], _mean(within, known), _mean(size / by, np.asarray(known & np.isfinite(by)))
    )


def _factors(stretch: Floats, level: int) -> Floats:
    return stretch[:, level][:, :, None, :]


def _mean(values: Floats, known: NDArray[np.bool_]) -> Floats:
    """Over series and origins, shape (steps,)."""
    count = known.sum(axis=(0, 1))
    total = np.where(known, values, 0.0).sum(axis=(0, 1))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _stretch(scores: Floats, tail: float, narrowest: float) -> Floats:
    """The factor for each tail and horizon, shape (2, steps), from neighboring horizons."""
    steps = scores.shape[-1]
    near = max(steps // 8, 1)
    factors = np.ones((2, steps))
    for side in range(2):
        for step in range(steps):
            some = scores[:, side, :, max(step - near, 0) : step + near + 1]
            count = int(np.isfinite(some).any(axis=-1).sum())
            if count:
                factors[side, step] = max(reach(some, 1.0 - tail, count), narrowest)
    return factors
