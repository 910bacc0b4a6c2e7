"""What every forecaster takes and gives. Arrays only: no Django here."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class TooLittleHistory(ValueError):
    """The history is too short, or holds too few finite values, to say anything."""


INNER = (0.8, 0.5)
"""Levels of the narrower intervals that every forecast has, too."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What comes next, step by step: all arrays of shape (steps,), in the unit of the history.

    lower, upper  hold the value with probability `level`, judged by past errors at each horizon
    method        the name of the forecaster that has predicted best so far
    error         its mean absolute error in the backtest; NaN when there was no backtest
    mase          that error over the one of repeating the last season; below 1 is better; NaN too
    inner         (levels, 2, steps) lower and upper ends at the levels of `INNER`, nested
    dependence    correlation of the error of one step with that of the next, 0 to 1
    """

    point: Floats
    lower: Floats
    upper: Floats
    level: float
    method: str
    error: float
    mase: float
    inner: Floats
    dependence: float


class Forecaster(Protocol):
    """Forecasts from several origins at once, so that backtest and forecast are one pass."""

    @property
    def name(self) -> str: ...

    def from_origins(self, history: Floats, origins: Ints, steps: int) -> Floats:
        """Forecast shape (variants, origins, steps).

        From each origin `o` only `history[:o]` is used; every origin is at least `self.needs`.
        Variants are settings of the same method, to be chosen among by backtest.
        """
        ...

    def of_many(self, histories: Floats, origins: Ints, steps: int) -> Floats:
        """The same of series of one length (series, n): (variants, series, origins, steps)."""
        ...

    @property
    def needs(self) -> int:
        """The shortest history it can work with."""
        ...
