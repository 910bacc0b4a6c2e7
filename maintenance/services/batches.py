"""Many orders changed at once: each is checked for itself, and all are written together."""

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from maintenance.models import WorkOrder
from maintenance.queries.clashes import clashes_of
from maintenance.services import course
from maintenance.services.course import TransitionRefused
from maintenance.services.dispatch_news import Change, tell, tell_others
from maintenance.services.guards import Given
from maintenance.services.transitions import EFFECTS
from opssight.accounts.models import User

WRITTEN = ("status", "technician", "planned_start", "planned_end", "due_at", "waiting_for")
GONE = "This order does not exist any more."
CHANGED = "It was changed in the meantime: it is {status}, {person}. Look at it, and choose again."
NOT_OPEN = "Nothing was changed: the work order is already {status}."


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one order: done, or the reason why not. `order` is as it is now.

    clashes: what speaks against the plan that was made, in words.
    """

    order: WorkOrder
    done: bool
    reason: str = ""
    clashes: list[str] = field(default_factory=list)


class Refused(Exception):
    """Why one order is left as it is, in words."""


def state_of(order: WorkOrder) -> str:
    """What a plan for the order rests on; it is another one after somebody else planned it."""
    moments = (order.planned_start, order.planned_end, order.due_at)
    times = (f"{moment.timestamp():.6f}" if moment else "" for moment in moments)
    return "_".join((order.status, str(order.technician_id or ""), *times))


def locked(orders: Iterable[WorkOrder]) -> dict[int, WorkOrder]:
    """The orders as they are now, by id, kept from everybody else until the transaction ends.

    Locked in the order of their ids, so that two planners never wait for each other in a circle.
    """
    rows = (
        WorkOrder.objects.select_for_update(of=("self",))
        .select_related("asset", "organization", "technician__user")
        .filter(pk__in={one.pk for one in orders})
    )
    return {row.pk: row for row in rows.order_by("pk")}


@dataclass
class Batch:
    """Changes of locked orders, collected one by one; `write` brings them to the database."""

    by: User
    at: datetime
    rows: dict[int, WorkOrder]
    outcomes: list[Outcome] = field(default_factory=list)
    before: dict[int, WorkOrder] = field(default_factory=dict)

    def try_one(self, order: WorkOrder, state: str, change: Callable[[WorkOrder], None]) -> None:
        """Let `change` alter the order; what it refuses leaves the order as it was."""
        row = self.rows.get(order.pk)
        if row is None:
            self.outcomes.append(Outcome(order, done=False, reason=GONE))
            return
        changed = copy.copy(row)
        try:
            _refuse_what_is_over(row, state or state_of(order))
            change(changed)
        except (Refused, TransitionRefused) as refusal:
            self.outcomes.append(Outcome(row, done=False, reason=str(refusal)))
            return
        self.before.setdefault(row.pk, row)
        self.rows[row.pk] = changed
        self.outcomes.append(Outcome(changed, done=True))

    def step(self, order: WorkOrder, to: str) -> None:
        """Move the order by the table of transitions. Raises TransitionRefused."""
        move = course.check(order, to, Given(self.at))
        order.status = WorkOrder.Status(to)
        EFFECTS[move.name](order, self.by, self.at, "")

    def write(self) -> list[Outcome]:
        """Save what differs, keep each change of status, and tell technicians and webhooks."""
        changes = [
            Change(before, self.rows[pk])
            for pk, before in self.before.items()
            if _differ(before, self.rows[pk])
        ]
        WorkOrder.objects.bulk_update([one.after for one in changes], WRITTEN)
        moved = [
            (one.after, one.before.status)
            for one in changes
            if one.after.status != one.before.status
        ]
        course.record_moves(moved, by=self.by, at=self.at)
        tell(changes, by=self.by, at=self.at)
        tell_others(changes, at=self.at)
        clashes = clashes_of(orders=[one.order for one in self.outcomes if one.done])
        return [replace(one, clashes=clashes.get(one.order.pk, [])) for one in self.outcomes]


def _refuse_what_is_over(row: WorkOrder, state: str) -> None:
    if not row.is_open:
        raise Refused(NOT_OPEN.format(status=row.get_status_display().lower()))
    if state_of(row) != state:
        person = f"with {row.technician}" if row.technician else "with nobody"
        raise Refused(CHANGED.format(status=row.get_status_display().lower(), person=person))


def _differ(before: WorkOrder, after: WorkOrder) -> bool:
    return any(
        getattr(before, name) != getattr(after, name)
        for name in ("technician_id", *WRITTEN)
        if name != "technician"
    )
