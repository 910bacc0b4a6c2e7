"""How good remaining lives of a class are, on what was not learned from, beside ages alone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from forecasts.remaining_life.features import Floats
from forecasts.remaining_life.model import POINTS
from forecasts.remaining_life.of_class import CHANCES
from forecasts.remaining_life.training import HeldOut, table_of
from forecasts.remaining_life.weibull import Weibull

LEVELS = (0.5, 0.8, 0.9)
FAR = 0.98
"""Share of the clip from which on the median says no more than "far off"."""


@dataclass(frozen=True, slots=True)
class Judged:
    """In days, of what is left up to the clip.

    pinball: the mean loss over the quantiles, which is least for the true distribution; by_age:
    that of the Weibull distribution for the same rows. calibration: (promised, held, lives), where
    the median lies before the clip.
    """

    rmse: float
    pinball: float
    by_age: float
    calibration: tuple[tuple[float, float, int], ...]

    @property
    def skill(self) -> float:
        """By how much less it loses than ages alone, at most 1; below 0 it loses more."""
        return 1.0 - self.pinball / self.by_age if self.by_age else 0.0

    def metrics(self) -> Mapping[str, Any]:
        """By name, for the register."""
        return {
            "rmse_days": round(self.rmse, 3),
            "pinball_days": round(self.pinball, 4),
            "pinball_by_age_days": round(self.by_age, 4),
            "skill": round(self.skill, 4),
            "calibration": [list(one) for one in self.calibration],
        }


def judge(held: HeldOut, ages: Weibull, clip: float) -> Judged:
    """Of half of the lives each, by what the other half says of what trees say.

    The trees had not seen the lives (they were folded), nor has the table of quantiles.
    """
    lives = np.unique(held.unit)
    said = np.empty((len(held.said), len(CHANCES)))
    for half in (lives[::2], lives[1::2]):
        out = np.isin(held.unit, half)
        table = table_of(held.said[~out], held.left[~out], held.unit[~out], clip)
        grid = np.linspace(0.0, 1.0, table.shape[1])
        columns = [np.interp(CHANCES, grid, row) for row in table]
        points = np.linspace(0.0, clip, POINTS)
        for i in range(len(CHANCES)):
            said[out, i] = np.interp(held.said[out], points, [row[i] for row in columns])
    aged = np.stack(
        [ages.left(held.ages, min(chance, 0.995), held.whole) for chance in CHANCES], axis=1
    )
    # An interval from the clip to the clip holds all that is far off, and promises nothing.
    near = said[:, len(CHANCES) // 2] < FAR * clip
    near = near if near.any() else np.ones(len(near), dtype=bool)
    sure = said[near], held.left[near]
    return Judged(
        rmse=float(np.sqrt(np.mean((held.said - held.left) ** 2))),
        pinball=_pinball(said, held.left),
        by_age=_pinball(np.minimum(aged, clip), held.left),
        calibration=tuple((level, round(_held(*sure, level), 4), len(lives)) for level in LEVELS),
    )


def _pinball(said: Floats, truth: Floats) -> float:
    """The mean over the inner quantiles of the loss of Koenker & Bassett (1978)."""
    away = truth[:, None] - said[:, 1:-1]
    inner = CHANCES[1:-1]
    return float(np.mean(np.maximum(inner * away, (inner - 1.0) * away)))


def _held(said: Floats, truth: Floats, level: float) -> float:
    tail = (1.0 - level) / 2.0
    lower, upper = (
        np.array([np.interp(chance, CHANCES, row) for row in said]) for chance in (tail, 1.0 - tail)
    )
    return float(np.mean((truth >= lower - 1e-9) & (truth <= upper + 1e-9)))
