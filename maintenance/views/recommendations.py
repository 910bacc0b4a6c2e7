from django.contrib.auth.decorators import login_required
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from maintenance import services
from maintenance.forms.orders import AcceptForm, DismissForm
from maintenance.models import Recommendation, WorkOrder
from maintenance.views.answers import day_of, go, require, stay
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import ordered, page_of, search_of

RECOMMENDATION = "maintenance/recommendation.html"
TOO_LATE = "Somebody decided on this recommendation before you. See its state."


@require_safe
@login_required
def recommendations(request: UserRequest) -> HttpResponse:
    status = request.GET.get("status", "")
    if status not in (*Recommendation.Status.values, "all"):
        status = Recommendation.Status.OPEN
    rows = _recommendations(request).annotate(anomaly_count=Count("anomalies"))
    if status != "all":
        rows = rows.filter(status=status)
    if query := search_of(request):
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
        "statuses": [*Recommendation.Status.choices, ("all", "All")],
        "query": query,
        "may_decide": request.user.can_somewhere(Permission.RECOMMENDATION_DECIDE),
    }
    return render_fragment(
        request, "maintenance/recommendations.html", context, fragment="recommendation_list"
    )


@require_safe
@login_required
def recommendation(request: UserRequest, pk: int) -> HttpResponse:
    return _show_recommendation(request, get_object_or_404(_recommendations(request), pk=pk))


@require_POST
@login_required
def accept(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_recommendations(request), pk=pk)
    require(request, Permission.RECOMMENDATION_DECIDE, row.organization_id)
    form = AcceptForm(request.POST, recommendation=row)
    if not form.is_valid():
        return _show_recommendation(request, row, accept_form=form, status=422)
    try:
        order = services.accept(
            recommendation=row, by=request.user, at=timezone.now(), **form.cleaned_data
        )
    except services.RecommendationClosed:
        form.add_error(None, TOO_LATE)
        row.refresh_from_db()
        return _show_recommendation(request, row, accept_form=form, status=409)
    return go(request, order, f"{order.number} was created. It is due {day_of(order.due_at)}.")


@require_POST
@login_required
def dismiss(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_recommendations(request), pk=pk)
    require(request, Permission.RECOMMENDATION_DECIDE, row.organization_id)
    form = DismissForm(request.POST)
    if not form.is_valid():
        return _show_recommendation(request, row, dismiss_form=form, status=422)
    try:
        services.dismiss(
            recommendation=row, by=request.user, at=timezone.now(), **form.cleaned_data
        )
    except services.RecommendationClosed:
        form.add_error(None, TOO_LATE)
        row.refresh_from_db()
        return _show_recommendation(request, row, dismiss_form=form, status=409)
    row.refresh_from_db()
    return stay(request, row, _show_recommendation(request, row), "Dismissed. The reason is kept.")


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
