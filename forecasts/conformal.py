"""Conformal quantiles: how far intervals have to reach to hold what they promise."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_ROUNDING = 1e-9


def reach(scores: NDArray[np.floating[Any]], level: float, count: int | None = None) -> float:
    """The smallest reach that holds a new score with probability `level`, by the past `scores`.

    Split conformal prediction (Vovk 2005): the ceil((k + 1) * level)-th smallest of k scores; with
    fewer than level / (1 - level) of them, the largest. `count` replaces k where scores come in
    groups that are no independent evidence (horizons of one origin, cycles of one unit).
    Raises ValueError without any finite score.

    >>> reach(np.arange(1.0, 100.0), 0.9), reach(np.array([1.0, 2.0]), 0.9)
    (90.0, 2.0)
    """
    known = scores[np.isfinite(scores)]
    if not len(known):
        raise ValueError("There is no past error to judge an interval by.")
    count = len(known) if count is None else max(count, 1)
    share = min(math.ceil((count + 1) * level - _ROUNDING) / count, 1.0)
    place = max(math.ceil(share * len(known) - _ROUNDING), 1) - 1
    return float(np.partition(known, place)[place])


def inside(truth: Floats, lower: Floats, upper: Floats) -> float:
    """The share of `truth` that lies in its interval, borders included; NaN in truth is left out.

    >>> inside(np.array([1.0, 5.0, np.nan]), np.zeros(3), np.full(3, 2.0))
    0.5
    """
    known = ~np.isnan(truth)
    held = (truth >= lower) & (truth <= upper)
    return float(np.mean(held[known])) if known.any() else math.nan
