"""When a forecast reaches a limit of its sensor, as a distribution over time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from anomalies.models import SensorLimits
from assets.models import Sensor
from forecasts.forecasters.base import Floats
from forecasts.forecasters.passage import chances_by
from forecasts.forecasters.quantiles import chances_of, nested
from forecasts.models import Forecast

EARLY, LIKELY, LATE = 0.1, 0.5, 0.9
"""Chances by which `possible`, `likely` and `latest` are the times."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """When a forecast reaches a limit of its sensor.

    limit     the value; `name` says which: high, high-high, low or low-low
    possible  by then it is reached with a chance of 10 %
    likely    of 50 %, None: within the horizon the chance is smaller
    latest    of 90 %, or None
    chance    that it is reached within the horizon, 0 to 1
    chances   that it is reached by the end of each step, never falling

    How steps hang together, which these chances rest on: see `forecasters.passage`. What is judged
    are the means of steps: a single reading may touch the limit before.
    """

    limit: float
    possible: datetime
    likely: datetime | None
    latest: datetime | None = None
    chance: float = 1.0
    name: str = "high"
    chances: tuple[float, ...] = field(default=(), compare=False, repr=False)

    @property
    def is_upward(self) -> bool:
        return self.name in ("high", "high-high")


def crossing(forecast: Forecast, sensor: Sensor) -> Crossing | None:
    """The limit that is reached first, or None where none has a chance of 10 % in the horizon.

    Reads `sensor.limits`: select it, or it is a query.
    """
    found = crossings(forecast, sensor)
    return min(found, key=lambda c: (c.likely is None, c.likely or c.possible), default=None)


def crossings(forecast: Forecast, sensor: Sensor) -> list[Crossing]:
    """Each limit of the sensor with a chance of 10 % or more to be reached, inner ones first.

    Of a counter none: what it reads only ever rises.
    """
    return [
        one
        for name, limit in limits_of(sensor)
        if (one := _crossing(forecast, name, limit)) is not None
    ]


def chances_of_limit(forecast: Forecast, limit: float, *, upward: bool) -> Floats:
    """The chance that any value is reached by the end of each step, (steps,).

    What a machine reads in a planned shutdown reaches no limit.
    """
    lower, point, upper = np.array((forecast.lower, forecast.values, forecast.upper))
    quantiles = nested(lower, np.array(forecast.inner).reshape(-1, 2, len(point)), point, upper)
    quantiles[:, _planned(forecast)] = np.nan
    return chances_by(
        limit,
        at=chances_of(forecast.level),
        quantiles=quantiles,
        dependence=forecast.dependence,
        upward=upward,
    )


def running_values(forecast: Forecast) -> list[float]:
    """What is expected outside of planned shutdowns; maybe nothing."""
    kept: list[float] = np.array(forecast.values)[~_planned(forecast)].tolist()
    return kept


def _planned(forecast: Forecast) -> NDArray[np.bool_]:
    """Which steps a planned shutdown touches."""
    starts = [forecast.starts_at + step * forecast.step for step in range(len(forecast.values))]
    windows = [
        (datetime.fromisoformat(row["start"]), datetime.fromisoformat(row["end"]))
        for row in forecast.calendar
        if row["kind"] == "shutdown"
    ]
    return np.array(
        [
            any(begin < start + forecast.step and start < end for begin, end in windows)
            for start in starts
        ],
        dtype=np.bool_,
    )


def limits_of(sensor: Sensor) -> Iterator[tuple[str, float]]:
    """Name and value of each limit that is set: the warning limits first, then the outer ones."""
    if sensor.kind == Sensor.Kind.COUNTER:
        return
    own = getattr(sensor, "limits", None) or SensorLimits()
    for name, value in (
        ("high", sensor.high_limit),
        ("low", sensor.low_limit),
        ("high-high", own.high_high),
        ("low-low", own.low_low),
    ):
        if value is not None:
            yield name, value


def _crossing(forecast: Forecast, name: str, limit: float) -> Crossing | None:
    chances = chances_of_limit(forecast, limit, upward=name.startswith("high"))
    possible = _first(chances, EARLY, forecast)
    if possible is None:
        return None
    return Crossing(
        limit,
        possible=possible,
        likely=_first(chances, LIKELY, forecast),
        latest=_first(chances, LATE, forecast),
        chance=float(chances[-1]),
        name=name,
        chances=tuple(chances.tolist()),
    )


def _first(chances: Floats, level: float, forecast: Forecast) -> datetime | None:
    places = np.flatnonzero(chances >= level)
    if not len(places):
        return None
    return forecast.starts_at + int(places[0]) * forecast.step
