"""Which channels an unusual row is about, and what the others say of each."""

from dataclasses import dataclass

import numpy as np

from anomalies.detectors.base import Floats
from anomalies.detectors.multivariate.fitting import usable
from anomalies.detectors.multivariate.model import AssetModel
from anomalies.detectors.multivariate.modes import mode_of

ORDINARY = 1.0
"""A channel's smoothed squared deviation where nothing is unusual; see `AssetScores.shares`."""

CLEAR = 1.0
"""Nearer to what the others say than so many of its usual distances is no direction."""

LEAST_SHARE = 0.05
MOST_NAMED = 6


@dataclass(frozen=True, slots=True)
class Contribution:
    """Of one channel to one row.

    share     0 to 1, of all that is beyond the ordinary, of late
    value     what it read, in its unit; None where it is missing
    expected  what goes with the other channels at that time, by the baseline
    away      their difference, in what is usual of it; None where the value is missing
    side      higher or lower than that, or empty where it is no matter of a side
    """

    channel: str
    share: float
    value: float | None
    expected: float
    away: float | None

    @property
    def side(self) -> str:
        """
        >>> Contribution("flow", 1.0, 3.0, 5.0, -2.0).side
        'lower'
        """
        if self.value is None or self.away is None or abs(self.away) < CLEAR:
            return ""
        return "higher" if self.away > 0 else "lower"


def contributions(
    model: AssetModel, shares: Floats, values: Floats, settings: Floats
) -> list[Contribution]:
    """Those with a twentieth at least, six at most, the greatest first; always one.

    shares: (d,), a row of `AssetScores.shares`; values (d,) and settings (s,): the row itself.
    """
    beyond = np.maximum(shares - ORDINARY, 0.0)
    if not beyond.sum():
        beyond = shares
    part = beyond / max(float(beyond.sum()), np.finfo(float).tiny)
    values = usable(values)
    expected, spread = of_the_others(model, values, settings)
    order = np.argsort(-part, kind="stable")[:MOST_NAMED]
    order = order[: max(int((part[order] >= LEAST_SHARE).sum()), 1)]
    away = (values - expected) / spread
    return [
        Contribution(
            channel=model.channels[j],
            share=float(part[j]),
            value=_known(values[j]),
            expected=float(expected[j]),
            away=_known(away[j]),
        )
        for j in order
    ]


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def of_the_others(model: AssetModel, values: Floats, settings: Floats) -> tuple[Floats, Floats]:
    """What goes with the other channels of the same row, and its usual distance; (d,) and (d,).

    The conditional mean and standard deviation of a normal distribution with the baseline's
    means and covariance; of a channel whose others are all missing, its own.
    """
    mode = max(int(mode_of(usable(settings)[None], model.mode_at, model.mode_reach)[0]), 0)
    center, scale = model.center[mode], model.scale[mode]
    standard = (usable(values) - center) / scale
    known = np.isfinite(standard)
    expected, spread = np.empty(len(values)), np.empty(len(values))
    for j in range(len(values)):
        others = known.copy()
        others[j] = False
        across = model.together[j, others]
        weights = np.linalg.solve(model.together[np.ix_(others, others)], across)
        expected[j] = weights @ standard[others]
        spread[j] = np.sqrt(max(model.together[j, j] - weights @ across, np.finfo(float).eps))
    return center + scale * expected, scale * spread
