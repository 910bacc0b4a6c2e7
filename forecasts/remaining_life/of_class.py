"""What is known of the lives of a class of machines: an age at failure, and signs of wear.

From trees, where there were enough histories with readings, up to their clip; beyond it, and
without them, from the Weibull distribution of ages. The worker alone imports it: it needs scipy.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecasts.boosting.saving import BadModel, load, save
from forecasts.remaining_life import model as trees
from forecasts.remaining_life.features import Floats
from forecasts.remaining_life.weibull import Bools, Weibull

CHANCES: Floats = np.linspace(0.0, 1.0, 21)
"""At which chances quantiles of remaining life are given."""

LAST = 0.995
"""The last of the quantiles is that of this chance: all have failed only after infinite time."""

_KIND = "lives of a class"


@dataclass(frozen=True, slots=True)
class ClassModel:
    """Ages and remaining lives are days.

    ages     of failures in any way
    modes    of failures of single modes; all others count as not failed
    life     from readings; None where there were too few histories with them
    names    the sensors, by key, that are the columns of its values; units: of each
    step     days between two of its rows
    """

    ages: Weibull
    modes: Mapping[str, Weibull] = field(default_factory=dict)
    life: trees.LifeModel | None = None
    names: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    step: float = 1.0

    def by_age(self, ages: Floats, whole: Bools) -> Floats:
        """Days left with each of the `CHANCES`, (n, 21), of machines of these ages."""
        chances = np.minimum(CHANCES, LAST)
        return np.stack([self.ages.left(ages, chance, whole) for chance in chances], axis=1)

    def interval_by_age(self, ages: Floats, whole: Bools, level: float) -> tuple[Floats, Floats]:
        """Lower and upper ends (n,) of what is left.

        With k failures their chances are drawn apart by (k + 1) / k about the middle: what few have
        shown is not all that there is. So the ends lie farther out than the quantiles.
        """
        k = self.ages.failures
        tail = max(0.5 - level / 2.0 * (k + 1) / k, 0.0)
        lower, upper = (
            self.ages.left(ages, chance, whole) for chance in (tail, min(1.0 - tail, LAST))
        )
        return lower, upper

    def by_readings(
        self, rows: NDArray[np.floating[Any]], ages: Floats, whole: Bools
    ) -> tuple[Floats, Floats]:
        """Days left with each of the `CHANCES`, (n, 21), and the chance (n,) to fail before the
        clip. rows: the features of each. Raises ValueError where there is no `life`.
        """
        if self.life is None:
            raise ValueError("Nothing was learned from readings.")
        within, before = self.life.quantiles(rows, CHANCES)
        clip = self.life.clip
        out = within.copy()
        chances = np.minimum(CHANCES, LAST)
        for i, chance in enumerate(chances):
            later = chance > before
            share = (chance - before[later]) / (1.0 - before[later])
            left = self.ages.left(ages[later] + clip, share, whole[later])
            out[later, i] = clip + left
        return np.maximum.accumulate(out, axis=1), before


def chance_within(quantiles: Floats, days: Floats) -> Floats:
    """Chance (n, days) to fail within so many days, from quantiles (n, 21) at `CHANCES`.

    Never above `LAST`, beyond which nothing is known.

    >>> even = np.arange(21.0)[None, :]
    >>> chance_within(even, np.array([0.0, 1.0, 10.0, 30.0])).round(3).tolist()
    [[0.0, 0.05, 0.5, 0.995]]
    """
    rows = np.arange(len(quantiles))
    out = np.empty((len(quantiles), len(days)))
    for i, day in enumerate(days):
        # How many quantiles lie at or below; among equal ones the last counts.
        place = np.clip((quantiles <= day).sum(axis=1) - 1, -1, len(CHANCES) - 2)
        low = np.maximum(place, 0)
        start, end = quantiles[rows, low], quantiles[rows, low + 1]
        wide = np.where(end > start, end - start, 1.0)
        share = np.where(end > start, (day - start) / wide, 1.0)
        within = (low + np.clip(share, 0.0, 1.0)) * (CHANCES[1] - CHANCES[0])
        out[:, i] = np.where(place < 0, 0.0, np.minimum(within, LAST))
    return out


def to_bytes(model: ClassModel) -> bytes:
    """The model to be kept; `from_bytes` reads it."""
    arrays: dict[str, NDArray[Any]] = {}
    if model.life is not None:
        arrays["life"] = np.frombuffer(trees.to_bytes(model.life), dtype=np.uint8)
    note = {
        "kind": _KIND,
        "ages": _written(model.ages),
        "modes": {mode: _written(one) for mode, one in model.modes.items()},
        "names": list(model.names),
        "units": list(model.units),
        "step": model.step,
    }
    return save(arrays, note)


def from_bytes(data: bytes, expected: str = "") -> ClassModel:
    """The model that was kept. Raises BadModel where it is another one, damaged or none."""
    arrays, note = load(data, expected)
    if note.get("kind") != _KIND:
        raise BadModel("The saved model is of another kind or version. Train it again.")
    life = trees.from_bytes(arrays["life"].tobytes()) if "life" in arrays else None
    try:
        model = ClassModel(
            ages=_read(note["ages"]),
            modes={str(mode): _read(one) for mode, one in note["modes"].items()},
            life=life,
            names=tuple(str(name) for name in note["names"]),
            units=tuple(str(unit) for unit in note["units"]),
            step=float(note["step"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadModel(f"The saved model has parts that do not fit: {error}") from error
    if life is not None and max(life.preparation.origins) >= len(model.names):
        raise BadModel("The saved model does not name all of its columns. Train it again.")
    return model


def _written(ages: Weibull) -> list[float]:
    return [ages.shape, ages.scale, ages.failures]


def _read(parts: Any) -> Weibull:
    shape, scale, failures = (float(part) for part in parts)
    if not (shape > 0 and scale > 0 and failures >= 1):
        raise ValueError("a distribution has figures that are not above 0")
    return Weibull(shape, scale, int(failures))
