"""Calibrated probabilities of failure, kept as plain arrays."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecasts.boosting.saving import BadModel, load, save
from forecasts.boosting.trees import Trees, trees_of
from forecasts.failures.features import WINDOWS, Floats

_KIND = "failure probability"


@dataclass(frozen=True, slots=True)
class Calibration:
    """From what the trees say (log odds, rising) to how often it then happened; straight between.

    Both of shape (knots,).
    """

    said: Floats
    happened: Floats

    def probability(self, log_odds: Floats) -> Floats:
        """The calibrated probability of each."""
        return np.asarray(np.interp(log_odds, self.said, self.happened))


@dataclass(frozen=True, slots=True)
class FailureModel:
    """horizons: hours, rising, with trees and a calibration for each. kinds: of events, in order.

    failures: how many it was learned from. signals: what is measured, in order.
    """

    horizons: tuple[float, ...]
    kinds: tuple[str, ...]
    trees: tuple[Trees, ...]
    calibrations: tuple[Calibration, ...]
    failures: int
    signals: tuple[str, ...] = ()

    @property
    def is_sure(self) -> bool:
        """Whether it was learned from enough failures."""
        return self.failures >= 20

    def probability(self, rows: NDArray[np.floating[Any]]) -> Floats:
        """Probability of failure (n, horizons) for rows of features; never falls with the horizon.

        A longer horizon holds the shorter one: where its own trees say less, the shorter one's
        probability stands.
        """
        each = [
            calibration.probability(trees.predict(rows))
            for trees, calibration in zip(self.trees, self.calibrations, strict=True)
        ]
        return np.asarray(np.maximum.accumulate(np.stack(each, axis=1), axis=1))


def origins(model: FailureModel, traits: int) -> list[str]:
    """What each column is made of: a kind of event, a signal or "trait 0", "trait 1", …"""
    of_kinds = [kind for kind in model.kinds for _ in range(len(WINDOWS) + 1)]
    return [*of_kinds, *model.signals, *(f"trait {i}" for i in range(traits))]


def to_bytes(model: FailureModel) -> bytes:
    """The model to be kept; `from_bytes` reads it."""
    arrays: dict[str, NDArray[Any]] = {}
    for i, (trees, calibration) in enumerate(zip(model.trees, model.calibrations, strict=True)):
        arrays |= trees.arrays(f"{i}.")
        arrays |= {f"{i}.said": calibration.said, f"{i}.happened": calibration.happened}
    note = {
        "horizons": model.horizons,
        "kinds": model.kinds,
        "failures": model.failures,
        "signals": model.signals,
    }
    return save(arrays, {"kind": _KIND, **note})


def from_bytes(data: bytes, expected: str = "") -> FailureModel:
    """The model that was kept. Raises BadModel where it is another one, damaged or none."""
    arrays, note = load(data, expected)
    if note.get("kind") != _KIND:
        raise BadModel("The saved model is of another kind or version. Train it again.")
    try:
        horizons = tuple(float(horizon) for horizon in note["horizons"])
        model = FailureModel(
            horizons=horizons,
            kinds=tuple(str(kind) for kind in note["kinds"]),
            trees=tuple(trees_of(arrays, f"{i}.") for i in range(len(horizons))),
            calibrations=tuple(
                Calibration(arrays[f"{i}.said"], arrays[f"{i}.happened"])
                for i in range(len(horizons))
            ),
            failures=int(note["failures"]),
            signals=tuple(str(name) for name in note["signals"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BadModel(f"The saved model has parts that do not fit: {error}") from error
    for one in model.calibrations:
        if one.said.ndim != 1 or one.said.shape != one.happened.shape or not len(one.said):
            raise BadModel("The saved model has a calibration that does not fit. Train it again.")
    return model
