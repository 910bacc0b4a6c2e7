"""Forecast many series, each by what has predicted it best.

The worker alone imports it: it needs scikit-learn.
"""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from forecasts.forecasters.backtesting import model_errors, simple_errors
from forecasts.forecasters.base import Floats, Forecast, TooLittleHistory
from forecasts.forecasters.choose import forecast
from forecasts.forecasters.panel import PanelModel
from forecasts.forecasters.rows import Past, Shape
from forecasts.forecasters.scores import season_scale
from forecasts.forecasters.training import train

MANY = 30
"""Series from which on the model has seen enough to be trusted beyond one series' backtest."""

SURE_MANY, SURE_FEW = 0.6, 0.9
"""A simple method replaces the model where its backtest error is below this share of the model's.

Five origins tell little: with 414 hourly series (M4), following every difference (1.0) raised the
error of the next two days by 9 %, at 0.5 it changed nothing.
"""

EVERY = 3
"""Only each so many-th step is judged where a model is asked, to choose: a third of the time."""

FEWEST_KNOWN = 0.5
"""Share of its values that must be known of a series for the model."""


def forecast_all(
    histories: Sequence[Floats], shape: Shape, *, level: float = 0.95, seed: int = 0
) -> list[Forecast | None]:
    """The next `shape.steps` values of each series; None where its history says too little.

    Values that are missing are NaN. The series that are able to are forecast by one model that
    learns from all of them, unless a simple method was clearly better; the others by simple ones.
    """
    made: list[Forecast | None] = [None] * len(histories)
    able = [i for i, history in enumerate(histories) if is_able(history, shape)]
    if able:
        long = [histories[i] for i in able]
        trained = train(long, shape, level=level, seed=seed)
        chosen = forecast_by(trained.model, long, learned_from=len(long), errors=trained.errors)
        for i, one in zip(able, chosen, strict=True):
            made[i] = one
    for i, history in enumerate(histories):
        if made[i] is None:
            made[i] = simple(history, shape, level)
    return made


def is_able(history: Floats, shape: Shape) -> bool:
    """Whether the model can learn from a series and forecast it: long enough, half of it known."""
    return len(history) >= shape.needs and bool(np.isfinite(history).mean() >= FEWEST_KNOWN)


def forecast_by(
    model: PanelModel,
    histories: Sequence[Floats],
    *,
    learned_from: int,
    errors: Floats | None = None,
) -> list[Forecast | None]:
    """The model's forecast of each series; None where a simple method, or nothing, is better.

    That is where it is not able, where a simple method was clearly better in the backtest of that
    series, and where its numbers run away.

    learned_from  how many series the model has learned from
    errors        its `model_errors`, where they are known already
    """
    made: list[Forecast | None] = [None] * len(histories)
    able = [i for i, history in enumerate(histories) if is_able(history, model.shape)]
    if not able:
        return made
    long = [histories[i] for i in able]
    sure = SURE_MANY if learned_from >= MANY else SURE_FEW
    every = EVERY if errors is None else 1
    errors = model_errors(model, long, every) if errors is None else errors
    others = np.min(
        list(simple_errors(long, model.shape, every, in_hindsight=True).values()), axis=0
    )
    for i, ahead, error, other in zip(able, model.forecast(long), errors, others, strict=True):
        if other < sure * error or not np.all(np.isfinite(ahead.upper - ahead.lower)):
            continue
        scale = season_scale(histories[i], model.shape.season)
        mase = float(error) / scale if scale > 0 else math.nan
        made[i] = replace(ahead, error=float(error), mase=mase)
    return made


def simple(history: Floats, shape: Shape, level: float) -> Forecast | None:
    """What the simple methods say of a series with gaps; None where it says too little."""
    known = np.flatnonzero(np.isfinite(history))
    if not len(known):
        return None
    values = Past(history[known[0] :], shape).values
    seasons = tuple(season for season in (shape.season, shape.long) if season > 1)
    try:
        return forecast(values, steps=shape.steps, seasons=seasons, level=level)
    except TooLittleHistory:
        return None
