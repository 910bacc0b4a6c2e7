"""How fast daily figures rise, with an interval, and when they reach a limit at that pace."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from forecasts.forecasters.base import Floats

FEWEST_DAYS = 10
MOST_CORRELATED = 0.95


@dataclass(frozen=True, slots=True)
class Pace:
    """Per day: Theil and Sen's slope, and the ends of its interval."""

    low: float
    middle: float
    high: float


def pace_of(levels: Floats, level: float = 0.8) -> Pace | None:
    """Of daily figures, oldest first (NaN: none that day); None with fewer than ten.

    Sen's interval (1968): the slopes between days so many ranks from the middle as Kendall's
    statistic varies without a trend. Days follow each other: the variance is that of an AR(1)
    series, (1 + r) / (1 - r) times as large, with r of the residuals, corrected for what a short
    series hides of it (Kendall 1954).

    >>> noise = np.random.default_rng(0).normal(size=30)
    >>> pace = pace_of(np.arange(30) * 0.5 + noise)
    >>> bool(0.4 < pace.low < 0.5 < pace.high < 0.6)
    True
    """
    known = np.flatnonzero(np.isfinite(levels))
    count = len(known)
    if count < FEWEST_DAYS:
        return None
    first, second = np.triu_indices(count, 1)
    values = levels[known]
    slopes = np.sort((values[second] - values[first]) / (known[second] - known[first]))
    middle = float(np.median(slopes))
    rest = values - middle * known
    rest = rest - rest.mean()
    power = float(np.sum(rest**2))
    follows = float(np.sum(rest[1:] * rest[:-1])) / power if power > 0 else 0.0
    r = min(max((count * follows + 2.0) / max(count - 4.0, 1.0), 0.0), MOST_CORRELATED)
    usual = math.sqrt(count * (count - 1) * (2 * count + 5) / 18.0 * (1.0 + r) / (1.0 - r))
    apart = NormalDist().inv_cdf((1.0 + level) / 2.0) * usual
    last = len(slopes) - 1
    low = max(int((len(slopes) - apart) / 2.0), 0)
    high = min(math.ceil((len(slopes) + apart) / 2.0), last)
    return Pace(float(slopes[low]), middle, float(slopes[high]))


def days_until(limit: float, level: float, slope: float) -> float:
    """At that pace; infinite where it goes the other way or stands.

    >>> days_until(10.0, 8.0, 0.5), days_until(10.0, 8.0, -0.5)
    (4.0, inf)
    """
    left = limit - level
    return left / slope if slope and left / slope > 0 else math.inf
