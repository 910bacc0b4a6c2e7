"""Every change of an order's status, by the one table of `maintenance.workflow`.

Completion is a module of its own; `move` leads there too.
"""

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from maintenance.models import RequestMail, WorkOrder
from maintenance.services import course, guards, reporters, store, verdicts
from maintenance.services.completion import Outcome, complete, technician_of
from maintenance.services.course import TransitionRefused
from maintenance.services.events import Event, work_order_event
from maintenance.services.serving import move_on
from maintenance.workflow import BY_NAME, Move, moves_from
from notifications.services import publish
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission

__all__ = ["Possible", "TransitionRefused", "cancel", "move", "permission_for", "possible", "start"]
Status = WorkOrder.Status


class Possible(NamedTuple):
    """A move that the order's status has, who may make it, and what is missing for it."""

    move: Move
    permitted: bool
    reasons: list[guards.Refusal]

    @property
    def allowed(self) -> bool:
        return self.permitted and not self.reasons


def permission_for(name: str) -> Permission:
    """Who may make the move of this name."""
    return Permission(BY_NAME[name].permission)


def possible(*, work_order: WorkOrder, user: User, at: datetime) -> list[Possible]:
    """What can become of the order from where it stands now, in the order of the table.

    What the person gives together with the move, as the reason for waiting, counts as given.
    """
    return [
        Possible(
            move,
            user.can(Permission(move.permission), work_order.organization_id),
            course.missing(work_order, move, guards.Given(at, note="given")),
        )
        for move in moves_from(work_order.status)
    ]


@transaction.atomic
def move(*, work_order: WorkOrder, to: str, by: User, at: datetime, note: str = "") -> WorkOrder:
    """Bring the order to a status. Whether the person may is asked before, by `permission_for`.

    note: for `waiting` what it waits for; for `completed` what was done; else kept with the change.
    Raises TransitionRefused when the table has no such move, or something is missing for it.
    """
    if to == Status.COMPLETED:
        complete(work_order=work_order, by=by, at=at, outcome=Outcome(notes=note))
        return course.lock(work_order)
    locked = course.lock(work_order)
    step = course.check(locked, to, guards.Given(at, note=note))
    before, locked.status = locked.status, Status(to)
    EFFECTS[step.name](locked, by, at, note)
    locked.save()
    course.record(locked, before=before, by=by, at=at, note=note)
    if (event := EVENTS.get(step.name)) is not None:
        happening = work_order_event(locked, event)
        publish(organization=locked.organization_id, happenings=[happening], at=at)
    return locked


def start(*, work_order: WorkOrder, by: User, at: datetime) -> WorkOrder:
    """Begin the work, or go on with it; an unassigned order goes to the technician who begins it.

    Raises TransitionRefused when it was begun, completed or called off before.
    """
    return move(work_order=work_order, to=Status.IN_PROGRESS, by=by, at=at)


def cancel(*, work_order: WorkOrder, by: User, at: datetime, note: str = "") -> WorkOrder:
    """Call off work that was not begun; its recommendation is open again, its occurrence skipped.

    Raises TransitionRefused once work was begun or recorded.
    """
    return move(work_order=work_order, to=Status.CANCELLED, by=by, at=at, note=note)


def _nothing_else(work_order: WorkOrder, by: User, at: datetime, note: str) -> None:
    """The status is all that changes."""


def _schedule(work_order: WorkOrder, by: User, at: datetime, note: str) -> None:
    work_order.waiting_for = ""


def _unschedule(work_order: WorkOrder, by: User, at: datetime, note: str) -> None:
    work_order.planned_start = work_order.planned_end = None
    work_order.waiting_for = ""


def _begin(work_order: WorkOrder, by: User, at: datetime, note: str) -> None:
    work_order.started_at = work_order.started_at or at
    work_order.technician = work_order.technician or technician_of(work_order, by)
    work_order.waiting_for = ""


def _wait(work_order: WorkOrder, by: User, at: datetime, note: str) -> None:
    work_order.waiting_for = note
    course.stop_timers(work_order, at)


def _cancel(work_order: WorkOrder, by: User, at: datetime, note: str) -> None:
    work_order.waiting_for = ""
    store.release(work_order=work_order)
    if work_order.schedule_id is not None and work_order.occurrence_at is not None:
        # The generator looks for open orders of the schedule: this one is none any more.
        WorkOrder.objects.filter(pk=work_order.pk).update(status=work_order.status)
        move_on(
            work_order.schedule_id,
            served=work_order.occurrence_at,
            completed=work_order.occurrence_at,
            done=False,
            at=at,
        )
    verdicts.reopen(work_order=work_order)
    reporters.tell_of_order(work_order=work_order, news=RequestMail.News.CALLED_OFF, at=at)


Effect = Callable[[WorkOrder, User, datetime, str], None]
EFFECTS: dict[str, Effect] = {
    "approve": _nothing_else,
    "schedule": _schedule,
    "unschedule": _unschedule,
    "start": _begin,
    "resume": _begin,
    "wait": _wait,
    "close": _nothing_else,
    "cancel": _cancel,
}
EVENTS = {"start": Event.WORK_ORDER_STARTED, "cancel": Event.WORK_ORDER_CANCELLED}
