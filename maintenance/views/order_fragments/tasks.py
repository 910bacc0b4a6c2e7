"""The checklist of an order, to be answered."""

from itertools import groupby
from typing import Any

from maintenance.forms.checklists import ApplyPlanForm
from maintenance.models import WorkOrder, WorkOrderTask
from maintenance.models.plans import with_unit
from maintenance.services import order_tasks
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest

Outcome = WorkOrderTask.Outcome


def context(request: UserRequest, work_order: WorkOrder) -> dict[str, Any]:
    tasks = list(
        tasks_of(request)
        .filter(work_order=work_order)
        .order_by("line__position", "line_id", "position", "pk")
    )
    may_plan = request.user.can(Permission.WORK_ORDER_PLAN, work_order.organization_id)
    can_take_plan = may_plan and work_order.is_open and work_order.job_plan_id is None
    form = ApplyPlanForm(work_order=work_order, auto_id="order-%s") if can_take_plan else None
    return {
        "groups": [
            (asset, [item_of(task) for task in rows])
            for asset, rows in groupby(tasks, key=lambda task: task.asset)
        ],
        "progress": progress_of(tasks),
        "plan": work_order.job_plan,
        "may_answer": may_answer(request, work_order),
        "may_add": work_order.is_open
        and order_tasks.may_add(user=request.user, work_order=work_order),
        "plan_form": form if form and form.fields["plan"].queryset.exists() else None,  # type: ignore[attr-defined]
    }


def tasks_of(request: UserRequest) -> Any:
    return WorkOrderTask.objects.for_user(request.user).select_related(
        "work_order", "asset", "sensor", "photo", "answered_by", "corrective", "added_by"
    )


def item_of(task: WorkOrderTask, **more: Any) -> dict[str, Any]:
    """A task, and how it is shown."""
    words = {"check": ("Done", "Not done"), "pass_fail": ("Pass", "Fail")}.get(task.kind)
    shown = {"check": ("Done", "Not done")}.get(task.kind, ("Passed", "Failed"))
    unit = task.unit or (task.sensor.unit if task.sensor else "")
    return {
        "task": task,
        "choices": [*zip((Outcome.PASSED, Outcome.FAILED), words, strict=True)] if words else [],
        "is_measured": task.kind in ("number", "reading"),
        "unit": unit,
        "value": "" if task.number is None else with_unit(task.number, unit),
        # What a note alone does not change: of a number it follows from the limits.
        "kept_outcome": task.outcome if words or task.number is None else "",
        "shown": shown[task.outcome == Outcome.FAILED],
        "has_note": bool(task.answer) and task.kind != "text",
        **more,
    }


def progress_of(tasks: list[WorkOrderTask]) -> dict[str, int]:
    return {
        "total": len(tasks),
        "answered": sum(task.outcome != Outcome.OPEN for task in tasks),
        "failed": sum(task.outcome == Outcome.FAILED for task in tasks),
        "required": sum(task.is_required and task.outcome == Outcome.OPEN for task in tasks),
    }


def may_answer(request: UserRequest, order: WorkOrder) -> bool:
    is_going_on = order.status == WorkOrder.Status.IN_PROGRESS
    return is_going_on and request.user.can(Permission.WORK_ORDER_EXECUTE, order.organization_id)
