"""Learn the model of many series, and where it stands against repeating the past.

The worker alone imports it: it needs scikit-learn.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecasts.boosting.fitting import Growth, fit
from forecasts.forecasters.backtesting import (
    LARGEST,
    backtest_origins,
    mean_errors,
    scales,
    truth_of,
)
from forecasts.forecasters.base import Floats, Ints
from forecasts.forecasters.calibrating import Held, held_by, scores_of, stretch_of
from forecasts.forecasters.panel import AT_ONCE, PanelModel, predict, shape_of_stretch
from forecasts.forecasters.passage import dependence
from forecasts.forecasters.rows import COLUMNS, Past, Shape
from forecasts.forecasters.shift import seen

MOST_ROWS = 240_000
"""Rows learned from, sampled evenly over the series: bounds time and memory."""

MOST_ROWS_OF_ONE = 4_000
CALIBRATED = 1_000
"""Series on which intervals are calibrated, at most."""

FARTHEST = 20.0
"""A difference counts for no more than so many scales when learned from."""

MIDDLE = Growth(rounds=250, rate=0.08, leaves=63, fewest=100)
QUANTILES = Growth(rounds=150, rate=0.08, leaves=31, fewest=100)


@dataclass(frozen=True, slots=True)
class Trained:
    """The model, and how right it was in the backtest, where it had not seen what came.

    errors      (series,) mean absolute error of each series
    by_step     (steps,) mean absolute scaled error over the series that move
    scale       (series,) what errors are counted in
    held        what the intervals held; None for fewer than two series
    rows        how many rows were learned from
    """

    model: PanelModel
    errors: Floats
    by_step: Floats
    scale: Floats
    held: Held | None
    rows: int


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
    model = PanelModel(
        shape, level, middle, before, lower, upper, stretch, dependence=0.0, seen=seen(rows)
    )
    size, scores, half, chosen = _backtest(histories, model, random)
    scale = scales(histories, shape)
    return Trained(
        model=replace(
            model,
            stretch=stretch_of(scores, level),
            dependence=dependence(np.where(scores[:, 0] > 0, -scores[:, 0], scores[:, 1])),
        ),
        errors=mean_errors(size),
        by_step=_by_step(size, scale),
        scale=scale,
        held=held_by(scores, half, scale[chosen], level),
        rows=len(rows),
    )


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


def _backtest(
    histories: Sequence[Floats], model: PanelModel, random: np.random.Generator
) -> tuple[Floats, Floats, Floats, Ints]:
    """Errors (series, origins, steps); scores and halves of intervals, and of which series.

    The latter are at most `CALIBRATED` series; see `calibrating` for what scores are.
    """
    count, steps = len(histories), model.shape.steps
    chosen = np.sort(random.choice(count, min(count, CALIBRATED), replace=False))
    errors, scores, halves = [], [], []
    for start in range(0, count, AT_ONCE):
        pasts = [Past(history, model.shape) for history in histories[start : start + AT_ONCE]]
        origins = [backtest_origins(len(past), steps) for past in pasts]
        truth = np.stack(
            [truth_of(past, at, steps) for past, at in zip(pasts, origins, strict=True)]
        )
        middle = predict(pasts, origins, model.shape, (model.before,))[:, 0]
        errors.append(truth - middle)
        here = chosen[(chosen >= start) & (chosen < start + AT_ONCE)] - start
        if len(here):
            ends = predict(
                [pasts[i] for i in here],
                [origins[i] for i in here],
                model.shape,
                (model.lower, model.upper),
            )
            score, half = scores_of(truth[here], middle[here], ends)
            scores.append(score)
            halves.append(half)
    return np.concatenate(errors), np.concatenate(scores), np.concatenate(halves), chosen


def _by_step(errors: Floats, scale: Floats) -> Floats:
    moving = scale > 0
    scaled = np.minimum(np.abs(errors[moving]) / scale[moving, None, None], LARGEST)
    known = ~np.isnan(scaled)
    count = known.sum(axis=(0, 1))
    total = np.where(known, scaled, 0.0).sum(axis=(0, 1))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
