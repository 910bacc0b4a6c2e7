"""The checklist and the parts of a job plan, edited on its page."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from maintenance.forms.plans import PlanPartForm, TaskForm
from maintenance.models import JobPlan, JobPlanPart, JobPlanTask
from maintenance.services import plans
from maintenance.views.answers import require
from maintenance.views.plans import editable, lists_of, show
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest

TASKS = "maintenance/plans_tasks.html"
PARTS = "maintenance/plans_parts.html"
MOVES = {"up": -1, "down": 1}


@require_POST
@login_required
def add_task(request: UserRequest, pk: int) -> HttpResponse:
    plan = editable(request, pk)
    row = JobPlanTask(job_plan=plan, organization_id=plan.organization_id)
    form = TaskForm(request.POST, prefix="new", instance=row)
    if not form.is_valid():
        return _lists(request, plan, TASKS, status=422, task_form=form)
    plans.add_task(plan=plan, **form.cleaned_data)
    return _saved(request, plan, TASKS, "The task was added.")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit_task(request: UserRequest, pk: int) -> HttpResponse:
    """The form of one task, and what it sends."""
    task = _task(request, pk)
    form = TaskForm(request.POST or None, instance=task, prefix="edit")
    if request.method == "POST" and form.is_valid():
        form.save()
        return _saved(request, task.job_plan, TASKS, "The task was changed.")
    status = 422 if form.errors else 200
    return _lists(request, task.job_plan, TASKS, status=status, edited=task.pk, edit_form=form)


@require_POST
@login_required
def move_task(request: UserRequest, pk: int) -> HttpResponse:
    task = _task(request, pk)
    plans.move_task(task=task, by=MOVES.get(request.POST.get("to", ""), 0))
    return _saved(request, task.job_plan, TASKS, "", moved=task.pk)


@require_POST
@login_required
def delete_task(request: UserRequest, pk: int) -> HttpResponse:
    task = _task(request, pk)
    task.delete()
    return _saved(request, task.job_plan, TASKS, "The task was taken out.")


@require_POST
@login_required
def add_part(request: UserRequest, pk: int) -> HttpResponse:
    """Plan a part; one that is planned already gets the new quantity."""
    plan = editable(request, pk)
    form = PlanPartForm(request.POST, organization_id=plan.organization_id)
    if not form.is_valid():
        return _lists(request, plan, PARTS, status=422, part_form=form)
    plans.plan_part(plan=plan, **form.cleaned_data)
    return _saved(request, plan, PARTS, "The part was planned.")


@require_POST
@login_required
def delete_part(request: UserRequest, pk: int) -> HttpResponse:
    rows = JobPlanPart.objects.for_user(request.user).select_related("job_plan")
    row = get_object_or_404(rows, pk=pk)
    require(request, Permission.JOB_PLAN_EDIT, row.organization_id)
    row.delete()
    return _saved(request, row.job_plan, PARTS, "The part was taken out.")


def _task(request: UserRequest, pk: int) -> JobPlanTask:
    rows = JobPlanTask.objects.for_user(request.user).select_related("job_plan")
    task = get_object_or_404(rows, pk=pk)
    require(request, Permission.JOB_PLAN_EDIT, task.organization_id)
    return task


def _saved(
    request: UserRequest, plan: JobPlan, template: str, text: str, **more: Any
) -> HttpResponse:
    """The changed list for htmx, else the page of the plan."""
    if request.htmx:
        return _lists(request, plan, template, **more)
    if text:
        messages.success(request, text)
    return redirect(plan)


def _lists(
    request: UserRequest, plan: JobPlan, template: str, *, status: int = 200, **more: Any
) -> HttpResponse:
    if not request.htmx:
        return show(request, plan, status=status, **more)
    return render(request, template, {**lists_of(request, plan), **more}, status=status)
