"""What the global model knows at an origin: one row of numbers for each step ahead.

Everything is made of values before the origin. What has a unit is divided by the scale of the
series, so that one model serves temperatures and counters.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasts.forecasters.base import Floats, Ints

COLUMNS = 32
SHORT = 6
"""Steps that tell where the series has just gone."""

DAY = 86_400


@dataclass(frozen=True, slots=True)
class Shape:
    """How far to forecast, and the seasons in steps; `long` is 0 where there is only one."""

    steps: int
    season: int
    long: int = 0

    @property
    def outer(self) -> int:
        """The longer of the seasons."""
        return self.long or self.season

    @property
    def needs(self) -> int:
        """The shortest history that the model learns from or is asked about."""
        return 2 * self.outer + 2 * self.steps


def shape_of(steps: int, season: int) -> Shape:
    """With a week as the longer season, where the season may well be a day.

    >>> shape_of(48, 24), shape_of(18, 12)
    (Shape(steps=48, season=24, long=168), Shape(steps=18, season=12, long=0))
    """
    is_day = season >= 24 and DAY % season == 0
    return Shape(steps, season, 7 * season if is_day else 0)


class Past:
    """One series, ready to be asked what was known at any origin.

    A missing value (NaN) is taken to be what it was one season before.
    """

    def __init__(self, history: Floats, shape: Shape) -> None:
        self.shape = shape
        self.known = np.isfinite(history)
        self.values = values = _filled(np.asarray(history, dtype=np.float64), shape.season)
        self._sums = _sums(values)
        self._center = float(values[0]) if len(values) else 0.0
        self._squares = _sums((values - self._center) ** 2)
        self._season_moves = _moves(values, shape.season)
        self._outer_moves = _moves(values, shape.outer)

    def __len__(self) -> int:
        return len(self.values)

    def base(self, origins: Ints, ahead: Ints) -> Floats:
        """The last season again, shape (rows,): what the model corrects."""
        season = self.shape.season
        return self._at(origins + ahead % season - season)

    def scale(self, origins: Ints) -> Floats:
        """Mean move from season to season over the last two outer seasons before each origin."""
        m = self.shape.season
        low = np.maximum(origins - 2 * self.shape.outer, m)
        total = self._season_moves[origins] - self._season_moves[np.minimum(low, origins)]
        return np.asarray(total / np.maximum(origins - low, 1))

    def rows(self, origins: Ints, ahead: Ints) -> NDArray[np.float32]:
        """Shape (rows, COLUMNS) for forecasts from `origins`, `ahead` steps on (0 is the next)."""
        m, w = self.shape.season, self.shape.outer
        phase, at = ahead % m, self._at
        this = origins + phase - m
        that = origins + ahead % w - w
        base, last = at(this), at(origins - 1)
        same, before = at(that), at(this - w)
        near, far = self._mean(origins, m), self._mean(origins, w)
        lately = self._mean(origins, SHORT)
        after = np.where(that + 1 < origins, at(that + 1), np.nan)
        with_unit = [
            *(at(this - lag * m) - base for lag in (1, 2, 3, 6)),
            *(at(that - lag * w) - base for lag in (0, 1, 2)),
            before - base,
            last - base,
            near - base,
            far - base,
            same - before,
            at(that - w) - at(this - 2 * w),
            after - same,
            at(that - 1) - same,
            near - self._mean(origins - m, m),
            near - self._mean(origins - w, m),
            far - self._mean(origins - w, w),
            last - at(origins - 1 - m),
            last - at(origins - 1 - w),
            at(origins - 2) - at(origins - 2 - m),
            lately - self._mean(origins - m, SHORT),
            lately - self._mean(origins - w, SHORT),
            self._spread(origins, w),
            self._moved(self._season_moves, origins, m),
            self._moved(self._season_moves, origins, w),
            self._moved(self._season_moves, origins, SHORT),
            self._moved(self._outer_moves, origins, m),
            self._moved(self._outer_moves, origins, w),
            base,
        ]
        scale = self.scale(origins)
        by = np.where(scale > 0, scale, 1.0)
        columns = [*(column / by for column in with_unit), ahead, phase]
        return np.stack(columns, axis=1).astype(np.float32)

    def _at(self, places: Ints) -> Floats:
        inside = (places >= 0) & (places < len(self.values))
        return np.where(inside, self.values[np.clip(places, 0, len(self.values) - 1)], np.nan)

    def _window(self, sums: Floats, ends: Ints, length: int) -> Floats:
        """Mean of the `length` values before `ends`; NaN where the history is too short."""
        total = sums[np.maximum(ends, 0)] - sums[np.maximum(ends - length, 0)]
        return np.where(ends >= length, total / length, np.nan)

    def _mean(self, ends: Ints, length: int) -> Floats:
        return self._window(self._sums, ends, length)

    def _spread(self, ends: Ints, length: int) -> Floats:
        mean = self._mean(ends, length) - self._center
        return np.sqrt(np.maximum(self._window(self._squares, ends, length) - mean**2, 0.0))

    def _moved(self, moves: Floats, ends: Ints, length: int) -> Floats:
        return self._window(moves, ends, length)


def _sums(values: Floats) -> Floats:
    return np.concatenate(([0.0], np.cumsum(values)))


def _moves(values: Floats, lag: int) -> Floats:
    """Sums of the distances to the value `lag` steps before."""
    apart = np.zeros(len(values))
    apart[lag:] = np.abs(values[lag:] - values[:-lag])
    return _sums(apart)


def _filled(values: Floats, season: int) -> Floats:
    """Missing values as they were a season before, else as the last known one; 0 before any."""
    if np.all(np.isfinite(values)):
        return values
    out = np.where(np.isfinite(values), values, np.nan)
    for start in range(season, len(out), season):
        now, before = out[start : start + season], out[start - season : start]
        out[start : start + season] = np.where(np.isnan(now), before[: len(now)], now)
    places = np.where(np.isnan(out), -1, np.arange(len(out)))
    last = np.maximum.accumulate(places)
    return np.where(last >= 0, out[np.maximum(last, 0)], 0.0)
