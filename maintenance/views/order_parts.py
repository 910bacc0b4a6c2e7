"""Spare parts of an order, on its page: kept for it, missing, taken and given back."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from maintenance.models import PartReservation, WorkOrder
from maintenance.services import store
from maintenance.services.store import StoreRefused
from maintenance.views.order_fragments.parts import KEEP, USE, booking_form, may_one
from maintenance.views.order_page import changed, fragment
from opssight.core.http import UserRequest

NAME = "parts"
DONE = {
    "take": "The parts are booked on the order.",
    "give_back": "The parts are back in the store.",
    "reserve": "The parts are reserved.",
}


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def order_parts(request: UserRequest, pk: int) -> HttpResponse:
    """The parts; a POST takes some, gives some back or reserves them, as `do` says."""
    row = _order(request, pk)
    if request.method != "POST":
        return fragment(request, row, NAME)
    do = request.POST.get("do", "")
    do = do if do in DONE else "take"
    if not may_one(request, row, KEEP if do == "reserve" else USE):
        raise PermissionDenied
    form = booking_form(request, row, request.POST)
    if form.is_valid():
        try:
            with transaction.atomic():
                _book(request, row, do)(**form.cleaned_data)
        except StoreRefused as error:
            form.refuse(error)
            return fragment(request, row, NAME, status=409, part_form=form)
    if form.errors:
        return fragment(request, row, NAME, status=422, part_form=form)
    return _done(request, row, DONE[do])


@require_POST
@login_required
def release(request: UserRequest, pk: int) -> HttpResponse:
    rows = PartReservation.objects.for_user(request.user).select_related("part")
    reservation = get_object_or_404(rows, pk=pk)
    row = _order(request, reservation.work_order_id)
    if not may_one(request, row, KEEP):
        raise PermissionDenied
    store.release(work_order=row, part=reservation.part)
    return _done(request, row, f"{reservation.part.number} is reserved for the order no more.")


def _book(request: UserRequest, row: WorkOrder, do: str) -> Callable[..., Any]:
    at = timezone.now()
    if do == "reserve":
        return lambda **values: store.reserve(work_order=row, at=at, **values)
    service = store.give_back if do == "give_back" else store.issue
    return lambda **values: service(work_order=row, by=request.user, at=at, **values)


def _done(request: UserRequest, row: WorkOrder, text: str) -> HttpResponse:
    return trigger_client_event(changed(request, row, NAME, text), "costs-changed")


def _order(request: UserRequest, pk: int) -> WorkOrder:
    rows = WorkOrder.objects.for_user(request.user).select_related("asset", "organization")
    return get_object_or_404(rows, pk=pk)
