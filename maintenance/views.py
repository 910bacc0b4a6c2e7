from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from assets.models import Asset
from maintenance import services
from maintenance.forms import AcceptForm, CompleteForm, DismissForm, WorkOrderForm
from maintenance.models import (
    MaintenanceRecord,
    MaintenanceType,
    Recommendation,
    Urgency,
    WorkOrder,
)
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import ordered, page_of

RECOMMENDATION = "maintenance/recommendation.html"
WORK_ORDER = "maintenance/work_order.html"
STATUS_FILTERS = {
    "open": "Open",
    "mine": "Mine",
    "overdue": "Overdue",
    "in_progress": "In progress",
    "completed": "Completed",
    "all": "All",
}


# -- Recommendations -----------------------------------------------------------------------------


@require_safe
@login_required
def recommendations(request: UserRequest) -> HttpResponse:
    status = request.GET.get("status", Recommendation.Status.OPEN)
    rows = _recommendations(request).annotate(anomaly_count=Count("anomalies"))
    if status in Recommendation.Status.values:
        rows = rows.filter(status=status)
    if query := request.GET.get("q", "").strip():
        rows = rows.filter(
            Q(asset__tag__icontains=query)
            | Q(asset__name__icontains=query)
            | Q(failure_mode__icontains=query)
        )
    rows, order = ordered(
        rows,
        request,
        fields={
            "due": "suggested_due_at",
            "asset": "asset__tag",
            "opened": "opened_at",
            "risk": "asset__current_risk",
        },
        default="due",
    )
    context = {
        "page": page_of(request, rows),
        "order": order,
        "status": status,
        "statuses": Recommendation.Status.choices,
        "query": query,
    }
    return render(request, "maintenance/recommendations.html", context)


@require_safe
@login_required
def recommendation(request: UserRequest, pk: int) -> HttpResponse:
    return _show_recommendation(request, get_object_or_404(_recommendations(request), pk=pk))


@require_POST
@login_required
def accept(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_recommendations(request), pk=pk)
    _require(request, Permission.RECOMMENDATION_DECIDE, row.organization_id)
    form = AcceptForm(request.POST, recommendation=row)
    if not form.is_valid():
        return _show_recommendation(request, row, accept_form=form, status=422)
    try:
        order = services.accept(
            recommendation=row, by=request.user, at=timezone.now(), **form.cleaned_data
        )
    except services.RecommendationClosed:
        form.add_error(None, "Somebody decided on this recommendation before you. See its state.")
        row.refresh_from_db()
        return _show_recommendation(request, row, accept_form=form, status=409)
    messages.success(request, f"{order.number} was created. It is due {_day(order.due_at)}.")
    return _go(request, order.get_absolute_url())


@require_POST
@login_required
def dismiss(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_recommendations(request), pk=pk)
    _require(request, Permission.RECOMMENDATION_DECIDE, row.organization_id)
    form = DismissForm(request.POST)
    if not form.is_valid():
        return _show_recommendation(request, row, dismiss_form=form, status=422)
    try:
        services.dismiss(
            recommendation=row, by=request.user, at=timezone.now(), **form.cleaned_data
        )
    except services.RecommendationClosed:
        form.add_error(None, "Somebody decided on this recommendation before you. See its state.")
        row.refresh_from_db()
        return _show_recommendation(request, row, dismiss_form=form, status=409)
    row.refresh_from_db()
    return _show_recommendation(request, row)


def _recommendations(request: UserRequest) -> QuerySet[Recommendation]:
    return Recommendation.objects.for_user(request.user).select_related("asset", "decided_by")


def _show_recommendation(
    request: UserRequest,
    row: Recommendation,
    *,
    accept_form: AcceptForm | None = None,
    dismiss_form: DismissForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "recommendation": row,
        "anomalies": row.anomalies.select_related("sensor").order_by("-started_at")[:20],
        "work_order": row.work_orders.exclude(status=WorkOrder.Status.CANCELLED).first(),
        "accept_form": accept_form or AcceptForm(recommendation=row),
        "dismiss_form": dismiss_form or DismissForm(),
        "may_decide": request.user.can(Permission.RECOMMENDATION_DECIDE, row.organization_id),
    }
    return render_fragment(request, RECOMMENDATION, context, fragment="decision", status=status)


