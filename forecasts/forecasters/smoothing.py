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
        return self.of_many(history[None], origins, steps)[:, 0]

    def of_many(self, histories: Floats, origins: Ints, steps: int) -> Floats:
        """The same of series of one length (series, n): (variants, series, origins, steps)."""
        seasonal = self.season > 1
        gains = itertools.product(LEVEL_GAINS, TREND_GAINS, SEASON_GAINS if seasonal else (0.0,))
        a, b, g = np.array(list(gains)).T[:, :, None]
        level, season = self._start(histories, len(a))
        trend = np.zeros(level.shape)
        decay = np.cumsum(DAMPING ** np.arange(1, steps + 1))
        out = np.empty((*level.shape, len(origins), steps))
        where = {int(origin): np.flatnonzero(origins == origin) for origin in origins}
        ahead = np.arange(steps)
        last = int(origins.max())
        a_trend, a_season = a * b, g * (1.0 - a)
        for t in range(last + 1):
            if t in where:
                slots = (t + ahead) % self.season
                seasons = np.moveaxis(season[slots], 0, -1)
                said = level[..., None] + trend[..., None] * decay + seasons
                out[:, :, where[t]] = said[:, :, None]
            if t == last:
                break
            slot = t % self.season
            trend = DAMPING * trend
            error = histories[:, t] - level - trend - season[slot]
            level = level + trend + a * error
            trend = trend + a_trend * error
            season[slot] += a_season * error
        return out

    def _start(self, histories: Floats, variants: int) -> tuple[Floats, Floats]:
        """Level (variants, series) and season (season, variants, series) from two seasons."""
        first = histories[:, : 2 * self.season] if self.season > 1 else histories[:, :4]
        mean = first.mean(axis=1)
        level = np.repeat(mean[None], variants, axis=0)
        if self.season == 1:
            return level, np.zeros((1, *level.shape))
        shape = first.reshape(len(first), 2, self.season).mean(axis=1) - mean[:, None]
        return level, np.repeat(shape.T[:, None], variants, axis=1)
