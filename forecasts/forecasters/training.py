"""Learn the model of many series, and where it stands against repeating the past.

The worker alone imports it: it needs scikit-learn.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecasts.boosting.fitting import Growth, fit
from forecasts.conformal import reach
from forecasts.forecasters.base import INNER, Floats, Ints
from forecasts.forecasters.panel import AT_ONCE, PanelModel, predict, shape_of_stretch
from forecasts.forecasters.passage import dependence
from forecasts.forecasters.rows import COLUMNS, Past, Shape

MOST_ROWS = 240_000
"""Rows learned from, sampled evenly over the series: bounds time and memory."""

MOST_ROWS_OF_ONE = 4_000
CALIBRATED = 1_000
"""Series on which intervals are calibrated, at most."""

ORIGINS = 5
"""Past origins of the backtest, over the last two horizons."""

FARTHEST = 20.0
"""A difference counts for no more than so many scales when learned from."""

NARROWEST = 0.1
MIDDLE = Growth(rounds=250, rate=0.08, leaves=63, fewest=100)
QUANTILES = Growth(rounds=150, rate=0.08, leaves=31, fewest=100)


@dataclass(frozen=True, slots=True)
class Trained:
    """The model, and its mean absolute error in the backtest of each series, shape (series,)."""

    model: PanelModel
    errors: Floats


def train(
    histories: Sequence[Floats], shape: Shape, *, level: float = 0.95, seed: int = 0
) -> Trained:
    """Learn from series of at least `shape.needs` steps each; NaN are missing values.

    The last two horizons of each series are first left out, to judge and to calibrate by; then the
    median is learned anew from everything. The same seed gives the same model.
    Raises ValueError without any series.
    """
    if not histories:
        raise ValueError("There is no series to learn from.")
    random = np.random.default_rng(seed)
    rows, target = _sample(histories, shape, random, held=2 * shape.steps)
    tail = (1.0 - level) / 2.0
    before = fit(rows, target, MIDDLE, loss="absolute_error", seed=seed)
    lower = fit(rows, target, QUANTILES, loss="quantile", quantile=tail, seed=seed)
    upper = fit(rows, target, QUANTILES, loss="quantile", quantile=1.0 - tail, seed=seed)
    rows, target = _sample(histories, shape, random, held=0)
    middle = fit(rows, target, MIDDLE, loss="absolute_error", seed=seed)
    stretch = np.ones(shape_of_stretch(shape))
    model = PanelModel(shape, level, before, lower, upper, stretch, 0.0)
    errors, over = _backtest(histories, model, random)
    stretch[0] = _stretch(over, tail, NARROWEST)
    for place, one in enumerate(INNER, 1):
        stretch[place] = np.minimum(_stretch(over, (1.0 - one) / 2.0, 0.0), stretch[place - 1])
    follows = dependence(np.where(over[:, 0] > 0, -over[:, 0], over[:, 1]))
    learned = replace(model, middle=middle, stretch=stretch, dependence=follows)
    return Trained(learned, errors)


def _sample(
    histories: Sequence[Floats], shape: Shape, random: np.random.Generator, held: int
) -> tuple[NDArray[np.float32], Floats]:
    """Rows (n, COLUMNS) and what came of them (n,), all of it before the last `held` steps."""
    each = min(max(MOST_ROWS // len(histories), 1), MOST_ROWS_OF_ONE)
    chosen: Sequence[int] | Ints = range(len(histories))
    if len(histories) > MOST_ROWS:
        chosen = random.choice(len(histories), MOST_ROWS, replace=False)
    rows = np.empty((each * len(chosen), COLUMNS), dtype=np.float32)
    target = np.full(len(rows), np.nan)
    for place, which in enumerate(chosen):
        past = Past(histories[which][: len(histories[which]) - held], shape)
        latest = len(past) - shape.steps
        earliest = min(shape.outer + shape.season, latest)
        origins = random.integers(earliest, latest + 1, each)
        ahead = random.integers(0, shape.steps, each)
        scale = past.scale(origins)
        here = slice(place * each, (place + 1) * each)
        rows[here] = past.rows(origins, ahead)
        moved = past.values[origins + ahead] - past.base(origins, ahead)
        usable = (scale > 0) & past.known[origins + ahead]
        target[here][usable] = moved[usable] / scale[usable]
    learned = np.isfinite(target)
    if not learned.any():
        return rows, np.zeros(len(rows))
    return rows[learned], np.clip(target[learned], -FARTHEST, FARTHEST)


def backtest_origins(length: int, steps: int) -> Ints:
    """Origins over the last two horizons of a history, the last with just its truth behind it.

    >>> backtest_origins(200, 48)
    array([104, 116, 128, 140, 152])
    """
    return np.linspace(length - 2 * steps, length - steps, ORIGINS).round().astype(np.int64)


def _backtest(
    histories: Sequence[Floats], model: PanelModel, random: np.random.Generator
) -> tuple[Floats, Floats]:
    """Mean absolute errors (series,), and how far truth lay out in its interval.

    The latter has the shape (series, 2, origins, steps) with at most `CALIBRATED` series: 1 is at
    the lower or upper bound, 0 at the median, negative on the other side.
    """
    count = len(histories)
    calibrated = np.zeros(count, dtype=bool)
    calibrated[random.choice(count, min(count, CALIBRATED), replace=False)] = True
    errors, over = np.empty(count), []
    for start in range(0, count, AT_ONCE):
        here = slice(start, start + AT_ONCE)
        pasts = [Past(history, model.shape) for history in histories[here]]
        origins = [backtest_origins(len(past), model.shape.steps) for past in pasts]
        truth = np.stack(
            [_truth(past, at, model.shape.steps) for past, at in zip(pasts, origins, strict=True)]
        )
        middle = predict(pasts, origins, model.shape, (model.middle,))[:, 0]
        errors[here] = _mean_errors(truth - middle)
        chosen = np.flatnonzero(calibrated[here])
        if len(chosen):
            ends = predict(
                [pasts[i] for i in chosen],
                [origins[i] for i in chosen],
                model.shape,
                (model.lower, model.upper),
            )
            over.append(_over(truth[chosen], middle[chosen], ends))
    return errors, np.concatenate(over)


def _truth(past: Past, origins: Ints, steps: int) -> Floats:
    places = origins[:, None] + np.arange(steps)
    return np.where(past.known[places], past.values[places], np.nan)


def _mean_errors(errors: Floats) -> Floats:
    """The mean of what is known of each series, shape (series,); NaN where nothing is."""
    known = ~np.isnan(errors)
    count = known.sum(axis=(1, 2))
    total = np.abs(np.where(known, errors, 0.0)).sum(axis=(1, 2))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _over(truth: Floats, middle: Floats, ends: Floats) -> Floats:
    down, up = np.maximum(middle - ends[:, 0], 0.0), np.maximum(ends[:, 1] - middle, 0.0)
    off = np.stack((middle - truth, truth - middle), axis=1)
    half = np.stack((down, up), axis=1)
    return np.where(half > 0, off / np.where(half > 0, half, 1.0), np.nan)


def _stretch(over: Floats, tail: float, narrowest: float) -> Floats:
    """The factor for each tail and horizon, shape (2, steps), from neighboring horizons."""
    steps = over.shape[-1]
    near = max(steps // 8, 1)
    factors = np.ones((2, steps))
    for side in range(2):
        for step in range(steps):
            scores = over[:, side, :, max(step - near, 0) : step + near + 1]
            count = int(np.isfinite(scores).any(axis=-1).sum())
            if count:
                factors[side, step] = max(reach(scores, 1.0 - tail, count), narrowest)
    return factors
