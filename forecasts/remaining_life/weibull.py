"""Remaining life from ages alone, where there are too few histories to learn from sensors.

The Weibull distribution, fitted by maximum likelihood to ages at failure and to ages that units
have reached without one (right-censored); Meeker & Escobar (1998), "Statistical Methods for
Reliability Data", chapter 8. What it says has low confidence: it knows no unit from another.

Of a life that had begun before it was watched only the time since then is known. It counts as
in a renewal process that has run for long: what is left of it is distributed as the share of lives
that are longer, S(x) / mean (Cox 1962, "Renewal Theory", chapter 5).
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import gammaincc, gammainccinv, gammaln

from forecasts.remaining_life.features import Floats
from forecasts.remaining_life.model import Remaining

Bools = NDArray[np.bool_]
STEEPEST = 20.0
LEAST = 1e-300
"""A chance to have survived until now that is no smaller, so that it can be divided by."""


class NoFailures(ValueError):
    """Without any failure nothing can be said of remaining life."""


@dataclass(frozen=True, slots=True)
class Weibull:
    """Probability to survive age t: exp(-(t / scale) ** shape). failures: how many it knows.

    Its methods take ages (n,) and `whole` (n,): whether a life was watched from its begin, else
    its age is the time since it is watched. None: all were.
    """

    shape: float
    scale: float
    failures: int

    def failure(self, ages: Floats, horizons: Floats, whole: Bools | None = None) -> Floats:
        """Probability (n, horizons) to fail within so long, of units that have reached `ages`."""
        now = self._used(ages)[:, None]
        then = self._used(ages[:, None] + horizons[None, :])
        known = np.asarray(-np.expm1(now - then))
        if whole is None or whole.all():
            return known
        part = 1.0 / self.shape
        survived = np.maximum(gammaincc(part, now), LEAST)
        return np.where(whole[:, None], known, 1.0 - gammaincc(part, then) / survived)

    def left(self, ages: Floats, chance: float | Floats, whole: Bools | None = None) -> Floats:
        """What is left (n,) to the point by which a unit of that age has failed with `chance`."""
        now = self._used(ages)
        then = now - np.log1p(-np.asarray(chance, dtype=np.float64))
        if whole is not None and not whole.all():
            part = 1.0 / self.shape
            reached = gammainccinv(part, gammaincc(part, now) * (1.0 - np.asarray(chance)))
            then = np.where(whole, then, np.minimum(reached, then))
        return np.asarray(np.maximum(then ** (1.0 / self.shape) * self.scale - ages, 0.0))

    def remaining(self, ages: Floats, level: float = 0.9, whole: Bools | None = None) -> Remaining:
        """The median of what is left, and the interval of that level."""
        tail = (1.0 - level) / 2.0
        median = self.left(ages, 0.5, whole)
        lower, upper = (self.left(ages, chance, whole) for chance in (tail, 1.0 - tail))
        return Remaining(median, lower, median, upper, level)

    def _used(self, ages: Floats) -> Floats:
        return np.asarray((ages / self.scale) ** self.shape)


def fit(ages: Floats, failed: Bools, whole: Bools | None = None) -> Weibull:
    """The most likely distribution for units that reached `ages` (n,), and of these `failed`.

    whole: whether each was watched from the begin of its life; its age is counted from where it
    was watched from, else. A weak prior on the shape keeps one or two failures from claiming to
    know it. Raises NoFailures without a failure, ValueError for ages that are not above 0.

    >>> ages = np.array([80.0, 100, 120, 110, 90, 60])
    >>> found = fit(ages, np.array([True, True, True, True, True, False]))
    >>> bool(95 < found.scale < 115), bool(found.shape > 3)
    (True, True)
    """
    if not failed.any():
        raise NoFailures("No unit has failed, so nothing can be said of remaining life.")
    if not np.all(ages > 0):
        raise ValueError("Ages are above 0.")
    known = np.ones(len(ages), dtype=bool) if whole is None else whole
    size = float(np.median(ages))
    scaled = ages / size

    def unlikely(parameters: Floats) -> float:
        shape, scale = math.exp(parameters[0]), math.exp(parameters[1])
        hazard = (scaled / scale) ** shape
        density = math.log(shape / scale) + (shape - 1.0) * np.log(scaled / scale)
        # Shapes about 2 (wearing out), within a factor of four.
        prior = 0.5 * ((parameters[0] - math.log(2.0)) / 1.4) ** 2
        total = hazard[known].sum() - density[failed & known].sum() + prior
        if not known.all():
            mean = math.log(scale) + float(gammaln(1.0 + 1.0 / shape))
            total += (hazard + mean)[failed & ~known].sum()
            survived = gammaincc(1.0 / shape, hazard[~failed & ~known])
            total -= np.log(np.maximum(survived, LEAST)).sum()
        return float(total)

    most = math.log(STEEPEST)
    found = minimize(
        unlikely, np.array([math.log(2.0), 0.0]), bounds=[(-most, most), (-10.0, 10.0)]
    )
    shape, scale = np.exp(found.x)
    return Weibull(float(shape), float(scale) * size, int(failed.sum()))
