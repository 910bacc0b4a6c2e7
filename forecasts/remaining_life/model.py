"""The remaining life of units in use, as a distribution, by trees kept as plain arrays.

What the trees say of a unit is looked up among what they said of histories whose units they had
not seen (cross-conformal prediction by unit; Vovk 2015, "Cross-conformal predictors"): the lives
that those really had left are the distribution.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecasts.boosting.saving import BadModel, load, save
from forecasts.boosting.trees import Trees, trees_of
from forecasts.remaining_life.features import Floats, Life, Preparation

_KIND = "remaining life"

CHANCES: Floats = np.linspace(0.0, 1.0, 201)
"""At which probabilities distributions are kept."""

POINTS = 64
"""Predictions at which a distribution is kept, evenly from 0 to the clip."""


@dataclass(frozen=True, slots=True)
class Remaining:
    """Of n units: what is left, in the unit of the ages.

    lower and upper hold the truth with probability `level`; an upper of the clip means that much or
    more.
    """

    point: Floats
    lower: Floats
    median: Floats
    upper: Floats
    level: float


@dataclass(frozen=True, slots=True)
class LifeModel:
    """clip: longer lives are learned as this many cycles; table: (POINTS, chances) cycles left.

    units: how many failures it was learned from.
    """

    preparation: Preparation
    members: tuple[Trees, ...]
    table: Floats
    clip: float
    units: int

    @property
    def is_sure(self) -> bool:
        """Whether the histories are enough: with fewer, errors are half as large again."""
        return self.units >= 20

    def features(self, lives: Sequence[Life]) -> NDArray[np.float32]:
        """One row for each unit, from all that is known of it."""
        return np.stack([self.preparation.features(life)[-1] for life in lives])

    def remaining(self, rows: NDArray[np.floating[Any]], level: float = 0.9) -> Remaining:
        """What is left for the unit of each row of features."""
        said = mean_of(self.members, rows, self.clip)
        tail = (1.0 - level) / 2.0
        lower, median, upper = self._quantiles(said, np.array([tail, 0.5, 1.0 - tail]))
        return Remaining(
            point=said,
            lower=np.minimum(lower, said),
            median=median,
            upper=np.maximum(upper, said),
            level=level,
        )

    def effects(self, rows: NDArray[np.floating[Any]]) -> tuple[float, Floats]:
        """What the members usually say, and how many cycles each column adds to it (n, columns).

        They add up to what is said before it is held between 0 and the clip.
        """
        each = [trees.effects(rows) for trees in self.members]
        return float(np.mean([usual for usual, _ in each])), np.mean([e for _, e in each], axis=0)

    def quantiles(self, rows: NDArray[np.floating[Any]], chances: Floats) -> tuple[Floats, Floats]:
        """What is left with each of the chances, (n, chances), and the chance (n,) to fail before
        the clip, from which on the quantiles are the clip.
        """
        said = mean_of(self.members, rows, self.clip)
        before = self._between(_below(self.table, self.clip)[:, None], said)[:, 0]
        return self._quantiles(said, chances).T, before

    def failure(self, rows: NDArray[np.floating[Any]], horizons: Floats) -> Floats:
        """Probability (n, horizons) to fail within so many cycles; grows with the horizon.

        NaN from the clip on: of longer lives nothing was learned.
        """
        grid = self._between(self.table, mean_of(self.members, rows, self.clip))
        within = [
            np.interp(horizons, one, CHANCES) for one in grid + np.arange(len(CHANCES)) * 1e-9
        ]
        chances = np.array(within).reshape(len(rows), len(horizons))
        return np.where(np.asarray(horizons)[None, :] < self.clip, chances, np.nan)

    def _quantiles(self, said: Floats, chances: Floats) -> Floats:
        """What is left with each of these chances, shape (chances, n)."""
        of_points = np.array([np.interp(chances, CHANCES, one) for one in self.table])
        return self._between(of_points, said).T

    def _between(self, of_points: Floats, said: Floats) -> Floats:
        """For each prediction, what lies between the rows of the two nearest points."""
        place = np.clip(said / self.clip, 0.0, 1.0) * (POINTS - 1)
        low = np.minimum(place.astype(np.int64), POINTS - 2)
        share = (place - low)[:, None]
        return np.asarray(of_points[low] * (1.0 - share) + of_points[low + 1] * share)


def _below(table: Floats, clip: float) -> Floats:
    """The chance, by point, to fail before the clip, shape (POINTS,)."""
    return np.array([np.sum(one < clip) for one in table]) / len(CHANCES)


def mean_of(members: Sequence[Trees], rows: NDArray[np.floating[Any]], clip: float) -> Floats:
    """What the members say on average, between 0 and the clip."""
    said = np.mean([trees.predict(rows) for trees in members], axis=0)
    return np.asarray(np.clip(said, 0.0, clip))


def to_bytes(model: LifeModel) -> bytes:
    """The model to be kept; `from_bytes` reads it."""
    arrays: dict[str, NDArray[Any]] = {"table": model.table}
    arrays |= {f"preparation.{name}": part for name, part in asdict(model.preparation).items()}
    for i, trees in enumerate(model.members):
        arrays |= trees.arrays(f"{i}.")
    note = {"kind": _KIND, "clip": model.clip, "units": model.units, "members": len(model.members)}
    return save(arrays, note)


def from_bytes(data: bytes, expected: str = "") -> LifeModel:
    """The model that was kept. Raises BadModel where it is another one, damaged or none."""
    arrays, note = load(data, expected)
    try:
        names = Preparation.__dataclass_fields__
        preparation = Preparation(**{name: arrays[f"preparation.{name}"] for name in names})
        members = tuple(trees_of(arrays, f"{i}.") for i in range(int(note["members"])))
        clip, units, table = float(note["clip"]), int(note["units"]), arrays["table"]
    except (KeyError, TypeError, ValueError) as error:
        raise BadModel(f"The saved model has parts that do not fit: {error}") from error
    columns = {int(trees.columns) for trees in members}
    fits = columns == {preparation.columns} and table.shape == (POINTS, len(CHANCES))
    if note.get("kind") != _KIND or not fits:
        raise BadModel("The saved model is of another kind or version. Train it again.")
    return LifeModel(preparation, members, table, clip, units)
