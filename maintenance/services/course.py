"""The course of an order: locked, asked whether it may move, and every change of status kept."""

from collections.abc import Sequence
from datetime import datetime

from maintenance.models import WorkOrder, WorkOrderTransition
from maintenance.services import labor
from maintenance.services.guards import GUARDS, Given, Refusal
from maintenance.workflow import Move, move_between
from opssight.accounts.models import User

NO_CHANGE = "Nothing was changed: the work order is already {status}."
NO_MOVE = "Nothing was changed: a work order that is {status} cannot become {to}."
FINAL = {
    WorkOrder.Status.COMPLETED: " What is left to do is a follow-up of it.",
    WorkOrder.Status.CLOSED: " What is left to do is a follow-up of it.",
    WorkOrder.Status.CANCELLED: " Make a new one, or a follow-up of it.",
    WorkOrder.Status.DRAFT: " It has to be approved first.",
    WorkOrder.Status.IN_PROGRESS: " Complete it with what was done, or let it wait.",
}


class TransitionRefused(Exception):
    """The order cannot make this move now. `code` is for programs, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


def lock(work_order: WorkOrder) -> WorkOrder:
    """The order as it is now, kept from everybody else until the transaction ends."""
    return (
        WorkOrder.objects.select_for_update(of=("self",))
        .select_related(
            "asset__site",
            "organization",
            "technician__user",
            "recommendation",
            "job_plan",
        )
        .get(pk=work_order.pk)
    )


def lock_open(work_order: WorkOrder) -> WorkOrder:
    """The order, locked, for a change of what it consists of.

    Raises TransitionRefused (`not_open`) once it is completed, closed or cancelled.
    """
    locked = lock(work_order)
    if not locked.is_open:
        raise TransitionRefused("not_open", NO_CHANGE.format(status=_word(locked.status)))
    return locked


def move_of(work_order: WorkOrder, to: str) -> Move:
    """The move to this status. Raises TransitionRefused (`not_possible`) where there is none."""
    found = move_between(work_order.status, to)
    if found is not None:
        return found
    if work_order.status == to:
        raise TransitionRefused("not_possible", NO_CHANGE.format(status=_word(to)))
    text = NO_MOVE.format(status=_word(work_order.status), to=_word(to))
    raise TransitionRefused(
        "not_possible", text + FINAL.get(WorkOrder.Status(work_order.status), "")
    )


def missing(work_order: WorkOrder, move: Move, given: Given) -> list[Refusal]:
    """Why the order cannot make the move now; empty where it can."""
    found = (GUARDS[name](work_order, given) for name in move.needs)
    return [refusal for refusal in found if refusal is not None]


def check(work_order: WorkOrder, to: str, given: Given) -> Move:
    """The move, when nothing speaks against it. Raises TransitionRefused with every reason."""
    move = move_of(work_order, to)
    if refusals := missing(work_order, move, given):
        raise TransitionRefused(refusals[0].code, " ".join(one.message for one in refusals))
    return move


def stop_timers(work_order: WorkOrder, at: datetime) -> None:
    """End the running timers. Raises TransitionRefused for one that was forgotten."""
    try:
        labor.stop_timers(work_order=work_order, at=at)
    except labor.LaborRefused as error:
        raise TransitionRefused("timer_forgotten", str(error)) from error


def record(
    work_order: WorkOrder, *, before: str, by: User | None, at: datetime, note: str = ""
) -> None:
    """Keep that the order came from `before` (empty: it was created) to its status."""
    _row(work_order, before=before, by=by, at=at, note=note).save(force_insert=True)


def record_moves(changes: Sequence[tuple[WorkOrder, str]], *, by: User, at: datetime) -> None:
    """Keep that each order came from the status beside it to its own, in one statement."""
    rows = [_row(order, before=before, by=by, at=at, note="") for order, before in changes]
    WorkOrderTransition.objects.bulk_create(rows)


def record_creation(
    *, orders: Sequence[WorkOrder], at: datetime, by: User | None = None, note: str = ""
) -> None:
    """Keep that these orders were created, in one statement. `by` None: by a schedule."""
    rows = [_row(order, before="", by=by, at=at, note=note) for order in orders]
    WorkOrderTransition.objects.bulk_create(rows)


def _row(
    work_order: WorkOrder, *, before: str, by: User | None, at: datetime, note: str
) -> WorkOrderTransition:
    return WorkOrderTransition(
        organization_id=work_order.organization_id,
        asset_id=work_order.asset_id,
        work_order=work_order,
        from_status=before,
        to_status=work_order.status,
        at=at,
        by=by,
        note=note,
    )


def _word(status: str) -> str:
    return WorkOrder.Status(status).label.lower()
