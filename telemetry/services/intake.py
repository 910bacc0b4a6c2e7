"""The one way in for readings that come by name: known, converted, checked and stored."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt

from assets.binary import Floats, Ints
from assets.services.readings import IngestResult
from opssight.accounts.models import User
from telemetry.models import Way


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


def take(*, organization_id: int, way: Way, batch: Batch, by: User | None, at: datetime) -> Account:
    """Store what the rules allow, in one transaction; durable when this returns.

    by: the sender, whose membership says which assets it may write to (the role integration of a
    part of the plant); None for the organization's own listener, which may write to all.
    Safe to repeat and to run concurrently.
    """
    raise NotImplementedError
