"""A body of readings, taken in portion by portion, and the one account of it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from assets.services.readings import IngestResult
from opssight.accounts.models import User
from telemetry.formats.columns import Columns
from telemetry.models import Way
from telemetry.services import pressure
from telemetry.services.intake import Batch, Refusal, take

MOST_REFUSALS = 1_000
"""Named in an account; more are counted."""


@dataclass(slots=True)
class Outcome:
    """What became of a body; `refusals` are the first of those that `refused` counts."""

    accepted: int = 0
    stored: IngestResult = field(default_factory=IngestResult)
    held: int = 0
    dropped: int = 0
    refused: int = 0
    refusals: list[Refusal] = field(default_factory=list)

    def refuse(self, refusals: Iterable[Refusal]) -> None:
        for refusal in refusals:
            self.refused += 1
            if len(self.refusals) < MOST_REFUSALS:
                self.refusals.append(refusal)


class Interrupted(pressure.Busy):
    """Not all was taken: the portions before are stored, as `outcome` says; the rest is not.

    To send everything again stores nothing twice.
    """

    def __init__(self, outcome: Outcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome


def take_portions(
    *, organization_id: int, way: Way, portions: Iterable[Columns], by: User, at: datetime
) -> Outcome:
    """Take each portion in a transaction of its own; durable when this returns.

    Inside of a transaction nothing is durable before its end. Raises Interrupted.
    """
    outcome = Outcome()
    for portion in portions:
        unread = [Refusal(item.place, item.name, item.reason) for item in portion.unread]
        try:
            refused = _take(outcome, organization_id, way, portion, by, at)
        except pressure.Busy as busy:
            raise Interrupted(outcome, str(busy)) from busy
        outcome.refuse(sorted([*unread, *refused], key=lambda refusal: refusal.place))
    return outcome


def _take(
    outcome: Outcome, organization_id: int, way: Way, portion: Columns, by: User, at: datetime
) -> list[Refusal]:
    if not len(portion.names):
        return []
    batch = Batch(
        known=portion.known,
        names=portion.names,
        times=portion.times,
        values=portion.values,
        units=portion.units,
        naive=portion.naive,
        places=portion.places,
    )
    with pressure.bounded():
        account = take(organization_id=organization_id, way=way, batch=batch, by=by, at=at)
    outcome.accepted += account.accepted
    outcome.stored += account.stored
    outcome.held += account.held
    outcome.dropped += account.dropped
    return account.refused
