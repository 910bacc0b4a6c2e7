"""The chance that a limit has been reached by each step ahead: first passage.

A forecast says of each step alone how likely a value is. Whether a limit is reached *by* a step
depends on how the steps hang together: errors that last cross it seldom but for long, errors that
come and go cross it often. What is assumed: in units of their own spread the errors of one forecast
follow a first-order autoregression (a Gaussian copula), whose correlation from step to step is
measured on past forecasts of the same method. What is judged are the means of steps, not single
readings within them.
"""

from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from forecasts.forecasters.base import Floats

PATHS = 2000
"""Courses drawn: a chance is true to about one in a hundred. The same ones each time."""

ROUNDED = 0.02
MOST_DEPENDENT = 0.98
FARTHEST = 3.0
"""Spreads beyond which an error counts for no more, when its correlation is measured."""

_NORMAL = NormalDist()


def dependence(errors: Floats) -> float:
    """Correlation of the error of one step with that of the next, 0 to 0.98.

    Taken from errors that lie half of the horizon apart, as the root: of two days that is a day.
    Errors of neighbors fade faster than errors of days do, and limits are reached by those that
    last: on M4's hourly series this halved the error of the chances within 48 hours.

    errors  (..., steps), each over the spread that is usual at its step; NaN where not known

    >>> dependence(np.array([[1.0, 1.0, 1.0], [-1.0, -1.0, -1.0]]))
    0.98
    >>> dependence(np.array([[1.0, -1.0, 1.0]]))
    0.0
    """
    near = np.clip(errors, -FARTHEST, FARTHEST)
    apart = max(near.shape[-1] // 2, 1)
    one, later = near[..., :-apart], near[..., apart:]
    both = np.isfinite(one) & np.isfinite(later)
    one, later = one[both], later[both]
    size = float(np.sqrt(np.sum(one**2) * np.sum(later**2)))
    if not size > 0:
        return 0.0
    correlation = max(float(np.sum(one * later)) / size, 0.0)
    return min(float(correlation ** (1.0 / apart)), MOST_DEPENDENT)


def chances_by(
    limit: float, *, at: Floats, quantiles: Floats, dependence: float, upward: bool
) -> Floats:
    """The chance that the limit has been reached by the end of each step, (steps,); never falling.

    at          (k,) the chances below which the quantiles lie, rising, such as 0.025 … 0.975
    quantiles   (k, steps), rising along the first axis; NaN: nothing is expected of that step
    dependence  of the error of one step with that of the next
    upward      whether reaching means at or above, else at or below

    Between quantiles, and beyond the outermost, a normal distribution of its own is taken.

    >>> known = {"at": np.array([0.1, 0.5, 0.9]), "upward": True}
    >>> known["quantiles"] = np.array([[0.0] * 3, [1.0] * 3, [2.0] * 3])
    >>> once, often = (chances_by(2.0, dependence=own, **known) for own in (0.98, 0.0))
    >>> [round(float(chances[0]), 1) for chances in (once, often)], bool(often[2] > once[2] > 0.1)
    ([0.1, 0.1], True)
    """
    place = _place(limit, at, quantiles, upward=upward)
    beyond = np.where(np.isnan(place), np.inf, place if upward else -place)
    paths = _paths(round(round(dependence / ROUNDED) * ROUNDED, 2), len(beyond))
    reached = np.logical_or.accumulate(paths > beyond, axis=1).mean(axis=0)
    alone = np.array([_NORMAL.cdf(-value) if np.isfinite(value) else value < 0 for value in beyond])
    chances: Floats = np.maximum(reached, np.maximum.accumulate(alone))
    return chances


def _place(limit: float, at: Floats, quantiles: Floats, *, upward: bool) -> Floats:
    """How many standard deviations above the median the limit lies at each step, (steps,)."""
    scores = np.array([_NORMAL.inv_cdf(float(chance)) for chance in at])
    steps = np.arange(quantiles.shape[1])
    below = np.sum(quantiles < limit if upward else quantiles <= limit, axis=0)
    right = np.clip(below, 1, len(at) - 1)
    low, high = quantiles[right - 1, steps], quantiles[right, steps]
    width = high - low
    with np.errstate(invalid="ignore"):
        slope = (scores[right] - scores[right - 1]) / np.where(width > 0, width, np.nan)
        found = scores[right - 1] + (limit - low) * slope
    # Of no width: the value is sure.
    sure = np.where(below >= len(at), np.inf, -np.inf)
    return np.where(np.isnan(low + high), np.nan, np.where(width > 0, found, sure))


@lru_cache(maxsize=20)
def _paths(dependence: float, steps: int) -> NDArray[np.float32]:
    """Courses of standard normal errors, (PATHS, steps); each with its opposite."""
    noise = np.random.default_rng(0).standard_normal((PATHS // 2, steps))
    own = float(np.sqrt(1.0 - dependence**2))
    for step in range(1, steps):
        noise[:, step] = dependence * noise[:, step - 1] + own * noise[:, step]
    return np.concatenate((noise, -noise)).astype(np.float32)
