"""Job plans: their list, and each with its checklist and its parts."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Count, ProtectedError, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from maintenance.forms.plans import CopyForm, JobPlanForm, PlanPartForm, TaskForm
from maintenance.models import JobPlan
from maintenance.services import plans
from maintenance.views.answers import go, require
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import ordered, page_of, search_of

SHOWN = {"": "In use", "unused": "Not in use"}
IN_USE = (
    "Nothing was deleted: work orders or schedules use this job plan. Take it out of use instead."
)


@require_safe
@login_required
def job_plans(request: UserRequest) -> HttpResponse:
    shown = request.GET.get("show", "")
    shown = shown if shown in SHOWN else ""
    rows = _plans(request).filter(is_active=shown != "unused").annotate(count=Count("tasks"))
    if query := search_of(request):
        rows = rows.filter(
            Q(code__icontains=query)
            | Q(title__icontains=query)
            | Q(category__icontains=query)
            | Q(failure_mode__icontains=query)
        )
    rows, order = ordered(
        rows,
        request,
        fields={"code": "code", "title": "title", "labor": "estimated_minutes", "tasks": "count"},
        default="code",
    )
    context = {
        "page": page_of(request, rows),
        "order": order,
        "query": query,
        "shown": shown,
        "choices": SHOWN,
        "may_edit": request.user.can_somewhere(Permission.JOB_PLAN_EDIT),
    }
    return render_fragment(request, "maintenance/plans.html", context, fragment="plan_list")


@require_safe
@login_required
def job_plan(request: UserRequest, pk: int) -> HttpResponse:
    return show(request, plan_of(request, pk))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_job_plan(request: UserRequest) -> HttpResponse:
    organization = request.user.organization_with(Permission.JOB_PLAN_EDIT)
    if organization is None:
        raise PermissionDenied
    return _edit(request, JobPlan(organization=organization), "was added. Write its checklist.")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit_job_plan(request: UserRequest, pk: int) -> HttpResponse:
    return _edit(request, editable(request, pk), "was changed.")


@require_POST
@login_required
def copy_job_plan(request: UserRequest, pk: int) -> HttpResponse:
    row = editable(request, pk)
    form = CopyForm(request.POST, plan=row)
    if form.is_valid():
        try:
            with transaction.atomic():
                twin = plans.copy(plan=row, code=form.cleaned_data["code"])
        except IntegrityError:
            form.add_error("code", "Another job plan has this code.")
        else:
            return go(request, twin, f"{twin.code} is a copy of {row.code}.")
    return show(request, row, status=422, copy_form=form)


@require_POST
@login_required
def use_job_plan(request: UserRequest, pk: int) -> HttpResponse:
    """Take the plan into use, or out of it."""
    row = editable(request, pk)
    row.is_active = request.POST.get("use") == "yes"
    row.save(update_fields=["is_active"])
    said = "is in use." if row.is_active else "is not in use; nothing new is made from it."
    return go(request, row, f"{row.code} {said}")


@require_POST
@login_required
def delete_job_plan(request: UserRequest, pk: int) -> HttpResponse:
    row = editable(request, pk)
    try:
        with transaction.atomic():
            row.delete()
    except ProtectedError:
        return show(request, plan_of(request, pk), status=409, error=IN_USE)
    messages.success(request, f"{row.code} was deleted.")
    target = redirect("maintenance:job_plans")
    return HttpResponseClientRedirect(target.url) if request.htmx else target


def plan_of(request: UserRequest, pk: int) -> JobPlan:
    return get_object_or_404(_plans(request), pk=pk)


def editable(request: UserRequest, pk: int) -> JobPlan:
    row = plan_of(request, pk)
    require(request, Permission.JOB_PLAN_EDIT, row.organization_id)
    return row


def lists_of(request: UserRequest, row: JobPlan) -> dict[str, Any]:
    """What the checklist and the parts of the page show."""
    return {
        "plan": row,
        "tasks": list(row.tasks.order_by("position", "pk")),
        "parts": row.parts.select_related("part").order_by("part__number"),
        "task_form": TaskForm(prefix="new"),
        "part_form": PlanPartForm(organization_id=row.organization_id),
        "may_edit": request.user.can(Permission.JOB_PLAN_EDIT, row.organization_id),
    }


def show(request: UserRequest, row: JobPlan, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {**lists_of(request, row), "copy_form": CopyForm(plan=row), **more}
    return render_fragment(
        request, "maintenance/plans_one.html", context, fragment="job_plan", status=status
    )


def _plans(request: UserRequest) -> QuerySet[JobPlan]:
    return JobPlan.objects.for_user(request.user)


def _edit(request: UserRequest, row: JobPlan, done: str) -> HttpResponse:
    form = JobPlanForm(request.POST or None, instance=row)
    if request.method == "POST" and form.is_valid():
        saved: JobPlan = form.save()
        return go(request, saved, f"{saved.code} {done}")
    context = {"form": form, "plan": plan_of(request, row.pk) if row.pk else None}
    status = 422 if form.errors else 200
    return render(request, "maintenance/plans_edit.html", context, status=status)
