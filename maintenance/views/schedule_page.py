"""One schedule: when it comes, what makes it due, what it will ask for, and how it went."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST

from maintenance.forms.schedules import ConditionForm, MeterForm, OfSensorForm
from maintenance.models import ConditionTrigger, MaintenanceSchedule, MeterTrigger
from maintenance.queries.schedules import compliance, with_due_interval, with_lateness
from maintenance.services.occurrences import Occurrence, upcoming
from maintenance.services.schedules import refresh
from maintenance.views.answers import require, stay
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest

PAGE = "maintenance/schedules/detail.html"
EDIT = Permission.SCHEDULE_EDIT
NEXT = 12
LOOK_AHEAD = timedelta(days=731)
LOOK_BACK = timedelta(days=3653)
ORDERS = 10


def find(
    request: UserRequest, pk: int, permission: Permission = Permission.VIEW
) -> MaintenanceSchedule:
    """The schedule, if the person may see it; 403 for one that may be seen and not be changed."""
    rows = with_lateness(MaintenanceSchedule.objects.for_user(request.user), at=timezone.now())
    rows = with_due_interval(rows)
    related = ("asset__site", "technician__user", "group", "job_plan", "included_in")
    row: MaintenanceSchedule = get_object_or_404(rows.select_related(*related), pk=pk)
    if permission != Permission.VIEW:
        require(request, permission, row.organization_id)
    return row


def show(
    request: UserRequest,
    row: MaintenanceSchedule,
    *,
    meter_form: MeterForm | None = None,
    condition_form: ConditionForm | None = None,
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    may_edit = request.user.can(EDIT, row.organization_id)
    context = {
        "schedule": row,
        "now": now,
        "may_edit": may_edit,
        "on_time": compliance([row], at=now)[row.pk],
        "meters": row.meters.select_related("sensor"),
        "conditions": row.conditions.select_related("sensor"),
        "meter_form": meter_form or MeterForm(schedule=row, prefix="meter"),
        "condition_form": condition_form or ConditionForm(schedule=row, prefix="condition"),
        "includes": row.includes.order_by("title", "pk"),
        "planned": _planned(row, now),
        "orders": row.work_orders.select_related("technician__user").order_by("-occurrence_at")[
            :ORDERS
        ],
        "open_order": row.work_orders.open().first(),
    }
    return render_fragment(request, PAGE, context, fragment="triggers", status=status)


@require_POST
@login_required
def add_meter(request: UserRequest, pk: int) -> HttpResponse:
    row = find(request, pk, EDIT)
    form = MeterForm(request.POST, schedule=row, prefix="meter")
    return _add(request, row, form, "meter_form", "The meter was added.")


@require_POST
@login_required
def add_condition(request: UserRequest, pk: int) -> HttpResponse:
    row = find(request, pk, EDIT)
    form = ConditionForm(request.POST, schedule=row, prefix="condition")
    return _add(request, row, form, "condition_form", "The condition was added.")


@require_POST
@login_required
def remove_meter(request: UserRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(MeterTrigger.objects.for_user(request.user), pk=pk)
    return _remove(request, found, "The meter was removed.")


@require_POST
@login_required
def remove_condition(request: UserRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(ConditionTrigger.objects.for_user(request.user), pk=pk)
    return _remove(request, found, "The condition was removed.")


def _add(
    request: UserRequest, row: MaintenanceSchedule, form: OfSensorForm, name: str, text: str
) -> HttpResponse:
    if not form.is_valid():
        forms: dict[str, Any] = {name: form}
        return show(request, row, **forms, status=422)
    form.save()
    refresh(schedules=[row.pk], at=timezone.now())
    return stay(request, row, lambda: show(request, find(request, row.pk)), text)


def _remove(
    request: UserRequest, trigger: MeterTrigger | ConditionTrigger, text: str
) -> HttpResponse:
    row = find(request, trigger.schedule_id, EDIT)
    trigger.delete()
    refresh(schedules=[row.pk], at=timezone.now())
    return stay(request, row, lambda: show(request, find(request, row.pk)), text)


def _planned(row: MaintenanceSchedule, now: datetime) -> list[tuple[Occurrence, Any]]:
    """The next occurrences, overdue ones too, each with the larger schedule that stands in."""
    found = upcoming(
        schedules=MaintenanceSchedule.objects.filter(pk=row.pk),
        start=now - LOOK_BACK,
        end=now + LOOK_AHEAD,
        at=now,
    )[:NEXT]
    larger = {one.absorbed_by for one in found if one.absorbed_by}
    names = MaintenanceSchedule.objects.in_bulk(list(larger)) if larger else {}
    return [(one, names.get(one.absorbed_by) if one.absorbed_by else None) for one in found]
