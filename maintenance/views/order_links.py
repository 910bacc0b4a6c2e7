"""How an order hangs together with others, on its page."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from maintenance.models import WorkOrder, WorkOrderBlock
from maintenance.services import links
from maintenance.services.course import TransitionRefused
from maintenance.views.answers import require, stay
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest

TEMPLATE = "maintenance/order/links.html"


def context(request: UserRequest, work_order: WorkOrder) -> dict[str, Any]:
    may = request.user.can(Permission.WORK_ORDER_PLAN, work_order.organization_id)
    mine = WorkOrder.objects.for_user(request.user)
    blocks = WorkOrderBlock.objects.filter(blocker__in=mine).select_related("blocker")
    return {
        "parent": mine.filter(children=work_order).first(),
        "follows": mine.filter(follow_ups=work_order).first(),
        "children": mine.filter(parent=work_order).order_by("number"),
        "follow_ups": mine.filter(follows=work_order).order_by("number"),
        "blocks": blocks.filter(work_order=work_order).order_by("blocker__number"),
        "blocked": mine.filter(blocked_by__blocker=work_order).open().order_by("number"),
        "may_link": may and work_order.is_open,
        "may_follow": may and work_order.status != WorkOrder.Status.DRAFT,
    }


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
        return _answer(request, row, refusal.message, status=409)
    return stay(request, row, _answer(request, row), f"It waits for {other.number}.")


@require_POST
@login_required
def unblock(request: UserRequest, pk: int) -> HttpResponse:
    rows = WorkOrderBlock.objects.for_user(request.user).select_related("work_order", "blocker")
    row = get_object_or_404(rows, pk=pk)
    require(request, Permission.WORK_ORDER_PLAN, row.organization_id)
    row.delete()
    said = f"It does not wait for {row.blocker.number} any more."
    return stay(request, row.work_order, _answer(request, row.work_order), said)


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
        return _answer(request, row, refusal.message, status=409)
    said = f"It is a part of {parent.number}." if parent else "It is a part of no other order."
    return stay(request, row, _answer(request, row), said)


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
    return _answer(request, row, text, status=422)


def _answer(
    request: UserRequest, row: WorkOrder, error: str = "", *, status: int = 200
) -> HttpResponse:
    row = WorkOrder.objects.get(pk=row.pk)
    parts = {"work_order": row, "error": error, **context(request, row)}
    return render(request, TEMPLATE, parts, status=status)
