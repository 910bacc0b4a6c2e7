"""What the monitor is told of a sensor, and what it answers. Numbers and words only: no Django."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Kind(StrEnum):
    """What can be wrong with data, as far as readings and their arrival show it."""

    FLAT_LINE = "flat_line"
    NOISE_COLLAPSE = "noise_collapse"
    OUT_OF_RANGE = "out_of_range"
    UNIT_JUMP = "unit_jump"
    CLOCK_SKEW = "clock_skew"
    COUNTER_RESET = "counter_reset"
    DUPLICATE_SOURCE = "duplicate_source"


@dataclass(frozen=True, slots=True)
class Rules:
    """What people have said of a sensor. Limits are in its unit; None: not known."""

    is_counter: bool = False
    unit: str = ""
    physical_low: float | None = None
    physical_high: float | None = None
    rolls_over_at: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault that began, or with an `end` the one of its kind that is over.

    Times are seconds since 1970 (UTC). text: one sentence with the numbers; empty where the fault
    was told before.
    """

    kind: Kind
    start: float
    end: float | None = None
    text: str = ""
