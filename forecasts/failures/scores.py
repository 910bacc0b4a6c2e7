"""How good probabilities of failure were."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasts.failures.features import Bools, Floats


@dataclass(frozen=True, slots=True)
class Bin:
    """Moments with about the same probability: the mean of what was said, and how often it came."""

    count: int
    said: float
    happened: float


@dataclass(frozen=True, slots=True)
class Scores:
    """pr_auc: average precision; brier: mean squared error; ece: expected calibration error."""

    pr_auc: float
    brier: float
    ece: float
    bins: tuple[Bin, ...]


def score(probability: Floats, happened: Bools, bins: int = 10) -> Scores:
    """Judge probabilities (n,) by what came. At least one must have happened.

    ece: the mean distance between what was said and what came over `bins` equal ranges of
    probability, weighted by their moments (Naeini, Cooper & Hauskrecht 2015).

    >>> found = score(np.array([0.9, 0.8, 0.1, 0.2]), np.array([True, True, False, False]))
    >>> found.pr_auc, round(found.brier, 3), round(found.ece, 3)
    (1.0, 0.025, 0.15)
    """
    place = np.minimum((probability * bins).astype(np.int64), bins - 1)
    curve = tuple(
        Bin(int(here.sum()), float(probability[here].mean()), float(happened[here].mean()))
        for i in range(bins)
        if (here := place == i).any()
    )
    apart = sum(one.count * abs(one.said - one.happened) for one in curve)
    return Scores(
        pr_auc=average_precision(probability, happened),
        brier=float(np.mean((probability - happened) ** 2)),
        ece=apart / len(probability),
        bins=curve,
    )


def average_precision(probability: Floats, happened: Bools) -> float:
    """The area under precision over recall, as the sum over its steps; ties are one step."""
    order = np.argsort(-probability, kind="stable")
    said, came = probability[order], happened[order].astype(np.float64)
    ends: NDArray[np.int64] = np.append(np.flatnonzero(np.diff(said)), len(said) - 1)
    hits = np.cumsum(came)[ends]
    precision = hits / (ends + 1)
    recall = hits / came.sum()
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))
