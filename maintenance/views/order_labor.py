"""Time on an order, on its page: a timer for oneself, and what was written down."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from maintenance.forms.labor import ChangeForm, StopForm
from maintenance.models import LaborEntry, WorkOrder
from maintenance.services import timesheets
from maintenance.services.course import TransitionRefused
from maintenance.services.labor import LaborRefused
from maintenance.views.answers import go
from maintenance.views.order_fragments.labor import own_technician, time_form
from maintenance.views.order_page import changed, fragment
from opssight.core.http import UserRequest

NAME = "labor"
Refused = (LaborRefused, TransitionRefused)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def order_labor(request: UserRequest, pk: int) -> HttpResponse:
    """The time on the order; a POST writes some down."""
    row = _order(request, pk)
    if request.method != "POST":
        return fragment(request, row, NAME)
    at = timezone.now()
    form = time_form(request, row, data=request.POST, at=at)
    if form is None:
        raise PermissionDenied
    if not form.is_valid():
        return fragment(request, row, NAME, status=422, time_form=form)
    try:
        timesheets.write(work_order=row, by=request.user, at=at, **form.cleaned_data)
    except Refused as error:
        return fragment(request, row, NAME, status=409, labor_error=str(error), time_form=form)
    return _done(request, row, "The time was written down.")


@require_POST
@login_required
def start_timer(request: UserRequest, pk: int) -> HttpResponse:
    row = _order(request, pk)
    own = own_technician(request, row)
    if own is None:
        raise PermissionDenied
    try:
        timesheets.start(work_order=row, technician=own, by=request.user, at=timezone.now())
    except Refused as error:
        return fragment(request, row, NAME, status=409, labor_error=str(error))
    return _done(request, row, "Your timer runs.")


@require_POST
@login_required
def stop_timer(request: UserRequest, pk: int) -> HttpResponse:
    entry = _own_entry(request, pk)
    form = StopForm(request.POST, entry=entry)
    if not form.is_valid():
        return fragment(request, entry.work_order, NAME, status=422, labor_error=_words(form))
    at, minutes = timezone.now(), form.cleaned_data["minutes"]
    return _try(request, entry, "The timer was stopped.", timesheets.stop, at=at, minutes=minutes)


@require_POST
@login_required
def change_labor(request: UserRequest, pk: int) -> HttpResponse:
    entry = _own_entry(request, pk)
    form = ChangeForm(request.POST, entry=entry)
    if not form.is_valid():
        return fragment(request, entry.work_order, NAME, status=422, labor_error=_words(form))
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
        return fragment(request, entry.work_order, NAME, status=409, labor_error=str(error))
    return _done(request, entry.work_order, done)


def _done(request: UserRequest, before: WorkOrder, text: str) -> HttpResponse:
    """The fragment; the whole page when the order was begun by it."""
    row = _order(request, before.pk)
    if row.status != before.status:
        return go(request, row, text)
    return trigger_client_event(changed(request, row, NAME, text), "costs-changed")


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
