"""What an order costs, on its page: labor, parts and the rest, and planned against worked hours."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from maintenance.forms.labor import OtherCostForm
from maintenance.models import OtherCost, WorkOrder
from maintenance.services import costs
from maintenance.services.costs import CostRefused
from maintenance.views.answers import stay
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest

TEMPLATE = "maintenance/order/costs.html"
WORK = (Permission.WORK_ORDER_EXECUTE, Permission.WORK_ORDER_PLAN)


def context(request: UserRequest, work_order: WorkOrder) -> dict[str, Any]:
    may = work_order.is_open and _may(request, work_order)
    return {
        "costs": costs.cost_of(work_order=work_order),
        "others": work_order.other_costs.select_related("by"),
        "currency": work_order.organization.currency,
        "may_add_cost": may,
        "cost_form": OtherCostForm() if may else None,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def order_costs(request: UserRequest, pk: int) -> HttpResponse:
    """The costs; a POST adds one."""
    row = _order(request, pk)
    if request.method != "POST":
        return _answer(request, row)
    if not _may(request, row):
        raise PermissionDenied
    form = OtherCostForm(request.POST)
    if not form.is_valid():
        return _answer(request, row, status=422, cost_form=form)
    try:
        costs.add_other(work_order=row, by=request.user, at=timezone.now(), **form.cleaned_data)
    except CostRefused as error:
        return _answer(request, row, status=409, cost_error=str(error))
    return stay(request, row, _answer(request, row), "The cost was added.")


@require_POST
@login_required
def remove_cost(request: UserRequest, pk: int) -> HttpResponse:
    cost = get_object_or_404(OtherCost.objects.for_user(request.user), pk=pk)
    row = _order(request, cost.work_order_id)
    if not _may(request, row):
        raise PermissionDenied
    try:
        costs.remove_other(cost=cost)
    except CostRefused as error:
        return _answer(request, row, status=409, cost_error=str(error))
    return stay(request, row, _answer(request, row), "The cost was removed.")


def _answer(
    request: UserRequest, row: WorkOrder, *, status: int = 200, **more: Any
) -> HttpResponse:
    parts = {"work_order": row, **context(request, row), **more}
    return render(request, TEMPLATE, parts, status=status)


def _order(request: UserRequest, pk: int) -> WorkOrder:
    rows = WorkOrder.objects.for_user(request.user).select_related("asset", "organization")
    return get_object_or_404(rows, pk=pk)


def _may(request: UserRequest, row: WorkOrder) -> bool:
    return any(request.user.can(item, row.organization_id) for item in WORK)
