"""Forecast many series, each by what has predicted it best.

The worker alone imports it: it needs scikit-learn.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from forecasts.forecasters.base import Floats, Forecast, Forecaster, TooLittleHistory
from forecasts.forecasters.choose import forecast
from forecasts.forecasters.naive import SeasonalNaive
from forecasts.forecasters.panel import PanelModel
from forecasts.forecasters.rows import Past, Shape
from forecasts.forecasters.scores import season_scale
from forecasts.forecasters.smoothing import HoltWinters
from forecasts.forecasters.training import backtest_origins, train

MANY = 30
"""Series from which on the model has seen enough to be trusted beyond one series' backtest."""

SURE_MANY, SURE_FEW = 0.6, 0.9
"""A simple method replaces the model where its backtest error is below this share of the model's.

Five origins tell little: with 414 hourly series (M4), following every difference (1.0) raised the
error of the next two days by 9 %, at 0.5 it changed nothing.
"""

LOOKED_AT = 4
"""Outer seasons that the simple methods look back."""


def forecast_all(
    histories: Sequence[Floats], shape: Shape, *, level: float = 0.95, seed: int = 0
) -> list[Forecast | None]:
    """The next `shape.steps` values of each series; None where its history says too little.

    Values that are missing are NaN. A series shorter than `shape.needs`, or missing half of its
    values, has the simple methods only; the others are forecast by one model that learns from all
    of them, unless a simple method was clearly better in the backtest of that series.
    """
    able = [
        i
        for i, history in enumerate(histories)
        if len(history) >= shape.needs and np.isfinite(history).mean() >= 0.5
    ]
    made: list[Forecast | None] = [None] * len(histories)
    if able:
        long = [histories[i] for i in able]
        trained = train(long, shape, level=level, seed=seed)
        chosen = _chosen(trained.model, long, trained.errors)
        for i, one in zip(able, chosen, strict=True):
            made[i] = one
    for i, history in enumerate(histories):
        if made[i] is None:
            made[i] = _simple(history, shape, level)
    return made


def _chosen(
    model: PanelModel, histories: Sequence[Floats], errors: Floats
) -> list[Forecast | None]:
    """The model's forecast of each series, or None where a simple method is clearly better."""
    sure = SURE_MANY if len(histories) >= MANY else SURE_FEW
    made: list[Forecast | None] = []
    for history, ahead, error in zip(histories, model.forecast(histories), errors, strict=True):
        if _best_simple(history, model.shape) < sure * error:
            made.append(None)
            continue
        scale = season_scale(history, model.shape.season)
        mase = float(error) / scale if scale > 0 else math.nan
        made.append(replace(ahead, error=float(error), mase=mase))
    return made


def _best_simple(history: Floats, shape: Shape) -> float:
    """The smallest mean absolute error of the simple methods, at the origins of the backtest."""
    past = Past(history[-(LOOKED_AT * shape.outer + 2 * shape.steps) :], shape)
    origins = backtest_origins(len(past), shape.steps)
    places = origins[:, None] + np.arange(shape.steps)
    truth = np.where(past.known[places], past.values[places], np.nan)
    if np.isnan(truth).all():
        return math.inf
    methods: list[Forecaster] = [SeasonalNaive(shape.season), HoltWinters(shape.season)]
    if shape.long:
        methods.append(SeasonalNaive(shape.long))
    errors = [
        float(np.nanmean(np.abs(variant - truth)))
        for method in methods
        if origins[0] >= method.needs
        for variant in method.from_origins(past.values, origins, shape.steps)
    ]
    return min(errors, default=math.inf)


def _simple(history: Floats, shape: Shape, level: float) -> Forecast | None:
    known = np.flatnonzero(np.isfinite(history))
    if not len(known):
        return None
    values = Past(history[known[0] :], shape).values
    seasons = tuple(season for season in (shape.season, shape.long) if season > 1)
    try:
        return forecast(values, steps=shape.steps, seasons=seasons, level=level)
    except TooLittleHistory:
        return None
