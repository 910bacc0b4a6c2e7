"""Time on an order, on its page: a timer for oneself, and what was written down."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from maintenance.forms.labor import ChangeForm, StopForm, TimeForm
from maintenance.forms.orders import technicians_of
from maintenance.models import LaborEntry, Technician, WorkOrder
from maintenance.services import labor, timesheets
from maintenance.services.course import TransitionRefused
from maintenance.services.labor import LaborRefused
from maintenance.views.answers import go, stay
from maintenance.views.hindrances import with_hindrances
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest

TEMPLATE = "maintenance/order/labor.html"
Refused = (LaborRefused, TransitionRefused)


def context(request: UserRequest, work_order: WorkOrder) -> dict[str, Any]:
    at = timezone.now()
    own = _own_technician(request, work_order)
    takes_time = work_order.is_open and work_order.status != WorkOrder.Status.DRAFT
    entries = [_entry(request, row, is_open=work_order.is_open) for row in _entries(work_order)]
    running = LaborEntry.objects.filter(technician=own, minutes=None).select_related("work_order")
    timer = running.first() if own is not None else None
    return {
        "entries": entries,
        "minutes": sum(item["row"].minutes or 0 for item in entries),
        "may_time": takes_time and own is not None,
        "timer": timer,
        "timer_forgotten": timer is not None and labor.is_forgotten(timer, at),
        "runs_here": timer is not None and timer.work_order_id == work_order.pk,
        "time_form": _time_form(request, work_order, at=at) if takes_time else None,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def order_labor(request: UserRequest, pk: int) -> HttpResponse:
    """The time on the order; a POST writes some down."""
    row = _order(request, pk)
    if request.method != "POST":
        return _answer(request, row)
    at = timezone.now()
    form = _time_form(request, row, data=request.POST, at=at)
    if form is None:
        raise PermissionDenied
    if not form.is_valid():
        return _answer(request, row, status=422, time_form=form)
    try:
        timesheets.write(work_order=row, by=request.user, at=at, **form.cleaned_data)
    except Refused as error:
        return _answer(request, row, error=str(error), status=409, time_form=form)
    return _done(request, row, "The time was written down.")


@require_POST
@login_required
def start_timer(request: UserRequest, pk: int) -> HttpResponse:
    row = _order(request, pk)
    own = _own_technician(request, row)
    if own is None:
        raise PermissionDenied
    try:
        timesheets.start(work_order=row, technician=own, by=request.user, at=timezone.now())
    except Refused as error:
        return _answer(request, row, error=str(error), status=409)
    return _done(request, row, "Your timer runs.")


@require_POST
@login_required
def stop_timer(request: UserRequest, pk: int) -> HttpResponse:
    entry = _own_entry(request, pk)
    form = StopForm(request.POST, entry=entry)
    if not form.is_valid():
        return _answer(request, entry.work_order, error=_words(form), status=422)
    at, minutes = timezone.now(), form.cleaned_data["minutes"]
    return _try(request, entry, "The timer was stopped.", timesheets.stop, at=at, minutes=minutes)


@require_POST
@login_required
def change_labor(request: UserRequest, pk: int) -> HttpResponse:
    entry = _own_entry(request, pk)
    form = ChangeForm(request.POST, entry=entry)
    if not form.is_valid():
        return _answer(request, entry.work_order, error=_words(form), status=422)
    return _try(request, entry, "The entry was changed.", timesheets.change, **form.cleaned_data)


@require_POST
@login_required
def remove_labor(request: UserRequest, pk: int) -> HttpResponse:
    return _try(request, _own_entry(request, pk), "The entry was removed.", timesheets.remove)


def _try(
    request: UserRequest, entry: LaborEntry, done: str, service: Any, **values: Any
) -> HttpResponse:
    try:
        service(entry=entry, **values)
    except Refused as error:
        return _answer(request, entry.work_order, error=str(error), status=409)
    return _done(request, entry.work_order, done)


def _done(request: UserRequest, before: WorkOrder, text: str) -> HttpResponse:
    """The fragment; the whole page when the order was begun by it."""
    row = _order(request, before.pk)
    if row.status != before.status:
        return go(request, row, text)
    return trigger_client_event(stay(request, row, _answer(request, row), text), "costs-changed")


def _answer(
    request: UserRequest, row: WorkOrder, *, error: str = "", status: int = 200, **more: Any
) -> HttpResponse:
    parts = {"work_order": row, "labor_error": error, **context(request, row), **more}
    return with_hindrances(request, row, render(request, TEMPLATE, parts, status=status))


def _words(form: Form) -> str:
    return " ".join(
        f"{name.capitalize()}: {' '.join(map(str, e))}" for name, e in form.errors.items()
    )


def _order(request: UserRequest, pk: int) -> WorkOrder:
    rows = WorkOrder.objects.for_user(request.user).select_related("asset", "organization")
    return get_object_or_404(rows, pk=pk)


def _own_entry(request: UserRequest, pk: int) -> LaborEntry:
    rows = LaborEntry.objects.for_user(request.user)
    related = rows.select_related("work_order__asset", "work_order__organization")
    entry = get_object_or_404(related.select_related("technician__user"), pk=pk)
    if not timesheets.may_write(user=request.user, technician=entry.technician):
        raise PermissionDenied
    return entry


def _entries(work_order: WorkOrder) -> QuerySet[LaborEntry]:
    rows: QuerySet[LaborEntry] = labor.with_cost(work_order.labor.all())
    return rows.select_related("technician__user", "work_order").order_by("started_at", "pk")


def _entry(request: UserRequest, row: LaborEntry, *, is_open: bool) -> dict[str, Any]:
    may = is_open and timesheets.may_write(user=request.user, technician=row.technician)
    runs, forgotten = row.minutes is None, labor.is_forgotten(row, timezone.now())
    return {
        "row": row,
        "runs": runs,
        "forgotten": forgotten,
        "may_change": may,
        "form": ChangeForm(entry=row) if may and not runs else None,
        "stop_form": StopForm(entry=row, is_needed=True) if may and forgotten else None,
    }


def _time_form(
    request: UserRequest, row: WorkOrder, *, at: Any, data: Any = None
) -> TimeForm | None:
    """None for somebody who may not write down time here."""
    may_plan = request.user.can(Permission.WORK_ORDER_PLAN, row.organization_id)
    technicians = technicians_of(row.organization_id)
    own = _own_technician(request, row)
    if own is None and not may_plan:
        return None
    offered = technicians if may_plan else technicians.none()
    return TimeForm(data, technicians=offered, own=own, at=at)


def _own_technician(request: UserRequest, row: WorkOrder) -> Technician | None:
    if not request.user.can(Permission.WORK_ORDER_EXECUTE, row.organization_id):
        return None
    return technicians_of(row.organization_id).filter(user=request.user).first()
