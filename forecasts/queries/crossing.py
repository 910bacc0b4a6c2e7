"""When a forecast reaches a limit of its sensor."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from assets.models import Sensor
from forecasts.models import Forecast


@dataclass(frozen=True, slots=True)
class Crossing:
    """When a forecast reaches a limit of its sensor.

    `likely` is the time at which the forecast itself does (none within the horizon: None),
    `possible` the time at which its interval does, which is never later.
    """

    limit: float
    possible: datetime
    likely: datetime | None


def crossing(forecast: Forecast, sensor: Sensor) -> Crossing | None:
    """The first limit that the forecast or its interval reaches, or None within the horizon."""
    found = []
    for limit, far, point, beyond in (
        (sensor.high_limit, forecast.upper, forecast.values, np.greater_equal),
        (sensor.low_limit, forecast.lower, forecast.values, np.less_equal),
    ):
        if limit is None:
            continue
        possible = _first(beyond(far, limit), forecast)
        likely = _first(beyond(point, limit), forecast)
        if possible is not None:
            found.append(Crossing(limit, min(possible, likely or possible), likely))
    return min(found, key=lambda c: (c.likely is None, c.likely or c.possible), default=None)


def _first(beyond: NDArray[np.bool_], forecast: Forecast) -> datetime | None:
    places = np.flatnonzero(beyond)
    if not len(places):
        return None
    return forecast.starts_at + int(places[0]) * forecast.step
