"""Choose the forecaster that has predicted best, and learn its interval from its past errors."""

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from forecasts.conformal import reach
from forecasts.forecasters.base import (
    INNER,
    Floats,
    Forecast,
    Forecaster,
    Ints,
    TooLittleHistory,
)
from forecasts.forecasters.naive import SeasonalNaive
from forecasts.forecasters.passage import dependence
from forecasts.forecasters.smoothing import HoltWinters

MOST_HISTORY = 2016
"""Steps looked at: twelve weeks of hours."""

AT_ONCE = 32
"""Series gone through in one pass: bounds the memory."""

MOST_ORIGINS = 40
FEWEST_ORIGINS = 4
FEWEST_VALUES = 4
WALK = 2.5
"""Moves from few observations have heavier tails than the normal distribution."""

NEIGHBORS = 2
"""Errors of horizons this near are pooled: one horizon alone has few."""


@dataclass(frozen=True, slots=True)
class _Tried:
    """One variant's backtest: errors (origins, steps), mean absolute error, and the forecast."""

    name: str
    error: float
    errors: Floats
    point: Floats


def forecast(
    history: Floats, *, steps: int, seasons: tuple[int, ...] = (), level: float = 0.95
) -> Forecast:
    """Forecast the next `steps` values of a regular series, with an interval of that `level`.

    Every forecaster that the history is long enough for is run from up to 40 past origins; the
    smallest mean absolute error wins, or the mean of the best two methods if that is smaller still.
    The interval at each horizon is the conformal quantile of the winner's absolute errors there
    (split conformal prediction, Vovk 2005; past origins as calibration). A history that was never
    negative gives no negative values.

    Raises `TooLittleHistory` with fewer than four values, and `ValueError` for values that are not
    finite.

    >>> history = 20 + 5 * np.sin(np.arange(336) * 2 * np.pi / 24)
    >>> result = forecast(history, steps=3, seasons=(24, 168))
    >>> result.point.round(1), bool(np.all(result.upper - result.lower < 0.1))
    (array([20. , 21.3, 22.5]), True)
    """
    return forecast_many([history], steps=steps, seasons=seasons, level=level)[0]


def forecast_many(
    histories: Sequence[Floats], *, steps: int, seasons: tuple[int, ...] = (), level: float = 0.95
) -> list[Forecast]:
    """The same of many series; those of one length are gone through in one pass.

    Raises as `forecast` does, for the first series that cannot be forecast.
    """
    checked = [_checked(history) for history in histories]
    by_length = defaultdict(list)
    for place, history in enumerate(checked):
        by_length[len(history)].append(place)
    methods: list[Forecaster] = [SeasonalNaive(1), HoltWinters(1)]
    methods += [kind(season) for season in seasons for kind in (SeasonalNaive, HoltWinters)]
    found: dict[int, Forecast] = {}
    for length, places in by_length.items():
        origins = _origins(length, steps, seasons)
        for start in range(0, len(places), AT_ONCE):
            here = places[start : start + AT_ONCE]
            values = np.stack([checked[place] for place in here])
            tried = [
                _best(method, values, _usable(origins, method), steps)
                for method in methods
                if length >= method.needs
            ]
            for place, history, own in zip(here, values, zip(*tried, strict=True), strict=True):
                found[place] = _chosen(list(own), history, steps, seasons, level)
    return [found[place] for place in range(len(checked))]


def _checked(history: Floats) -> Floats:
    history = np.asarray(history, dtype=np.float64)
    if len(history) < FEWEST_VALUES:
        raise TooLittleHistory(f"A forecast needs at least {FEWEST_VALUES} steps of history.")
    if not np.all(np.isfinite(history)):
        raise ValueError("The history holds values that are not numbers. Resample it first.")
    return history[-MOST_HISTORY:]


def _chosen(
    tried: list[_Tried], history: Floats, steps: int, seasons: tuple[int, ...], level: float
) -> Forecast:
    best = _winner(tried, history, len(history))
    half, *inner = _reaches(best.errors, _walk(history, steps, seasons), steps, (level, *INNER))
    floor = 0.0 if history.min() >= 0 else -math.inf
    scale = _seasonal_error(history, seasons)
    return Forecast(
        point=np.maximum(best.point, floor),
        lower=np.maximum(best.point - half, floor),
        upper=np.maximum(best.point + half, floor),
        level=level,
        method=best.name,
        error=best.error,
        mase=best.error / scale if scale > 0 else math.nan,
        inner=np.maximum([(best.point - one, best.point + one) for one in inner], floor),
        dependence=dependence(best.errors / np.where(half > 0, half, 1.0)),
    )


