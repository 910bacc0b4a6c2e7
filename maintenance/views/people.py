"""Technicians: who is there today, the week of each, and when they are away."""

from collections.abc import Iterator, Sequence
from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, Q, QuerySet, Sum
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from maintenance.forms.people import AbsenceForm, ShiftForm
from maintenance.models import Absence, Shift, Technician, WorkOrder, WorkOrderQuerySet
from maintenance.queries import availability
from maintenance.queries.planned import planned_in
from maintenance.services import absences, shifts
from maintenance.views.answers import require, stay
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import page_of, search_of

SHOWN = {"": "Active", "inactive": "Not active"}
MOST_ORDERS = 10


@require_safe
@login_required
def technicians(request: UserRequest) -> HttpResponse:
    shown = request.GET.get("show", "")
    shown = shown if shown in SHOWN else ""
    rows = _technicians(request).filter(is_active=shown != "inactive")
    if query := search_of(request):
        rows = rows.filter(
            Q(user__username__icontains=query)
            | Q(user__first_name__icontains=query)
            | Q(user__last_name__icontains=query)
            | Q(skills__icontains=query)
        )
    at = timezone.now()
    page = page_of(request, rows)
    context = {
        "page": page,
        "people": list(_people(list(page.object_list), at)),
        "now": at,
        "query": query,
        "shown": shown,
        "choices": SHOWN,
    }
    return render_fragment(
        request, "maintenance/technicians.html", context, fragment="technician_list"
    )


@require_safe
@login_required
def technician(request: UserRequest, pk: int) -> HttpResponse:
    return _show(request, get_object_or_404(_technicians(request), pk=pk))


@require_POST
@login_required
def add_shift(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_technicians(request), pk=pk)
    require(request, Permission.TECHNICIAN_EDIT, row.organization_id)
    form = ShiftForm(request.POST)
    if form.is_valid():
        try:
            shifts.add(technician=row, **form.values)
        except ValidationError as error:
            form.add_error("starts", error.messages)
    if form.errors:
        return _show(request, row, shift_form=form, status=422)
    return stay(request, row, lambda: _show(request, row), f"The hours of {row} were changed.")


@require_POST
@login_required
def remove_shift(request: UserRequest, pk: int) -> HttpResponse:
    shift = get_object_or_404(Shift.objects.for_user(request.user), pk=pk)
    require(request, Permission.TECHNICIAN_EDIT, shift.organization_id)
    row = get_object_or_404(_technicians(request), pk=shift.technician_id)
    shift.delete()
    return stay(request, row, lambda: _show(request, row), f"The hours of {row} were changed.")


@require_POST
@login_required
def add_absence(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_technicians(request), pk=pk)
    _require_absences_of(request, row)
    at = timezone.now()
    form = AbsenceForm(request.POST, at=at)
    if form.is_valid():
        try:
            made = absences.add(technician=row, at=at, **form.cleaned_data)
        except ValidationError as error:
            form.add_error(None, error)
    if form.errors:
        return _show(request, row, absence_form=form, status=422)
    within = absences.orders_within(made, WorkOrder.objects.for_user(request.user))
    text = absences.in_words(list(within)) or f"{row} is away then."
    return stay(request, row, lambda: _show(request, row), text)


@require_POST
@login_required
def remove_absence(request: UserRequest, pk: int) -> HttpResponse:
    absence = get_object_or_404(Absence.objects.for_user(request.user), pk=pk)
    row = get_object_or_404(_technicians(request), pk=absence.technician_id)
    _require_absences_of(request, row)
    absence.delete()
    return stay(request, row, lambda: _show(request, row), "The absence was removed.")


def _technicians(request: UserRequest) -> QuerySet[Technician]:
    return Technician.objects.for_user(request.user).select_related("user", "organization")


def _require_absences_of(request: UserRequest, row: Technician) -> None:
    if not absences.may_write(user=request.user, technician=row):
        raise PermissionDenied


def _people(rows: Sequence[Technician], at: datetime) -> Iterator[dict[str, Any]]:
    """Each technician with who is there now and how much open work they have: three queries."""
    loads = {
        load["technician"]: load
        for load in _open_load([row.pk for row in rows])
        .order_by()
        .values("technician")
        .annotate(count=Count("pk"), minutes=Sum("estimated_minutes"))
    }
    there: dict[int, availability.Presence] = {}
    for zone in {row.organization.timezone for row in rows}:
        ids = [row.pk for row in rows if row.organization.timezone == zone]
        there |= availability.presence(technicians=ids, at=at, zone=ZoneInfo(zone))
    for row in rows:
        yield {"row": row, "presence": there[row.pk], "load": loads.get(row.pk)}


def _open_load(technician_ids: Sequence[int]) -> WorkOrderQuerySet:
    """All that the technicians have to do: hours are taken also where one sees no orders."""
    return WorkOrder.objects.open().filter(technician__in=technician_ids)


def _open_work(request: UserRequest, technician_ids: Sequence[int]) -> WorkOrderQuerySet:
    return WorkOrder.objects.for_user(request.user).open().filter(technician__in=technician_ids)


def _show(
    request: UserRequest,
    row: Technician,
    *,
    shift_form: ShiftForm | None = None,
    absence_form: AbsenceForm | None = None,
    status: int = 200,
) -> HttpResponse:
    at = timezone.now()
    [person] = _people([row], at)
    may_absent = absences.may_write(user=request.user, technician=row)
    orders = _open_work(request, [row.pk]).select_related("asset")
    visible = orders.count()
    week = list(_week(row))
    context = {
        **person,
        "technician": row,
        "week": week,
        "has_shifts": any(day["shifts"] for day in week),
        "week_minutes": sum(item["minutes"] for day in week for item in day["shifts"]),
        "absences": list(_absences(request, row, at)),
        "orders": orders.order_by("planned_start", "due_at", "pk")[:MOST_ORDERS],
        "visible": visible,
        "elsewhere": (person["load"]["count"] if person["load"] else 0) - visible,
        "now": at,
        "may_edit": request.user.can(Permission.TECHNICIAN_EDIT, row.organization_id),
        "may_absent": may_absent,
        "shift_form": shift_form or ShiftForm(),
        "absence_form": absence_form or AbsenceForm(at=at),
    }
    return render_fragment(
        request, "maintenance/technician.html", context, fragment="technician", status=status
    )


def _week(row: Technician) -> Iterator[dict[str, Any]]:
    """Every day of the week with its shifts: when each begins and ends, and how long it is."""
    found = list(row.shifts.order_by("weekday", "starts"))
    for weekday, name in Shift.Weekday.choices:
        yield {
            "name": name,
            "shifts": [_hours(shift) for shift in found if shift.weekday == weekday],
        }


def _hours(shift: Shift) -> dict[str, Any]:
    hours, minutes = divmod(shift.starts.hour * 60 + shift.starts.minute + shift.minutes, 60)
    return {
        "pk": shift.pk,
        "starts": shift.starts,
        "ends": time(hours % 24, minutes),
        "next_day": hours >= 24,
        "minutes": shift.minutes,
    }


def _absences(request: UserRequest, row: Technician, at: datetime) -> Iterator[dict[str, Any]]:
    """What is to come and what lasts, each with the work that is planned in it."""
    found = list(row.absences.filter(ends_at__gt=at).order_by("starts_at"))
    orders = _open_work(request, [row.pk])
    if found:
        planned = list(planned_in(orders, found[0].starts_at, found[-1].ends_at))
    for absence in found:
        yield {
            "row": absence,
            "orders": [
                order
                for order in planned
                if order.planned_start < absence.ends_at and order.planned_until > absence.starts_at
            ],
        }
