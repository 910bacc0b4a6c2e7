from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from assets.models import Asset
from maintenance import services
from maintenance.forms.orders import WorkOrderForm
from maintenance.models import MaintenanceType, WorkOrder, WorkOrderQuerySet
from maintenance.views import order_page
from maintenance.views.answers import day_of, go
from maintenance.views.order_page import show
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import ordered, page_of, search_of

STATUS_FILTERS = {
    "open": "Open",
    "mine": "Mine",
    "unassigned": "Unassigned",
    "overdue": "Overdue",
    "respond": "Response due",
    "missed": "Response missed",
    "in_progress": "In progress",
    "completed": "Completed",
    "all": "All",
}


@require_safe
@login_required
def work_orders(request: UserRequest) -> HttpResponse:
    status = request.GET.get("status", "")
    status = status if status in STATUS_FILTERS else "open"
    rows = _filtered(order_page.work_orders_of(request), status, request)
    if query := search_of(request):
        rows = rows.filter(
            Q(number__icontains=query)
            | Q(title__icontains=query)
            | Q(asset__tag__icontains=query)
            | Q(asset__name__icontains=query)
        )
    rows, order = ordered(
        rows,
        request,
        fields={
            "due": "due_at",
            "number": "number",
            "asset": "asset__tag",
            "completed": "completed_at",
        },
        default="-completed" if status == "completed" else "due",
    )
    context = {
        "page": page_of(request, rows),
        "order": order,
        "status": status,
        "statuses": STATUS_FILTERS,
        "query": query,
        "now": timezone.now(),
        "may_plan": request.user.can_somewhere(Permission.WORK_ORDER_PLAN),
    }
    return render_fragment(
        request, "maintenance/work_orders.html", context, fragment="work_order_list"
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def new_work_order(request: UserRequest) -> HttpResponse:
    organization = request.user.organization
    if organization is None or not request.user.can(Permission.WORK_ORDER_PLAN, organization):
        raise PermissionDenied
    assets = Asset.objects.for_user(request.user).filter(organization=organization)
    form = WorkOrderForm(
        request.POST or None,
        assets=assets,
        organization_id=organization.pk,
        initial={
            "asset": request.GET.get("asset", ""),
            "maintenance_type": MaintenanceType.CORRECTIVE,
        },
    )
    if request.method == "POST" and form.is_valid():
        order = services.create_work_order(**form.values, by=request.user, at=timezone.now())
        return go(request, order, f"{order.number} was created. It is due {day_of(order.due_at)}.")
    status = 422 if form.errors else 200
    return render(request, "maintenance/new_work_order.html", {"form": form}, status=status)


@require_safe
@login_required
def work_order(request: UserRequest, pk: int) -> HttpResponse:
    return show(request, get_object_or_404(order_page.work_orders_of(request), pk=pk))


def _filtered(rows: WorkOrderQuerySet, status: str, request: UserRequest) -> WorkOrderQuerySet:
    if status in ("respond", "missed"):
        at = timezone.now()
        return rows.response_due(at) if status == "respond" else rows.open().response_missed(at)
    is_open = Q(status__in=WorkOrder.OPEN)
    conditions = {
        "open": is_open,
        "mine": is_open & Q(technician__user=request.user),
        "unassigned": is_open & Q(technician=None),
        "overdue": is_open & Q(due_at__lt=timezone.now()),
        "in_progress": Q(status=WorkOrder.Status.IN_PROGRESS),
        "completed": Q(status__in=WorkOrder.DONE),
    }
    return rows.filter(conditions.get(status, Q()))
