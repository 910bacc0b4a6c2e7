from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from assets.models import Asset
from maintenance.models import MaintenanceRecord, Recommendation, WorkOrder
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import ordered, page_of, search_of


@require_safe
@login_required
def history(request: UserRequest) -> HttpResponse:
    rows = MaintenanceRecord.objects.for_user(request.user).select_related(
        "asset", "technician__user", "performed_by", "work_order"
    )
    if query := search_of(request):
        rows = rows.filter(
            Q(title__icontains=query)
            | Q(asset__tag__icontains=query)
            | Q(asset__name__icontains=query)
            | Q(notes__icontains=query)
        )
    rows, order = ordered(
        rows,
        request,
        fields={
            "completed": "completed_at",
            "asset": "asset__tag",
            "labor": "labor_minutes",
            "downtime": "downtime_minutes",
        },
        default="-completed",
    )
    context = {"page": page_of(request, rows), "order": order, "query": query}
    return render_fragment(request, "maintenance/history.html", context, fragment="history_list")


@require_safe
@login_required
def of_asset(request: UserRequest, pk: int) -> HttpResponse:
    """Fragment: open work, schedules and the last history of one asset."""
    asset = get_object_or_404(Asset.objects.for_user(request.user), pk=pk)
    orders = WorkOrder.objects.filter(asset=asset).open().select_related("asset")
    recommendations = Recommendation.objects.filter(asset=asset, status="open")
    context = {
        "asset": asset,
        "orders": orders.select_related("technician__user").order_by("due_at"),
        "recommendations": recommendations.order_by("suggested_due_at"),
        "schedules": asset.schedules.filter(is_active=True).order_by("next_due_at"),
        "records": asset.history.select_related("performed_by", "work_order")[:10],
        "now": timezone.now(),
        "may_plan": request.user.can(Permission.WORK_ORDER_PLAN, asset.organization_id),
        "may_schedule": request.user.can(Permission.SCHEDULE_EDIT, asset.organization_id),
    }
    return render(request, "maintenance/of_asset.html", context)
