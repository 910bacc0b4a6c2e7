"""The checklist of an order, on its page: made for one hand, in gloves."""

from itertools import groupby
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe
from django_htmx.http import trigger_client_event

from maintenance.forms.checklists import AnswerForm, ApplyPlanForm
from maintenance.models import WorkOrder, WorkOrderTask
from maintenance.models.plans import with_unit
from maintenance.services import answers, attachments, plans
from maintenance.services import order_tasks as own_tasks
from maintenance.views.answers import require, stay
from maintenance.views.hindrances import with_hindrances
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest
from opssight.core.uploads import takes_files

TEMPLATE = "maintenance/order/tasks.html"
ONE = "maintenance/order/task.html"
Outcome = WorkOrderTask.Outcome


def context(request: UserRequest, work_order: WorkOrder) -> dict[str, Any]:
    tasks = list(
        _tasks(request)
        .filter(work_order=work_order)
        .order_by("line__position", "line_id", "position", "pk")
    )
    may_plan = request.user.can(Permission.WORK_ORDER_PLAN, work_order.organization_id)
    can_take_plan = may_plan and work_order.is_open and work_order.job_plan_id is None
    form = ApplyPlanForm(work_order=work_order, auto_id="order-%s") if can_take_plan else None
    return {
        "groups": [
            (asset, [_item(task) for task in rows])
            for asset, rows in groupby(tasks, key=lambda task: task.asset)
        ],
        "progress": _progress(tasks),
        "plan": work_order.job_plan,
        "may_answer": _may_answer(request, work_order),
        "may_add": work_order.is_open
        and own_tasks.may_add(user=request.user, work_order=work_order),
        "plan_form": form if form and form.fields["plan"].queryset.exists() else None,  # type: ignore[attr-defined]
    }


@require_safe
@login_required
def order_tasks(request: UserRequest, pk: int) -> HttpResponse:
    return _show(request, _order(request, pk))


@require_POST
@login_required
def apply_plan(request: UserRequest, pk: int) -> HttpResponse:
    """Give the order a job plan."""
    row = _order(request, pk)
    require(request, Permission.WORK_ORDER_PLAN, row.organization_id)
    form = ApplyPlanForm(request.POST, work_order=row, auto_id="order-%s")
    if not form.is_valid():
        return _show(request, row, status=422, plan_form=form)
    plan = form.cleaned_data["plan"]
    try:
        plans.apply(work_order=row, plan=plan, at=timezone.now())
    except plans.PlanRefused as refused:
        return _show(request, _order(request, pk), status=409, error=str(refused))
    row = _order(request, pk)
    return stay(request, row, _show(request, row), f"{row.number} follows {plan.code} now.")


@takes_files
@require_POST
@login_required
def answer(request: UserRequest, pk: int) -> HttpResponse:
    """Answer one task; htmx gets the task and the progress of the checklist."""
    task = get_object_or_404(_tasks(request), pk=pk)
    require(request, Permission.WORK_ORDER_EXECUTE, task.organization_id)
    form = AnswerForm(request.POST, request.FILES)
    if not form.is_valid():
        return _refused(request, task, form, ValidationError(form.errors.as_data()))
    try:
        with transaction.atomic():
            _answer(request, task, form)
    except ValidationError as error:
        return _refused(request, task, form, error)
    except (answers.ChecklistClosed, answers.AnsweredSince) as error:
        return _one(request, task, error=str(error), status=409)
    return _answered(request, task)


def _answer(request: UserRequest, task: WorkOrderTask, form: AnswerForm) -> None:
    """Keep the photo, if there is one, and the answer."""
    at, upload = timezone.now(), form.cleaned_data["photo"]
    photo = task.photo
    if upload:
        photo = attachments.attach(
            asset=task.asset, upload=upload, by=request.user, at=at, work_order=task.work_order
        )
    answers.answer(task=task, given=form.given(task, photo, at), by=request.user, at=at)


def _answered(request: UserRequest, task: WorkOrderTask) -> HttpResponse:
    before, task = task, _tasks(request).get(pk=task.pk)
    opened = task.corrective if before.corrective_id is None else None
    said = f"{opened.number} was opened to repair it." if opened else ""
    if not request.htmx:
        messages.success(request, said or "The answer was saved.")
        return redirect(f"{task.work_order.get_absolute_url()}#task-{task.pk}")
    response = _one(request, task, focus=True)
    if not said:
        return response
    return trigger_client_event(response, "toast", {"text": said, "tone": "info"})


def _refused(
    request: UserRequest, task: WorkOrderTask, form: AnswerForm, error: ValidationError
) -> HttpResponse:
    """422 and the task with what was typed, and why it was not taken."""
    invalid = next(iter(error.error_dict), "") if hasattr(error, "error_dict") else "photo"
    typed = {name: form.data.get(name, "") for name in ("number", "answer")}
    text = " ".join(error.messages)
    return _one(request, task, error=text, invalid=invalid, typed=typed, status=422)


def _one(
    request: UserRequest, task: WorkOrderTask, *, status: int = 200, **more: Any
) -> HttpResponse:
    order = _order(request, task.work_order_id)
    tasks = _tasks(request).filter(work_order=order)
    parts = {
        "item": _item(task, **more),
        "may_answer": _may_answer(request, order),
        "progress": _progress(list(tasks)),
        "is_answer": True,
        **more,
    }
    if not request.htmx:
        return _show(request, order, status=status, error=f"{task.text}: {more.get('error', '')}")
    return with_hindrances(request, order, render(request, ONE, parts, status=status))


def _item(task: WorkOrderTask, **more: Any) -> dict[str, Any]:
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


def _progress(tasks: list[WorkOrderTask]) -> dict[str, int]:
    return {
        "total": len(tasks),
        "answered": sum(task.outcome != Outcome.OPEN for task in tasks),
        "failed": sum(task.outcome == Outcome.FAILED for task in tasks),
        "required": sum(task.is_required and task.outcome == Outcome.OPEN for task in tasks),
    }


def _may_answer(request: UserRequest, order: WorkOrder) -> bool:
    is_going_on = order.status == WorkOrder.Status.IN_PROGRESS
    return is_going_on and request.user.can(Permission.WORK_ORDER_EXECUTE, order.organization_id)


def _tasks(request: UserRequest) -> Any:
    return WorkOrderTask.objects.for_user(request.user).select_related(
        "work_order", "asset", "sensor", "photo", "answered_by", "corrective", "added_by"
    )


def _order(request: UserRequest, pk: int) -> WorkOrder:
    rows = WorkOrder.objects.for_user(request.user).select_related(
        "asset", "job_plan", "technician", "organization"
    )
    return get_object_or_404(rows, pk=pk)


def _show(request: UserRequest, row: WorkOrder, *, status: int = 200, **more: Any) -> HttpResponse:
    parts = {"work_order": row, **context(request, row), **more}
    return with_hindrances(request, row, render(request, TEMPLATE, parts, status=status))
