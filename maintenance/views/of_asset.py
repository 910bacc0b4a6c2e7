"""What maintenance shows on the page of an asset."""

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from assets.models import Asset
from maintenance.models import Recommendation, WorkOrder, WorkRequest
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest

LAST = 10
REQUESTS = 5
MOST_OPEN = 25


@require_safe
@login_required
def of_asset(request: UserRequest, pk: int) -> HttpResponse:
    """Fragment: open work, requests, schedules and the last history of one asset."""
    asset = get_object_or_404(Asset.objects.for_user(request.user), pk=pk)
    orders = WorkOrder.objects.filter(lines__asset=asset).open().select_related("asset")
    orders = orders.select_related("technician__user").order_by("due_at", "pk")
    recommendations = Recommendation.objects.filter(asset=asset, status="open")
    reported = WorkRequest.objects.filter(asset=asset).select_related("work_order", "reported_by")
    may = request.user.can
    owner = asset.organization_id
    context = {
        "asset": asset,
        "orders": orders[:MOST_OPEN],
        "order_count": orders.count(),
        "recommendations": recommendations.order_by("suggested_due_at"),
        "requests": reported[:REQUESTS],
        "schedules": asset.schedules.filter(is_active=True).order_by("next_due_at"),
        "records": asset.history.select_related("performed_by", "work_order")[:LAST],
        "now": timezone.now(),
        "is_retired": asset.status == Asset.Status.RETIRED,
        "may_plan": may(Permission.WORK_ORDER_PLAN, owner),
        "may_ask": may(Permission.REQUEST_MAKE, owner),
        "may_schedule": may(Permission.SCHEDULE_EDIT, owner),
    }
    return render(request, "maintenance/of_asset.html", context)
