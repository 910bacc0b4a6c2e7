"""What else can be done while the asset of an order stands still, on its page."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from maintenance.models import WorkOrder
from maintenance.queries.outages import together
from maintenance.services.course import TransitionRefused
from maintenance.services.outages import plan_together
from maintenance.views.answers import require, stay
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest

TEMPLATE = "maintenance/order/outage.html"


def context(request: UserRequest, work_order: WorkOrder) -> dict[str, Any]:
    orders = WorkOrder.objects.for_user(request.user).filter(
        organization=work_order.organization_id
    )
    return {
        "shared": together(work_order=work_order, orders=orders),
        "may_share": request.user.can(Permission.WORK_ORDER_PLAN, work_order.organization_id),
    }


@require_POST
@login_required
def share(request: UserRequest, pk: int) -> HttpResponse:
    """Plan the chosen orders (`order`, repeated) for the time of this one."""
    rows = WorkOrder.objects.for_user(request.user)
    row = get_object_or_404(rows.select_related("asset"), pk=pk)
    require(request, Permission.WORK_ORDER_PLAN, row.organization_id)
    offered = {str(one.order.pk) for one in context(request, row)["shared"]}
    chosen = [int(text) for text in request.POST.getlist("order") if text in offered]
    if not chosen:
        return _answer(request, row, "Choose the orders to plan for the same time.", status=422)
    try:
        count = plan_together(work_order=row, others=chosen)
    except TransitionRefused as refusal:
        return _answer(request, row, refusal.message, status=409)
    said = f"{count} order{'s' * (count != 1)} planned for the same outage."
    return stay(request, row, _answer(request, row), said)


def _answer(
    request: UserRequest, row: WorkOrder, error: str = "", *, status: int = 200
) -> HttpResponse:
    parts = {"work_order": row, "error": error, **context(request, row)}
    return render(request, TEMPLATE, parts, status=status)