# -- Work orders ---------------------------------------------------------------------------------


@require_safe
@login_required
def work_orders(request: UserRequest) -> HttpResponse:
    status = request.GET.get("status", "open")
    rows = _filtered(_work_orders(request), status, request)
    if query := request.GET.get("q", "").strip():
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
    return render(request, "maintenance/work_orders.html", context)


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
            "asset": request.GET.get("asset"),
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
        messages.success(request, f"{order.number} was created. It is due {_day(order.due_at)}.")
        return redirect(order)
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
    _require(request, Permission.WORK_ORDER_EXECUTE, row.organization_id)
    try:
        services.start(work_order=row, by=request.user, at=timezone.now())
    except services.WorkOrderNotOpen:
        return _work_order_conflict(request, row)
    return _show_work_order(request, _again(request, row))


@require_POST
@login_required
def complete(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_work_orders(request), pk=pk)
    _require(request, Permission.WORK_ORDER_EXECUTE, row.organization_id)
    form = CompleteForm(request.POST, ask_verdict=row.recommendation_id is not None)
    if not form.is_valid():
        return _show_work_order(request, row, form=form, status=422)
    try:
        services.complete(work_order=row, by=request.user, at=timezone.now(), outcome=form.outcome)
    except services.WorkOrderNotOpen:
        return _work_order_conflict(request, row)
    return _show_work_order(request, _again(request, row))


@require_POST
@login_required
def cancel(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_work_orders(request), pk=pk)
    _require(request, Permission.WORK_ORDER_PLAN, row.organization_id)
    try:
        services.cancel(work_order=row, by=request.user, at=timezone.now())
    except services.WorkOrderNotOpen:
        return _work_order_conflict(request, row)
    return _show_work_order(request, _again(request, row))


def _work_orders(request: UserRequest) -> QuerySet[WorkOrder]:
    return WorkOrder.objects.for_user(request.user).select_related(
        "asset", "technician__user", "completed_by"
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
        "record": MaintenanceRecord.objects.filter(work_order=row).first(),
        "recommendation": row.recommendation,
        "form": form or CompleteForm(ask_verdict=row.recommendation_id is not None),
        "error": error,
        "not_started": row.status in WorkOrder.NOT_STARTED,
        "now": timezone.now(),
        "may_execute": user.can(Permission.WORK_ORDER_EXECUTE, organization_id),
        "may_plan": user.can(Permission.WORK_ORDER_PLAN, organization_id),
    }
    return render_fragment(request, WORK_ORDER, context, fragment="work", status=status)


def _work_order_conflict(request: UserRequest, row: WorkOrder) -> HttpResponse:
    row = _again(request, row)
    error = f"Nothing was changed: the work order is already {row.get_status_display().lower()}."
    return _show_work_order(request, row, error=error, status=409)


# -- History, and the fragment of an asset's page ------------------------------------------------


@require_safe
@login_required
def history(request: UserRequest) -> HttpResponse:
    rows = MaintenanceRecord.objects.for_user(request.user).select_related(
        "asset", "technician__user", "performed_by", "work_order"
    )
    if query := request.GET.get("q", "").strip():
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
    return render(request, "maintenance/history.html", context)


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
    }
    return render(request, "maintenance/of_asset.html", context)


def _require(request: UserRequest, permission: Permission, organization_id: int) -> None:
    if not request.user.can(permission, organization_id):
        raise PermissionDenied


def _go(request: UserRequest, url: str) -> HttpResponse:
    """Redirect, also for htmx, which would put the next page into the fragment."""
    if request.htmx:
        return HttpResponse(headers={"HX-Redirect": url})
    return redirect(url)


def _day(moment: datetime) -> str:
    return f"{timezone.localtime(moment):%B %-d, %Y}"
