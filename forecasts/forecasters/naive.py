"""Repeating the past: the forecasts that every other one has to beat."""

from dataclasses import dataclass

import numpy as np

from forecasts.forecasters.base import Floats, Ints


@dataclass(frozen=True, slots=True)
class SeasonalNaive:
    """The last season again; two variants: as it was, and the mean of the last two seasons.

    Where there is one season only, both are that one.

    `season=1` carries the last value forward.

    >>> SeasonalNaive(2).from_origins(np.array([1.0, 2, 3, 4]), np.array([4]), 3)[0]
    array([[3., 4., 3.]])
    """

    season: int

    @property
    def name(self) -> str:
        return "last value" if self.season == 1 else f"same time, {self.season} steps ago"

    @property
    def needs(self) -> int:
        return self.season

    def from_origins(self, history: Floats, origins: Ints, steps: int) -> Floats:
        return self.of_many(history[None], origins, steps)[:, 0]

    def of_many(self, histories: Floats, origins: Ints, steps: int) -> Floats:
        """The same of series of one length (series, n): (variants, series, origins, steps)."""
        ahead = np.arange(steps) % self.season - self.season
        at = origins[:, None] + ahead
        last = histories[:, at]
        before = at - self.season
        both = (last + histories[:, before]) / 2.0
        return np.stack((last, np.where(before >= 0, both, last)))
