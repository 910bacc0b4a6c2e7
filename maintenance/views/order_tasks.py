"""The checklist of an order, on its page: made for one hand, in gloves."""

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
from maintenance.services import answers, attachments, plans
from maintenance.views.answers import require
from maintenance.views.hindrances import with_hindrances
from maintenance.views.order_fragments.tasks import item_of, may_answer, progress_of, tasks_of
from maintenance.views.order_page import changed, fragment
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest
from opssight.core.uploads import takes_files

NAME = "tasks"
ONE = "maintenance/order/task.html"


@require_safe
@login_required
def order_tasks(request: UserRequest, pk: int) -> HttpResponse:
    return fragment(request, _order(request, pk), NAME)


@require_POST
@login_required
def apply_plan(request: UserRequest, pk: int) -> HttpResponse:
    """Give the order a job plan."""
    row = _order(request, pk)
    require(request, Permission.WORK_ORDER_PLAN, row.organization_id)
    form = ApplyPlanForm(request.POST, work_order=row, auto_id="order-%s")
    if not form.is_valid():
        return fragment(request, row, NAME, status=422, plan_form=form)
    plan = form.cleaned_data["plan"]
    try:
        plans.apply(work_order=row, plan=plan, at=timezone.now())
    except plans.PlanRefused as refused:
        return fragment(request, row, NAME, status=409, error=str(refused))
    return changed(request, row, NAME, f"{row.number} follows {plan.code} now.")


@takes_files
@require_POST
@login_required
def answer(request: UserRequest, pk: int) -> HttpResponse:
    """Answer one task; htmx gets the task and the progress of the checklist."""
    task = get_object_or_404(tasks_of(request), pk=pk)
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
    before, task = task, tasks_of(request).get(pk=task.pk)
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
    tasks = tasks_of(request).filter(work_order=order)
    parts = {
        "item": item_of(task, **more),
        "may_answer": may_answer(request, order),
        "progress": progress_of(list(tasks)),
        "is_answer": True,
        **more,
    }
    if not request.htmx:
        error = f"{task.text}: {more.get('error', '')}"
        return fragment(request, order, NAME, status=status, error=error)
    return with_hindrances(request, order, render(request, ONE, parts, status=status))


def _order(request: UserRequest, pk: int) -> WorkOrder:
    rows = WorkOrder.objects.for_user(request.user).select_related(
        "asset", "job_plan", "technician", "organization"
    )
    return get_object_or_404(rows, pk=pk)
