"""What comes in by name, and the account that its sender gets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from assets.binary import Floats, Ints
from assets.services.readings import IngestResult
from assets.services.rules import Mask


@dataclass(frozen=True, slots=True)
class Batch:
    """Readings as they were sent; sequences of one length.

    names: index into `known` of each reading. known: the distinct names, at most 500 characters.
    times: microseconds since 1970. naive: which of the times carry no time zone (their digits are
    then taken for UTC); None: none. units: of each of `known`, empty where the sender says none.
    places: where each reading stood in what was sent (line or index), for the account.
    """

    known: Sequence[str]
    names: Ints
    times: Ints
    values: Floats
    units: Sequence[str] = ()
    naive: npt.NDArray[np.bool_] | None = None
    places: Ints | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A reading that was not stored: its place in what was sent, and why."""

    place: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Account:
    """What became of a batch. accepted: those stored, held or dropped on purpose."""

    accepted: int = 0
    stored: IngestResult = field(default_factory=IngestResult)
    held: int = 0
    dropped: int = 0
    refused: list[Refusal] = field(default_factory=list)


class Sieve:
    """A batch on its way in: `left` are the readings about which nothing is decided yet.

    `times` and `values` become moments and values in the unit of the sensor on the way.
    """

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.names = batch.names.astype(np.int64)
        self.times = batch.times.astype(np.int64)
        self.values = batch.values.astype(np.float64)
        self.left: Mask = np.ones(len(self.names), dtype=bool)
        self.refused: list[Refusal] = []

    def refuse(self, wrong: Mask, reason: Callable[[int], str]) -> None:
        """Take out the readings that are wrong; `reason` says why the one at an index is."""
        places = np.flatnonzero(wrong & self.left)
        self.left[places] = False
        for place in places.tolist():
            number = place if self.batch.places is None else int(self.batch.places[place])
            name = self.batch.known[self.names[place]]
            self.refused.append(Refusal(number, name, reason(place)))

    def take_out(self, chosen: Mask) -> Mask:
        """Decide about those of the chosen that are left; returns which these were."""
        taken = chosen & self.left
        self.left &= ~taken
        return taken

    def of_names(self, marks: Sequence[bool]) -> Mask:
        """Which readings are of the names that are marked."""
        marked: Mask = np.array(marks, dtype=bool)[self.names]
        return marked
