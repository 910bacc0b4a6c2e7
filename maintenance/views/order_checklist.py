"""What the checklist of an order asks for, changed on the order's page."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assets.models import Sensor
from maintenance.forms.checklists import OrderTaskForm
from maintenance.models import WorkOrder, WorkOrderTask
from maintenance.services import order_tasks
from maintenance.services.course import TransitionRefused
from maintenance.views.order_page import in_place, work_orders_of
from opssight.core.http import UserRequest

TEMPLATE = "maintenance/order/checklist.html"
MOVES = {"up": -1, "down": 1}


@require_safe
@login_required
def edit_checklist(request: UserRequest, pk: int) -> HttpResponse:
    return _answer(request, _order(request, pk))


@require_POST
@login_required
def add_task(request: UserRequest, pk: int) -> HttpResponse:
    row = _order(request, pk)
    form = _new_form(row, request.POST)
    if not form.is_valid():
        return _answer(request, row, status=422, task_form=form)
    try:
        order_tasks.add(work_order=row, by=request.user, assets=form.assets, **form.values)
    except ValidationError as error:
        form.add_error(None, error)
        return _answer(request, row, status=422, task_form=form)
    except TransitionRefused as refusal:
        return _answer(request, row, status=409, error=refusal.message)
    return _changed(request, row, "The task was added.", is_added=True)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit_task(request: UserRequest, pk: int) -> HttpResponse:
    """The form of one task, and what it sends."""
    task = _task(request, pk)
    form = OrderTaskForm(
        request.POST or None, instance=task, prefix="edit", work_order=task.work_order
    )
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            order_tasks.change(task=task, **form.values)
        except ValidationError as error:
            form.add_error(None, error)
        except TransitionRefused as refusal:
            return _answer(request, task.work_order, status=409, error=refusal.message)
        else:
            return _changed(request, task.work_order, "The task was changed.")
    if form.errors:
        status = 422
    return _answer(request, task.work_order, status=status, edited=task.pk, edit_form=form)


@require_POST
@login_required
def move_task(request: UserRequest, pk: int) -> HttpResponse:
    task = _task(request, pk, is_move=True)
    try:
        order_tasks.shift(task=task, by=MOVES.get(request.POST.get("to", ""), 0))
    except TransitionRefused as refusal:
        return _answer(request, task.work_order, status=409, error=refusal.message)
    return _changed(request, task.work_order, "", moved=task.pk)


@require_POST
@login_required
def remove_task(request: UserRequest, pk: int) -> HttpResponse:
    task = _task(request, pk)
    try:
        order_tasks.remove(task=task)
    except TransitionRefused as refusal:
        return _answer(request, task.work_order, status=409, error=refusal.message)
    return _changed(request, task.work_order, "The task was removed.")


def _order(request: UserRequest, pk: int) -> WorkOrder:
    row = get_object_or_404(work_orders_of(request), pk=pk)
    if not order_tasks.may_add(user=request.user, work_order=row):
        raise PermissionDenied
    return row


def _task(request: UserRequest, pk: int, *, is_move: bool = False) -> WorkOrderTask:
    """The task; whoever may add some may move each."""
    rows = WorkOrderTask.objects.for_user(request.user).select_related("asset")
    task = get_object_or_404(rows, pk=pk)
    task.work_order = _order(request, task.work_order_id)
    if not is_move and not order_tasks.may_change(user=request.user, task=task):
        raise PermissionDenied
    return task


def _new_form(row: WorkOrder, data: Any = None) -> OrderTaskForm:
    instance = WorkOrderTask(organization_id=row.organization_id)
    return OrderTaskForm(data, instance=instance, prefix="new", work_order=row)


def _changed(request: UserRequest, row: WorkOrder, text: str, **more: Any) -> HttpResponse:
    """The changed list for htmx, else the page again."""
    if not request.htmx:
        if text:
            messages.success(request, text)
        return redirect("maintenance:edit_checklist", row.pk)
    return _answer(request, row, **more)


def _answer(
    request: UserRequest, row: WorkOrder, *, status: int = 200, **more: Any
) -> HttpResponse:
    parts = {"work_order": row, **_context(request, row), **more}
    html = render_to_string(TEMPLATE, parts, request=request)
    return in_place(request, row, "tasks", html, status=status)


def _context(request: UserRequest, row: WorkOrder) -> dict[str, Any]:
    tasks = row.tasks.select_related("asset", "sensor", "added_by")
    groups: dict[Any, list[dict[str, Any]]] = {}
    for task in tasks.order_by("line__position", "line_id", "position", "pk"):
        task.work_order = row
        is_open = task.outcome == WorkOrderTask.Outcome.OPEN
        may = is_open and order_tasks.may_change(user=request.user, task=task)
        groups.setdefault(task.asset, []).append({"task": task, "may_change": may})
    sensors = Sensor.objects.filter(asset__work_order_lines__work_order=row)
    return {
        "groups": groups.items(),
        "task_form": _new_form(row) if row.is_open else None,
        "sensor_keys": sensors.order_by("key").values_list("key", flat=True).distinct(),
    }
