"""What an order costs, on its page: labor, parts and the rest, and planned against worked hours."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from maintenance.forms.labor import OtherCostForm
from maintenance.models import OtherCost, WorkOrder
from maintenance.services import costs
from maintenance.services.costs import CostRefused
from maintenance.views.order_fragments.costs import may_add
from maintenance.views.order_page import changed, fragment
from opssight.core.http import UserRequest

NAME = "costs"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def order_costs(request: UserRequest, pk: int) -> HttpResponse:
    """The costs; a POST adds one."""
    row = _order(request, pk)
    if request.method != "POST":
        return fragment(request, row, NAME)
    if not may_add(request, row):
        raise PermissionDenied
    form = OtherCostForm(request.POST)
    if not form.is_valid():
        return fragment(request, row, NAME, status=422, cost_form=form)
    try:
        costs.add_other(work_order=row, by=request.user, at=timezone.now(), **form.cleaned_data)
    except CostRefused as error:
        return fragment(request, row, NAME, status=409, cost_error=str(error))
    return changed(request, row, NAME, "The cost was added.")


@require_POST
@login_required
def remove_cost(request: UserRequest, pk: int) -> HttpResponse:
    cost = get_object_or_404(OtherCost.objects.for_user(request.user), pk=pk)
    row = _order(request, cost.work_order_id)
    if not may_add(request, row):
        raise PermissionDenied
    try:
        costs.remove_other(cost=cost)
    except CostRefused as error:
        return fragment(request, row, NAME, status=409, cost_error=str(error))
    return changed(request, row, NAME, "The cost was removed.")


def _order(request: UserRequest, pk: int) -> WorkOrder:
    rows = WorkOrder.objects.for_user(request.user).select_related("asset", "organization")
    return get_object_or_404(rows, pk=pk)
