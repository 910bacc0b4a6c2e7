"""How good forecasts were, as the M4 competition counts it.

Makridakis, Spiliotis & Assimakopoulos (2020), "The M4 competition: 100,000 time series and 61
forecasting methods", International Journal of Forecasting 36. Missing truth (NaN) is left out.
"""

import math
from dataclasses import dataclass

import numpy as np

from forecasts.conformal import inside
from forecasts.forecasters.base import Floats, Forecast


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one series, or the means over several; NaN where something cannot be said.

    mase      mean absolute error over the one of repeating the last season within the history
    smape     symmetric mean absolute percentage error, 0 to 200
    msis      mean interval score over the same scale: width, and 2 / (1 - level) for what is missed
    coverage  share of the true values inside the interval
    """

    mase: float
    smape: float
    msis: float
    coverage: float


def score(history: Floats, forecast: Forecast, truth: Floats, season: int) -> Scores:
    """Judge a forecast by what came. `history` is all that was known, `truth` (steps,)."""
    known = ~np.isnan(truth)
    if not known.any():
        return Scores(math.nan, math.nan, math.nan, math.nan)
    truth = truth[known]
    point, lower, upper = (part[known] for part in (forecast.point, forecast.lower, forecast.upper))
    error = np.abs(truth - point)
    size = np.abs(truth) + np.abs(point)
    relative = np.where(size > 0, error / np.where(size > 0, size, 1.0), 0.0)
    missed = np.maximum(lower - truth, 0.0) + np.maximum(truth - upper, 0.0)
    interval = upper - lower + 2.0 / (1.0 - forecast.level) * missed
    scale = season_scale(history, season)
    return Scores(
        mase=float(error.mean() / scale) if scale > 0 else math.nan,
        smape=float(200.0 * relative.mean()),
        msis=float(interval.mean() / scale) if scale > 0 else math.nan,
        coverage=inside(truth, lower, upper),
    )


def season_scale(history: Floats, season: int) -> float:
    """Mean absolute move from season to season, over all of the history; NaN when too short.

    >>> season_scale(np.array([1.0, 2.0, 2.0, 4.0]), 2)
    1.5
    """
    if len(history) <= season:
        return math.nan
    moves = np.abs(history[season:] - history[:-season])
    return float(np.nanmean(moves)) if np.any(~np.isnan(moves)) else math.nan


def mean_of(scores: list[Scores]) -> Scores:
    """The mean of each figure over the series that have one.

    >>> mean_of([Scores(1.0, 2.0, 3.0, 0.9), Scores(math.nan, 4.0, 5.0, 1.0)])
    Scores(mase=1.0, smape=3.0, msis=4.0, coverage=0.95)
    """

    def mean(name: str) -> float:
        values = [getattr(one, name) for one in scores if not math.isnan(getattr(one, name))]
        return float(np.mean(values)) if values else math.nan

    return Scores(mean("mase"), mean("smape"), mean("msis"), mean("coverage"))
