"""What else can be done while the asset of an order stands still, on its page."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_POST

from maintenance.models import WorkOrder
from maintenance.services.course import TransitionRefused
from maintenance.services.outages import plan_together
from maintenance.views.answers import require
from maintenance.views.order_fragments.outage import context
from maintenance.views.order_page import changed, fragment
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest

NAME = "outage"
UNCHOSEN = "Choose the orders to plan for the same time."


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
        return fragment(request, row, NAME, status=422, error=UNCHOSEN)
    try:
        count = plan_together(work_order=row, others=chosen)
    except TransitionRefused as refusal:
        return fragment(request, row, NAME, status=409, error=refusal.message)
    said = f"{count} order{'s' * (count != 1)} planned for the same outage."
    return changed(request, row, NAME, said)
