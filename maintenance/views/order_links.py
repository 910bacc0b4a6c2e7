"""How an order hangs together with others, on its page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from maintenance.models import WorkOrder, WorkOrderBlock
from maintenance.services import links
from maintenance.services.course import TransitionRefused
from maintenance.views.answers import require
from maintenance.views.order_page import changed, fragment
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest

NAME = "links"


@require_POST
@login_required
def block(request: UserRequest, pk: int) -> HttpResponse:
    """Let the order wait for the one with this `number`."""
    row = _order(request, pk)
    other = _named(request, row)
    if other is None:
        return _unknown(request, row)
    try:
        links.block(work_order=row, blocker=other)
    except TransitionRefused as refusal:
        return fragment(request, row, NAME, status=409, error=refusal.message)
    return changed(request, row, NAME, f"It waits for {other.number}.")


@require_POST
@login_required
def unblock(request: UserRequest, pk: int) -> HttpResponse:
    rows = WorkOrderBlock.objects.for_user(request.user).select_related("work_order", "blocker")
    row = get_object_or_404(rows, pk=pk)
    require(request, Permission.WORK_ORDER_PLAN, row.organization_id)
    row.delete()
    said = f"It does not wait for {row.blocker.number} any more."
    return changed(request, row.work_order, NAME, said)


@require_POST
@login_required
def set_parent(request: UserRequest, pk: int) -> HttpResponse:
    """Make the order a part of the one with this `number`; of none, where it is empty."""
    row = _order(request, pk)
    parent = _named(request, row)
    if parent is None and request.POST.get("number", "").strip():
        return _unknown(request, row)
    try:
        links.set_parent(work_order=row, parent=parent)
    except TransitionRefused as refusal:
        return fragment(request, row, NAME, status=409, error=refusal.message)
    said = f"It is a part of {parent.number}." if parent else "It is a part of no other order."
    return changed(request, row, NAME, said)


def _order(request: UserRequest, pk: int) -> WorkOrder:
    row = get_object_or_404(WorkOrder.objects.for_user(request.user), pk=pk)
    require(request, Permission.WORK_ORDER_PLAN, row.organization_id)
    return row


def _named(request: UserRequest, row: WorkOrder) -> WorkOrder | None:
    number = request.POST.get("number", "").replace("\x00", "").strip()
    orders = WorkOrder.objects.for_user(request.user).filter(organization=row.organization_id)
    return orders.filter(number__iexact=number).first()


def _unknown(request: UserRequest, row: WorkOrder) -> HttpResponse:
    text = "No order has this number. Copy it from the list of work orders."
    return fragment(request, row, NAME, status=422, error=text)
