"""The intervals of a forecast as quantiles, lowest first."""

from collections.abc import Sequence

import numpy as np

from forecasts.forecasters.base import INNER, Floats, Forecast


def chances_of(level: float, inner: Sequence[float] = INNER) -> Floats:
    """The chances below which the ends of intervals and the median between them lie, rising.

    >>> chances_of(0.95).round(3).tolist()
    [0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975]
    """
    tails = [(1.0 - one) / 2.0 for one in (level, *inner)]
    return np.array([*tails, 0.5, *(1.0 - tail for tail in reversed(tails))])


def quantiles_of(forecast: Forecast) -> Floats:
    """The values below which it stays with the chances of `chances_of`, shape (k, steps)."""
    return nested(forecast.lower, forecast.inner, forecast.point, forecast.upper)


def nested(lower: Floats, inner: Floats, point: Floats, upper: Floats) -> Floats:
    """The rows of `quantiles_of`; `inner` as of a Forecast, (levels, 2, steps)."""
    return np.stack((lower, *inner[:, 0], point, *inner[::-1, 1], upper))