def _origins(length: int, steps: int, seasons: tuple[int, ...]) -> Ints:
    """Past origins, the newest last, evenly over at most half of the history."""
    newest = length - min(steps, max(length // 4, 1))
    oldest = max(length // 2, FEWEST_VALUES)
    if newest <= oldest:
        return np.array([newest])
    count = min(MOST_ORIGINS, newest - oldest + 1)
    return np.unique(np.linspace(oldest, newest, count).round().astype(np.int64))


def _usable(origins: Ints, method: Forecaster) -> Ints:
    return origins[origins >= method.needs]


def _best(method: Forecaster, values: Floats, origins: Ints, steps: int) -> list[_Tried]:
    """The method's best variant for each of `values` (series, n).

    Its errors are NaN beyond the end of the history.
    """
    n = values.shape[1]
    made = method.of_many(values, np.append(origins, n), steps)
    at = origins[:, None] + np.arange(steps)
    truth = np.where(at < n, values[:, np.minimum(at, n - 1)], np.nan)
    errors, ends = truth - made[:, :, :-1], made[:, :, -1]
    if len(origins) < FEWEST_ORIGINS:
        return [_Tried(method.name, math.nan, errors[0, i], ends[0, i]) for i in range(len(values))]
    means = np.nanmean(np.abs(errors), axis=(2, 3))
    best = np.argmin(means, axis=0)
    return [
        _Tried(method.name, float(means[which, i]), errors[which, i], ends[which, i])
        for i, which in enumerate(best)
    ]


def _winner(tried: list[_Tried], history: Floats, length: int) -> _Tried:
    """The smallest error, over the origins that all candidates share."""
    judged = [one for one in tried if not math.isnan(one.error)]
    if not judged:
        return tried[0]
    shared = min(len(one.errors) for one in judged)
    judged.sort(key=lambda one: float(np.nanmean(np.abs(one.errors[-shared:]))))
    first = judged[0]
    if len(judged) == 1:
        return first
    second = judged[1]
    errors = (first.errors[-shared:] + second.errors[-shared:]) / 2.0
    both = float(np.nanmean(np.abs(errors)))
    if both >= float(np.nanmean(np.abs(first.errors[-shared:]))):
        return first
    name = f"mean of: {first.name}; {second.name}"
    return _Tried(name, both, errors, (first.point + second.point) / 2.0)


def _walk(history: Floats, steps: int, seasons: tuple[int, ...]) -> Floats:
    """How far a random walk hardly goes beyond, shape (steps,): `WALK` of its usual moves.

    From step to step or from season to season, whichever wanders less; the season has to have come
    twice to be known.
    """
    walks = []
    for season in (1, *seasons):
        if len(history) >= 2 * season and len(history) > season + 1:
            moves = history[season:] - history[:-season]
            walks.append(WALK * np.sqrt(np.mean(moves**2) * (np.arange(steps) // season + 1)))
    return np.asarray(np.min(walks, axis=0))


def _reaches(errors: Floats, growing: Floats, steps: int, levels: tuple[float, ...]) -> Floats:
    """Half the widths at several levels, from the widest on, shape (levels, steps); nested."""
    widest = _scores_at(levels[0])
    reaches = [
        _reach(errors, growing * _scores_at(level) / widest, steps, level) for level in levels
    ]
    return np.minimum.accumulate(np.array(reaches), axis=0)


def _scores_at(level: float) -> float:
    """Standard deviations within which a normal variable stays with that probability."""
    return NormalDist().inv_cdf((1.0 + level) / 2.0)


def _reach(errors: Floats, growing: Floats, steps: int, level: float) -> Floats:
    """Half the width of the interval at each horizon, shape (steps,).

    Neighboring horizons of one origin are no independent evidence, so the conformal correction
    counts origins: with k of them the quantile taken is ceil((k + 1) * level) / k. With too few for
    the level, the interval is at least `growing`, that of a random walk.
    """
    reaches = np.empty(steps)
    for step in range(steps):
        near = np.abs(errors[:, max(step - NEIGHBORS, 0) : step + NEIGHBORS + 1])
        count = int(np.sum(~np.isnan(near).all(axis=1)))
        if not count:
            reaches[step] = max(growing[step], reaches[step - 1] if step else 0.0)
            continue
        reaches[step] = reach(near, level, count)
        if count < 1.0 / (1.0 - level):
            reaches[step] = max(growing[step], reaches[step])
    return reaches


def _seasonal_error(history: Floats, seasons: tuple[int, ...]) -> float:
    """Mean absolute error of repeating the last season (the first that fits), for the MASE."""
    lag = next((season for season in seasons if len(history) > 2 * season), 1)
    return float(np.mean(np.abs(history[lag:] - history[:-lag])))
