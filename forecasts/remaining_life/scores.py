"""How good predictions of remaining life were."""

import math
from dataclasses import dataclass

import numpy as np

from forecasts.remaining_life.features import Floats
from forecasts.remaining_life.model import Remaining


@dataclass(frozen=True, slots=True)
class Scores:
    """rmse in cycles; nasa: sum over the units; coverage of the intervals; width their mean."""

    rmse: float
    nasa: float
    coverage: float
    width: float


def score(said: Remaining, truth: Floats, clip: float) -> Scores:
    """Judge by the true remaining cycles (n,). A truth beyond the clip is held by an upper of it.

    nasa: the asymmetric score of Saxena, Goebel, Simon & Eklund (2008), "Damage propagation
    modeling for aircraft engine run-to-failure simulation": too late costs more than too early.
    """
    late = said.point - truth
    nasa = np.where(late < 0, np.exp(-late / 13.0), np.exp(late / 10.0)) - 1.0
    capped = np.minimum(truth, clip)
    held = (capped >= said.lower - 1e-9) & (capped <= said.upper + 1e-9)
    return Scores(
        rmse=math.sqrt(float(np.mean(late**2))),
        nasa=float(nasa.sum()),
        coverage=float(held.mean()),
        width=float(np.mean(said.upper - said.lower)),
    )
