"""What came of past forecasts, counted so that the errors of many add up."""

from dataclasses import dataclass

import numpy as np

from forecasts.forecasters.backtesting import LARGEST
from forecasts.forecasters.base import Floats


@dataclass(frozen=True, slots=True)
class Said:
    """What a forecast said, each (steps,), and the scale that its errors are counted in."""

    values: Floats
    lower: Floats
    upper: Floats
    scale: float
    is_counter: bool


@dataclass(frozen=True, slots=True)
class Came:
    """How right it was, each (steps,); NaN where that is not known.

    errors, naive   absolute errors over the scale, of it and of repeating the last day; both known
    inside          1 where the interval held what came, else 0
    """

    errors: Floats
    naive: Floats
    inside: Floats


def came_of(said: Said, hours: Floats, season: int) -> Came:
    """Compare a forecast with the means of hours, NaN where there were no readings.

    hours: (season + steps + 1,), from one season before the forecast to one hour after it. A gauge
    is compared hour by hour. A counter is by its rises where errors are counted, and by what it
    read at the end of each hour where the interval is; from where it starts anew nothing is known.

    >>> hours = np.array([1.0, 2.0, 1.0, 4.0, 9.0])
    >>> said = Said(np.array([1.0, 3.0]), np.zeros(2), np.full(2, 3.5), 0.5, False)
    >>> came = came_of(said, hours, season=2)
    >>> came.errors, came.naive, came.inside
    (array([0., 2.]), array([0., 4.]), array([1., 0.]))
    """
    steps = len(said.values)
    point, read = said.values, hours[season : season + steps]
    truth, seasons_ago = read, hours[np.arange(steps) % season]
    if said.is_counter:
        rises = np.diff(hours, prepend=np.nan)
        anew = np.cumsum(rises[season:] < 0) > 0
        rises[season:][anew] = np.nan
        rises[rises < 0] = np.nan
        truth, seasons_ago = rises[season : season + steps], rises[np.arange(steps) % season]
        read = (hours[season : season + steps] + hours[season + 1 : season + 1 + steps]) / 2.0
        read = np.where(anew[1 : steps + 1], np.nan, read)
        point = np.diff(point, prepend=np.nan)
    known = np.isfinite(said.lower) & np.isfinite(said.upper) & np.isfinite(read)
    held = ((read >= said.lower) & (read <= said.upper)).astype(np.float64)
    errors = _scaled(truth - point, said.scale)
    naive = _scaled(truth - seasons_ago, said.scale)
    both = np.isfinite(errors) & np.isfinite(naive)
    errors, naive = (np.where(both, part, np.nan) for part in (errors, naive))
    return Came(errors, naive, np.where(known, held, np.nan))


def _scaled(errors: Floats, scale: float) -> Floats:
    if not scale > 0:
        return np.full(len(errors), np.nan)
    return np.minimum(np.abs(errors) / scale, LARGEST)
