"""Remaining life from ages alone, where there are too few histories to learn from sensors.

The Weibull distribution, fitted by maximum likelihood to ages at failure and to ages that units
have reached without one (right-censored); Meeker & Escobar (1998), "Statistical Methods for
Reliability Data", chapter 8. What it says has low confidence: it knows no unit from another.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from forecasts.remaining_life.features import Floats
from forecasts.remaining_life.model import Remaining

STEEPEST = 20.0


class NoFailures(ValueError):
    """Without any failure nothing can be said of remaining life."""


@dataclass(frozen=True, slots=True)
class Weibull:
    """Probability to survive age t: exp(-(t / scale) ** shape). failures: how many it knows."""

    shape: float
    scale: float
    failures: int

    def failure(self, ages: Floats, horizons: Floats) -> Floats:
        """Probability (n, horizons) to fail within so long, of units that have reached `ages`."""
        now = (ages[:, None] / self.scale) ** self.shape
        then = ((ages[:, None] + horizons[None, :]) / self.scale) ** self.shape
        return np.asarray(-np.expm1(now - then))

    def left(self, ages: Floats, chance: float) -> Floats:
        """What is left (n,) to the point by which a unit of that age has failed with `chance`."""
        now = (ages / self.scale) ** self.shape
        then = (now - math.log1p(-chance)) ** (1.0 / self.shape) * self.scale
        return np.asarray(np.maximum(then - ages, 0.0))

    def remaining(self, ages: Floats, level: float = 0.9) -> Remaining:
        """The median of what is left, and the interval of that level."""
        tail = (1.0 - level) / 2.0
        median = self.left(ages, 0.5)
        return Remaining(median, self.left(ages, tail), median, self.left(ages, 1.0 - tail), level)


def fit(ages: Floats, failed: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Weibull:
    """The most likely distribution for units that reached `ages` (n,), and of these `failed`.

    A weak prior on the shape keeps one or two failures from claiming to know it. Raises NoFailures
    without a failure, ValueError for ages that are not above 0.

    >>> ages = np.array([80.0, 100, 120, 110, 90, 60])
    >>> found = fit(ages, np.array([True, True, True, True, True, False]))
    >>> bool(95 < found.scale < 115), bool(found.shape > 3)
    (True, True)
    """
    if not failed.any():
        raise NoFailures("No unit has failed, so nothing can be said of remaining life.")
    if not np.all(ages > 0):
        raise ValueError("Ages are above 0.")
    size = float(np.median(ages))
    scaled = ages / size

    def unlikely(parameters: Floats) -> float:
        shape, scale = math.exp(parameters[0]), math.exp(parameters[1])
        hazard = (scaled / scale) ** shape
        density = math.log(shape / scale) + (shape - 1.0) * np.log(scaled / scale)
        # Shapes about 2 (wearing out), within a factor of four.
        prior = 0.5 * ((parameters[0] - math.log(2.0)) / 1.4) ** 2
        return float(hazard.sum() - density[failed].sum() + prior)

    most = math.log(STEEPEST)
    found = minimize(
        unlikely, np.array([math.log(2.0), 0.0]), bounds=[(-most, most), (-10.0, 10.0)]
    )
    shape, scale = np.exp(found.x)
    return Weibull(float(shape), float(scale) * size, int(failed.sum()))
