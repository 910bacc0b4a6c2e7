"""What a move of a work order needs, asked of the database: one function for each name.

Each gives why the order does not have it, in words that say what to do, or None.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import NamedTuple

from django.db.models import Max, Q, Sum

from maintenance.models import (
    MaintenanceType,
    StockMovement,
    Verdict,
    WorkOrder,
    WorkOrderAsset,
    WorkOrderTask,
)
from maintenance.services import labor

AFTER_A_FAILURE = (MaintenanceType.CORRECTIVE, MaintenanceType.EMERGENCY)
MOST_NAMED = 5


class Refusal(NamedTuple):
    code: str
    message: str


class Given(NamedTuple):
    """What comes with the move and stands nowhere yet."""

    at: datetime
    note: str = ""
    verdict: str = ""


def needs_failure_codes(work_order: WorkOrder, *, verdict: str = "") -> bool:
    """Whether completion needs mode, cause and mechanism: after a failure of a critical asset.

    A failure stands behind corrective and emergency work, and behind advice that was confirmed.
    """
    failed = work_order.maintenance_type in AFTER_A_FAILURE or verdict == Verdict.CONFIRMED
    if not failed:
        return False
    highest = work_order.lines.aggregate(highest=Max("asset__criticality"))["highest"] or 0
    return bool(highest >= work_order.organization.failure_codes_from)


def open_blockers(work_order: WorkOrder) -> list[str]:
    """Numbers of the open orders that block it."""
    blockers = WorkOrder.objects.filter(blocks__work_order=work_order).open()
    return list(blockers.order_by("number").values_list("number", flat=True))


def open_children(work_order: WorkOrder) -> list[str]:
    """Numbers of the open orders that are a part of it."""
    children = WorkOrder.objects.filter(parent=work_order).open()
    return list(children.order_by("number").values_list("number", flat=True))


def undecided(work_order: WorkOrder) -> list[str]:
    """Tags of the assets without a result, of an order that serves several."""
    lines = list(work_order.lines.values_list("asset__tag", "result"))
    pending = [tag for tag, result in lines if result == WorkOrderAsset.Result.PENDING]
    return pending if len(lines) > 1 else []


def has_recorded_work(work_order: WorkOrder) -> bool:
    """Labor, parts that were used and not returned, other costs, or answers of its checklist."""
    answered = work_order.tasks.exclude(outcome=WorkOrderTask.Outcome.OPEN)
    used = (
        StockMovement.objects.filter(work_order=work_order)
        .order_by()
        .values("part")
        .annotate(net=Sum("quantity"))
        .filter(~Q(net=0))
    )
    rows = (work_order.labor.all(), work_order.other_costs.all(), answered, used)
    return any(found.exists() for found in rows)


def _technician(work_order: WorkOrder, given: Given) -> Refusal | None:
    if work_order.technician is not None and work_order.technician.is_active:
        return None
    return Refusal("technician_missing", "Assign an active technician first.")


def _not_started(work_order: WorkOrder, given: Given) -> Refusal | None:
    if work_order.started_at is None:
        return None
    return Refusal("started", "Work on it was begun. Complete it with what was done.")


def _no_work(work_order: WorkOrder, given: Given) -> Refusal | None:
    if not has_recorded_work(work_order):
        return None
    return Refusal(
        "work_recorded",
        "Work was recorded on it: labor, parts, costs or answers of its checklist. Complete it"
        " with what was done.",
    )


def _reason(work_order: WorkOrder, given: Given) -> Refusal | None:
    if given.note.strip():
        return None
    return Refusal("reason_missing", "Say what it waits for, such as a part or a permit.")


def _unblocked(work_order: WorkOrder, given: Given) -> Refusal | None:
    # What was begun before it was blocked is not stopped by it.
    begun = work_order.status == WorkOrder.Status.IN_PROGRESS
    if begun or not (numbers := open_blockers(work_order)):
        return None
    text = f"It is blocked by {_listed(numbers)}. Complete that first, or take the block away."
    return Refusal("blocked", text)


def _children(work_order: WorkOrder, given: Given) -> Refusal | None:
    if not (numbers := open_children(work_order)):
        return None
    text = f"A part of it is open: {_listed(numbers)}. Complete or cancel that first."
    return Refusal("children_open", text)


def _lines(work_order: WorkOrder, given: Given) -> Refusal | None:
    if not (tags := undecided(work_order)):
        return None
    return Refusal("lines_open", f"Say what came of it at each asset. Not yet: {_listed(tags)}.")


def _tasks(work_order: WorkOrder, given: Given) -> Refusal | None:
    open_tasks = work_order.tasks.filter(outcome=WorkOrderTask.Outcome.OPEN, is_required=True)
    # What was not done at an asset needs no answers.
    done = open_tasks.exclude(line__result=WorkOrderAsset.Result.NOT_DONE)
    if not (texts := list(done.values_list("text", flat=True)[: MOST_NAMED + 1])):
        return None
    named = _listed([f"“{text}”" for text in texts])
    return Refusal("tasks_open", f"Answer the required tasks of the checklist: {named}.")


def _timers(work_order: WorkOrder, given: Given) -> Refusal | None:
    if not (entries := labor.forgotten(work_order=work_order, at=given.at)):
        return None
    return Refusal("timer_forgotten", " ".join(labor.forgotten_text(entry) for entry in entries))


def _signature(work_order: WorkOrder, given: Given) -> Refusal | None:
    if not work_order.needs_signature or work_order.signed_at is not None:
        return None
    return Refusal("signature_missing", "Let whoever accepts the work sign it first.")


def _failure_codes(work_order: WorkOrder, given: Given) -> Refusal | None:
    named = {
        "mode": work_order.failure_mode,
        "cause": work_order.failure_cause,
        "mechanism": work_order.failure_mechanism,
    }
    empty = [name for name, value in named.items() if not value]
    if not empty or not needs_failure_codes(work_order, verdict=given.verdict):
        return None
    return Refusal(
        "failure_codes_missing",
        f"Give the failure {_listed(empty)}: the asset is critical, and this was a failure.",
    )


def _listed(names: Iterable[str]) -> str:
    found = list(names)
    more = len(found) - MOST_NAMED
    return ", ".join(found[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


Guard = Callable[[WorkOrder, Given], Refusal | None]
GUARDS: dict[str, Guard] = {
    "technician": _technician,
    "not_started": _not_started,
    "no_work": _no_work,
    "reason": _reason,
    "unblocked": _unblocked,
    "children": _children,
    "lines": _lines,
    "tasks": _tasks,
    "timers": _timers,
    "signature": _signature,
    "failure_codes": _failure_codes,
}
