"""The schedules of a plant: what is due first, each with its calendar, and its form."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assets.models import Asset, Site
from maintenance.forms.schedules import ScheduleForm
from maintenance.models import MaintenanceSchedule, Technician
from maintenance.queries.schedules import (
    compliance,
    open_orders,
    overdue,
    with_due_interval,
    with_lateness,
)
from maintenance.services.pausing import set_active
from maintenance.services.schedules import reschedule
from maintenance.views import schedule_page
from maintenance.views.answers import go
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import number_of, ordered, page_of, search_of

EDIT = Permission.SCHEDULE_EDIT
SHOWN = {"": "Active", "overdue": "Overdue", "paused": "Paused"}
ORDERS = {"late": "smcp", "due": "next_due_at", "title": "title", "asset": "asset__tag"}


@require_safe
@login_required
def schedules(request: UserRequest) -> HttpResponse:
    """Overdue ones come by SMCP: what is late by most of its own cycle stands first."""
    now = timezone.now()
    shown = request.GET.get("show", "")
    shown = shown if shown in SHOWN else ""
    rows = _chosen(request).filter(is_active=shown != "paused")
    if shown == "overdue":
        rows = with_lateness(overdue(rows, at=now), at=now)
    names = ORDERS if shown == "overdue" else {k: v for k, v in ORDERS.items() if k != "late"}
    default = "-late" if shown == "overdue" else "due"
    rows, order = ordered(rows, request, fields=names, default=default, then=("next_due_at",))
    rows = with_due_interval(rows.select_related("asset", "technician__user", "group"))
    page = page_of(request, rows)
    found = list(page.object_list)
    on_time, open_ones = compliance(found, at=now), open_orders([row.pk for row in found])
    context = {
        "page": page,
        "rows": [(row, on_time[row.pk], open_ones.get(row.pk)) for row in found],
        "order": order,
        "shown": shown,
        "choices": SHOWN,
        "query": search_of(request),
        "now": now,
        "overdue": shown == "overdue",
        **_filters(request),
    }
    return render_fragment(
        request, "maintenance/schedules/list.html", context, fragment="schedule_list"
    )


@require_safe
@login_required
def schedule(request: UserRequest, pk: int) -> HttpResponse:
    return schedule_page.show(request, schedule_page.find(request, pk))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_schedule(request: UserRequest) -> HttpResponse:
    organization = request.user.organization_with(EDIT)
    if organization is None:
        raise PermissionDenied
    initial = {"asset": request.GET.get("asset", ""), "starts_at": _tomorrow()}
    form = ScheduleForm(
        request.POST or None,
        user=request.user,
        organization_id=organization.pk,
        initial=initial,
    )
    return _answer(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def edit_schedule(request: UserRequest, pk: int) -> HttpResponse:
    row = schedule_page.find(request, pk, EDIT)
    form = ScheduleForm(
        request.POST or None,
        instance=row,
        user=request.user,
        organization_id=row.organization_id,
    )
    return _answer(request, form, row)


@require_POST
@login_required
def pause_schedule(request: UserRequest, pk: int) -> HttpResponse:
    return _switch(request, pk, active=False, text="is paused. It makes no work orders.")


@require_POST
@login_required
def resume_schedule(request: UserRequest, pk: int) -> HttpResponse:
    return _switch(request, pk, active=True, text="runs again.")


def _switch(request: UserRequest, pk: int, *, active: bool, text: str) -> HttpResponse:
    row = schedule_page.find(request, pk, EDIT)
    set_active(schedule=row, active=active, at=timezone.now())
    return go(request, row, f"{row.title} {text}")


def _answer(
    request: UserRequest, form: ScheduleForm, schedule: MaintenanceSchedule | None = None
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        row = form.write()
        if form.moves_the_calendar:
            reschedule(schedule=row, at=timezone.now())
        return go(request, row, f"{row.title} was {'changed' if schedule else 'added'}.")
    context = {"form": form, "schedule": schedule}
    status = 422 if form.errors else 200
    return render(request, "maintenance/schedules/edit.html", context, status=status)


def _chosen(request: UserRequest) -> "QuerySet[MaintenanceSchedule]":
    """The schedules that the query string asks for; nonsense in it is left out."""
    rows = MaintenanceSchedule.objects.for_user(request.user)
    for name, field in (
        ("site", "asset__site"),
        ("asset", "asset"),
        ("technician", "technician"),
    ):
        if (number := number_of(request, name)) is not None:
            rows = rows.filter(**{field: number})
    if query := search_of(request):
        rows = rows.filter(
            Q(title__icontains=query)
            | Q(asset__tag__icontains=query)
            | Q(asset__name__icontains=query)
        )
    return rows


def _filters(request: UserRequest) -> dict[str, Any]:
    user = request.user
    technicians = Technician.objects.for_user(user).filter(is_active=True).select_related("user")
    pk = number_of(request, "asset")
    asset = Asset.objects.for_user(user).filter(pk=pk).first() if pk else None
    return {
        "sites": [(row.pk, row.name) for row in Site.objects.for_user(user).order_by("name")],
        "site": number_of(request, "site"),
        "technicians": [(row.pk, str(row)) for row in technicians],
        "technician": number_of(request, "technician"),
        "asset": asset,
        "asset_choice": [(asset.pk, asset.tag)] if asset else [],
        "may_edit": user.can_somewhere(EDIT),
    }


def _tomorrow() -> datetime:
    """Tomorrow, when the early shift begins."""
    day = timezone.localtime() + timedelta(days=1)
    return day.replace(hour=6, minute=0, second=0, microsecond=0)
