from datetime import timedelta

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from assets.models import Asset
from maintenance import services
from maintenance.forms.orders import CompleteForm, WorkOrderForm
from maintenance.models import MaintenanceRecord, MaintenanceType, Urgency, WorkOrder
from maintenance.views.answers import day_of, go, require, stay
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import ordered, page_of, search_of

WORK_ORDER = "maintenance/work_order.html"
STATUS_FILTERS = {
    "open": "Open",
    "mine": "Mine",
    "overdue": "Overdue",
    "in_progress": "In progress",
    "completed": "Completed",
    "all": "All",
}


@require_safe
@login_required
def work_orders(request: UserRequest) -> HttpResponse:
    status = request.GET.get("status", "")
    status = status if status in STATUS_FILTERS else "open"
    rows = _filtered(_work_orders(request), status, request)
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
            "due_at": timezone.localdate() + timedelta(days=7),
            "maintenance_type": MaintenanceType.CORRECTIVE,
        },
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        order = services.create_work_order(
            **{
                **data,
                "maintenance_type": MaintenanceType(data["maintenance_type"]),
                "priority": Urgency(data["priority"]),
            },
            by=request.user,
            at=timezone.now(),
        )
        return go(request, order, f"{order.number} was created. It is due {day_of(order.due_at)}.")
    status = 422 if form.errors else 200
    return render(request, "maintenance/new_work_order.html", {"form": form}, status=status)


@require_safe
@login_required
def work_order(request: UserRequest, pk: int) -> HttpResponse:
    return _show_work_order(request, get_object_or_404(_work_orders(request), pk=pk))


@require_POST
@login_required
def start(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_work_orders(request), pk=pk)
    require(request, Permission.WORK_ORDER_EXECUTE, row.organization_id)
    try:
        services.start(work_order=row, by=request.user, at=timezone.now())
    except services.TransitionRefused as refusal:
        return _work_order_conflict(request, row, refusal)
    row = _again(request, row)
    return stay(request, row, _show_work_order(request, row), f"Work on {row.number} was started.")


@require_POST
@login_required
def complete(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_work_orders(request), pk=pk)
    require(request, Permission.WORK_ORDER_EXECUTE, row.organization_id)
    form = CompleteForm(request.POST, ask_verdict=row.recommendation_id is not None)
    if not form.is_valid():
        return _show_work_order(request, row, form=form, status=422)
    try:
        services.complete(work_order=row, by=request.user, at=timezone.now(), outcome=form.outcome)
    except services.TransitionRefused as refusal:
        return _work_order_conflict(request, row, refusal)
    row = _again(request, row)
    return stay(
        request,
        row,
        _show_work_order(request, row),
        f"{row.number} is completed.",
    )


@require_POST
@login_required
def cancel(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_work_orders(request), pk=pk)
    require(request, Permission.WORK_ORDER_PLAN, row.organization_id)
    try:
        services.cancel(work_order=row, by=request.user, at=timezone.now())
    except services.TransitionRefused as refusal:
        return _work_order_conflict(request, row, refusal)
    row = _again(request, row)
    return stay(request, row, _show_work_order(request, row), f"{row.number} was cancelled.")


def _work_orders(request: UserRequest) -> QuerySet[WorkOrder]:
    return WorkOrder.objects.for_user(request.user).select_related(
        "asset", "technician__user", "recommendation__asset", "schedule"
    )


def _again(request: UserRequest, row: WorkOrder) -> WorkOrder:
    return _work_orders(request).get(pk=row.pk)


def _filtered(rows: QuerySet[WorkOrder], status: str, request: UserRequest) -> QuerySet[WorkOrder]:
    is_open = Q(status__in=WorkOrder.OPEN)
    conditions = {
        "open": is_open,
        "mine": is_open & Q(technician__user=request.user),
        "overdue": is_open & Q(due_at__lt=timezone.now()),
        "in_progress": Q(status=WorkOrder.Status.IN_PROGRESS),
        "completed": Q(status__in=WorkOrder.DONE),
    }
    return rows.filter(conditions.get(status, Q()))


def _show_work_order(
    request: UserRequest,
    row: WorkOrder,
    *,
    form: CompleteForm | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    user, organization_id = request.user, row.organization_id
    context = {
        "work_order": row,
        "record": MaintenanceRecord.objects.filter(work_order=row)
        .select_related("performed_by")
        .first(),
        "recommendation": row.recommendation,
        "schedule": row.schedule,
        "form": form or CompleteForm(ask_verdict=row.recommendation_id is not None),
        "error": error,
        "not_started": row.status in WorkOrder.NOT_STARTED,
        "now": timezone.now(),
        "may_execute": user.can(Permission.WORK_ORDER_EXECUTE, organization_id),
        "may_plan": user.can(Permission.WORK_ORDER_PLAN, organization_id),
    }
    return render_fragment(request, WORK_ORDER, context, fragment="work_order", status=status)


def _work_order_conflict(
    request: UserRequest, row: WorkOrder, refusal: services.TransitionRefused
) -> HttpResponse:
    return _show_work_order(request, _again(request, row), error=refusal.message, status=409)
