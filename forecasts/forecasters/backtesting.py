"""How right a model, and the simple methods, would have been over the last two horizons."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from forecasts.forecasters.base import Floats, Ints
from forecasts.forecasters.naive import SeasonalNaive
from forecasts.forecasters.panel import AT_ONCE, PanelModel, predict
from forecasts.forecasters.rows import Past, Shape
from forecasts.forecasters.scores import season_scale
from forecasts.forecasters.smoothing import HoltWinters

ORIGINS = 5
"""Past origins of the backtest, over the last two horizons."""

LOOKED_AT = 4
"""Outer seasons that the simple methods look back."""

LARGEST = 20.0
"""No series counts for more than such an error over its scale: one that hardly moves has any."""


def backtest_origins(length: int, steps: int) -> Ints:
    """Origins over the last two horizons of a history, the last with just its truth behind it.

    >>> backtest_origins(200, 48)
    array([104, 116, 128, 140, 152])
    """
    return np.linspace(length - 2 * steps, length - steps, ORIGINS).round().astype(np.int64)


def truth_of(past: Past, origins: Ints, steps: int) -> Floats:
    """What came after each origin, shape (origins, steps); NaN where it is not known."""
    places = origins[:, None] + np.arange(steps)
    return np.where(past.known[places], past.values[places], np.nan)


def mean_errors(errors: Floats) -> Floats:
    """The mean size of what is known of each series, shape (series,); NaN where nothing is.

    errors: (series, origins, steps)
    """
    known = ~np.isnan(errors)
    count = known.sum(axis=(1, 2))
    total = np.abs(np.where(known, errors, 0.0)).sum(axis=(1, 2))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def model_errors(model: PanelModel, histories: Sequence[Floats], every: int = 1) -> Floats:
    """Mean absolute error of the model on each series of at least `shape.needs`, shape (series,).

    It is judged by the trees that were fitted on what lay before its own calibration: so also one
    that was learned a day ago has seen nothing of the last two horizons. Judged is each `every`-th
    step.
    """
    steps, found = model.shape.steps, []
    for start in range(0, len(histories), AT_ONCE):
        pasts = [Past(history, model.shape) for history in histories[start : start + AT_ONCE]]
        origins = [backtest_origins(len(past), steps) for past in pasts]
        truth = [truth_of(past, at, steps) for past, at in zip(pasts, origins, strict=True)]
        said = predict(pasts, origins, model.shape, (model.before,), every)[:, 0]
        found.append(mean_errors(np.stack(truth)[..., ::every] - said))
    return np.concatenate(found) if found else np.empty(0)


def simple_errors(
    histories: Sequence[Floats], shape: Shape, every: int = 1, *, in_hindsight: bool = False
) -> dict[str, Floats]:
    """Mean absolute error of each simple method on each series, by name, each (series,).

    At the same origins and steps. Of a method with settings the one that was best over the two
    horizons before, as it would have been used; in hindsight: the one that is best now. Infinite
    where the history is too short for it, or nothing of the truth is known.
    """
    pasts = [
        Past(history[-(LOOKED_AT * shape.outer + 2 * shape.steps) :], shape)
        for history in histories
    ]
    by_length = defaultdict(list)
    for place, past in enumerate(pasts):
        by_length[len(past)].append(place)
    methods: list[SeasonalNaive | HoltWinters] = [
        SeasonalNaive(shape.season),
        HoltWinters(shape.season),
    ]
    if shape.long:
        methods.append(SeasonalNaive(shape.long))
    found = {method.name: np.full(len(pasts), np.inf) for method in methods}
    for length, places in by_length.items():
        origins = backtest_origins(length, shape.steps)
        earlier = origins - 2 * shape.steps
        for start in range(0, len(places), AT_ONCE):
            here = places[start : start + AT_ONCE]
            whole = origins if in_hindsight else np.concatenate((earlier, origins))
            truth = np.stack([truth_of(pasts[i], whole, shape.steps) for i in here])
            values = np.stack([pasts[i].values for i in here])
            for method in methods:
                if whole[0] >= method.needs:
                    said = method.of_many(values, whole, shape.steps)
                    found[method.name][here] = _best((truth - said)[..., ::every], len(origins))
    return found


def _best(errors: Floats, judged: int) -> Floats:
    """The error of the best setting over the last `judged` origins, shape (series,).

    errors: (settings, series, origins, steps); where there are earlier origins, they choose.
    """
    now = _each(errors[:, :, -judged:])
    choosing = errors[:, :, :-judged]
    best = np.argmin(_each(choosing) if choosing.shape[2] else now, axis=0)
    return np.asarray(np.take_along_axis(now, best[None], axis=0)[0])


def _each(errors: Floats) -> Floats:
    """Mean errors (settings, series), infinite where nothing is known."""
    means = np.stack([mean_errors(one) for one in errors])
    return np.where(np.isnan(means), np.inf, means)


def scales(histories: Sequence[Floats], shape: Shape) -> Floats:
    """What errors are counted in: the mean move from season to season before the backtest."""
    return np.array(
        [season_scale(history[: -2 * shape.steps], shape.season) for history in histories]
    )


def mean_scaled(errors: Floats, scale: Floats) -> float:
    """The mean absolute scaled error over series that move; NaN without any.

    >>> mean_scaled(np.array([1.0, 90.0, 5.0]), np.array([2.0, 1.0, 0.0]))
    10.25
    """
    usable = (scale > 0) & np.isfinite(errors)
    if not usable.any():
        return float("nan")
    return float(np.minimum(errors[usable] / scale[usable], LARGEST).mean())
