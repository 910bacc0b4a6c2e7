"""Spare parts of an order, on its page: kept for it, missing, taken and given back."""

from collections.abc import Callable
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST
from django_htmx.http import trigger_client_event

from maintenance.forms.store import PartBookingForm
from maintenance.models import Part, PartReservation, WorkOrder
from maintenance.services import store
from maintenance.services.store import StoreRefused
from maintenance.views.answers import stay
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest

TEMPLATE = "maintenance/order/parts.html"
USE = (Permission.WORK_ORDER_EXECUTE, Permission.STORE_EDIT)
KEEP = (*USE, Permission.WORK_ORDER_PLAN)
DONE = {
    "take": "The parts are booked on the order.",
    "give_back": "The parts are back in the store.",
    "reserve": "The parts are reserved.",
}


def context(request: UserRequest, work_order: WorkOrder) -> dict[str, Any]:
    kept = store.kept(work_order=work_order) if work_order.is_open else []
    may_use, may_keep = _may(request, work_order, USE), _may(request, work_order, KEEP)
    takes = work_order.status in store.USES
    keeps = work_order.is_open
    return {
        "kept": kept,
        "missing": [row for row in kept if row.missing],
        "used": store.used(work_order=work_order),
        "may_take": takes and may_use,
        "may_keep": keeps and may_keep,
        "part_form": _form(request, work_order) if keeps and may_keep else None,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def order_parts(request: UserRequest, pk: int) -> HttpResponse:
    """The parts; a POST takes some, gives some back or reserves them, as `do` says."""
    row = _order(request, pk)
    if request.method != "POST":
        return _answer(request, row)
    do = request.POST.get("do", "")
    do = do if do in DONE else "take"
    if not _may(request, row, KEEP if do == "reserve" else USE):
        raise PermissionDenied
    form = _form(request, row, request.POST)
    if form.is_valid():
        try:
            with transaction.atomic():
                _book(request, row, do)(**form.cleaned_data)
        except StoreRefused as error:
            form.refuse(error)
            return _answer(request, row, status=409, part_form=form)
    if form.errors:
        return _answer(request, row, status=422, part_form=form)
    return _done(request, row, DONE[do])


@require_POST
@login_required
def release(request: UserRequest, pk: int) -> HttpResponse:
    rows = PartReservation.objects.for_user(request.user).select_related("part")
    reservation = get_object_or_404(rows, pk=pk)
    row = _order(request, reservation.work_order_id)
    if not _may(request, row, KEEP):
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
    return trigger_client_event(stay(request, row, _answer(request, row), text), "costs-changed")


def _answer(
    request: UserRequest, row: WorkOrder, *, status: int = 200, **more: Any
) -> HttpResponse:
    parts = {"work_order": row, **context(request, row), **more}
    return render(request, TEMPLATE, parts, status=status)


def _form(request: UserRequest, row: WorkOrder, data: Any = None) -> PartBookingForm:
    parts = Part.objects.for_user(request.user).filter(organization=row.organization_id)
    return PartBookingForm(data, parts=parts)


def _order(request: UserRequest, pk: int) -> WorkOrder:
    rows = WorkOrder.objects.for_user(request.user).select_related("asset", "organization")
    return get_object_or_404(rows, pk=pk)


def _may(request: UserRequest, row: WorkOrder, permissions: tuple[Permission, ...]) -> bool:
    return any(request.user.can(item, row.organization_id) for item in permissions)
