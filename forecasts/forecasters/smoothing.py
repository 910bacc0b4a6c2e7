"""Exponential smoothing with a damped trend and an additive season (Holt 1957, Winters 1960)."""

import itertools
from dataclasses import dataclass

import numpy as np

from forecasts.forecasters.base import Floats, Ints

DAMPING = 0.95
LEVEL_GAINS = (0.05, 0.2, 0.5)
TREND_GAINS = (0.0, 0.05)
SEASON_GAINS = (0.05, 0.2, 0.5)


@dataclass(frozen=True, slots=True)
class HoltWinters:
    """`season=1` has no season. A variant is one choice of the three gains.

    Error-correction form (Hyndman & Athanasopoulos, Forecasting, 3rd ed., 8.3), where the forecast
    error e moves the level by a*e, the trend by a*b*e and the season by g*(1-a)*e.

    >>> history = 5 + np.tile([0.0, 1, 2, 1], 12)
    >>> HoltWinters(4).from_origins(history, np.array([48]), 4)[0].round(3)
    array([[5., 6., 7., 6.]])
    """

    season: int = 1

    @property
    def name(self) -> str:
        return "trend" if self.season == 1 else f"level, trend and season of {self.season} steps"

    @property
    def needs(self) -> int:
        return max(2 * self.season, 4)

    def from_origins(self, history: Floats, origins: Ints, steps: int) -> Floats:
        seasonal = self.season > 1
        gains = itertools.product(LEVEL_GAINS, TREND_GAINS, SEASON_GAINS if seasonal else (0.0,))
        a, b, g = np.array(list(gains)).T
        level, season = self._start(history, len(a))
        trend = np.zeros(len(a))
        decay = np.cumsum(DAMPING ** np.arange(1, steps + 1))
        out = np.empty((len(a), len(origins), steps))
        where = {int(origin): i for i, origin in enumerate(origins)}
        ahead = np.arange(steps)
        last = int(origins.max())
        a_trend, a_season = a * b, g * (1.0 - a)
        for t in range(last + 1):
            if t in where:
                slots = (t + ahead) % self.season
                out[:, where[t], :] = level[:, None] + trend[:, None] * decay + season[slots].T
            if t == last:
                break
            slot = t % self.season
            trend = DAMPING * trend
            error = history[t] - level - trend - season[slot]
            level = level + trend + a * error
            trend = trend + a_trend * error
            season[slot] += a_season * error
        return out

    def _start(self, history: Floats, variants: int) -> tuple[Floats, Floats]:
        """Level and season from the first two seasons, shapes (variants,), (season, variants)."""
        first = history[: 2 * self.season] if self.season > 1 else history[:4]
        level = np.full(variants, first.mean())
        if self.season == 1:
            return level, np.zeros((1, variants))
        shape = first.reshape(2, self.season).mean(axis=0) - first.mean()
        return level, np.repeat(shape[:, None], variants, axis=1)
