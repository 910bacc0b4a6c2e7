"""What all detectors have in common. Arrays only: no Django here."""

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Codes = NDArray[np.int8]


class Channel(StrEnum):
    """What about a reading was strange. The order is the code stored in `Scores.channel`."""

    HIGH = "high"
    LOW = "low"
    DRIFT_UP = "drift_up"
    DRIFT_DOWN = "drift_down"


CHANNELS = tuple(Channel)
UPWARD = frozenset({Channel.HIGH, Channel.DRIFT_UP})
DOWNWARD = frozenset({Channel.LOW, Channel.DRIFT_DOWN})


WARM_UP = 100
"""Readings that the engine learns from before it judges one."""

GAP_READINGS = 10.0
"""So many usual intervals without a reading are a gap."""


class UnorderedTimes(ValueError):
    """Times must rise strictly, within a batch and from one batch to the next."""


class UnknownState(ValueError):
    """These bytes were not saved by this version of this detector: start again from `None`."""


@dataclass(frozen=True, slots=True)
class Scores:
    """One entry per reading handed in, all arrays of shape (n,).

    score     how new it is: 0 is ordinary, 1 is the alarm line; always finite, never negative, 0
              where `judged` is false. What lasts is new only once.
    away      how large it is, new or not: the deviation over what this sensor hardly ever exceeds;
              finite, never negative. An event opens and goes on where it is 1 and more.
    observed  what was judged: the value itself, or for a counter its rise per hour; where a mean of
              the last readings is farthest away, the expected value and that mean's deviation
    expected  what was expected for that moment, in the unit of `observed`; NaN while learning
    scale     the typical distance from expected, same unit; NaN while learning
    channel   index into `CHANNELS` of what was farthest away
    judged    false while learning, for what is ignored, and for a value that is no finite number
    interval  the usual seconds between two readings, as learned up to there; 0 while learning
    """

    score: Floats
    away: Floats
    observed: Floats
    expected: Floats
    scale: Floats
    channel: Codes
    judged: Bools
    interval: Floats

    def __len__(self) -> int:
        return len(self.score)

    def of(self, rows: Any) -> "Scores":
        """Those of some readings: a slice, a mask or places."""
        return Scores(*(getattr(self, field.name)[rows] for field in fields(self)))

    def beyond(self, line: float | Floats) -> "Scores":
        """With the alarm line so many times as far out."""
        return replace(self, score=self.score / line, away=self.away / line)


def check_times(times: Floats, last: float) -> None:
    """Raise `UnorderedTimes` unless `times` rises strictly and starts after `last`."""
    if not len(times):
        return
    if not np.all(np.isfinite(times)):
        raise UnorderedTimes("A reading has no finite time. Remove it and score again.")
    if times[0] <= last or np.any(np.diff(times) <= 0):
        raise UnorderedTimes(
            "Readings must come in order of time, each once, after the last one scored "
            f"({last:.0f} s). Sort them, or rescore the sensor from the start."
        )
