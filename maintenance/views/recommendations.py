from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from maintenance.forms.recommendations import AcceptForm, DismissForm, JudgeForm, SnoozeForm
from maintenance.models import (
    Recommendation,
    RecommendationQuerySet,
    Verdict,
    WorkOrder,
    WorkOrderQuerySet,
)
from maintenance.queries import advice
from maintenance.services import recommendations as services
from maintenance.services import verdicts
from maintenance.views.answers import day_of, go, require, stay
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import number_of, ordered, page_of, search_of

RECOMMENDATION = "maintenance/recommendation.html"
TOO_LATE = "Somebody decided on this recommendation before you. See its state."
Status = Recommendation.Status
STATUSES = {
    "open": "To be decided",
    "snoozed": "Snoozed",
    "accepted": "Accepted",
    "completed": "Completed",
    "dismissed": "Dismissed",
    "all": "All",
}


@require_safe
@login_required
def recommendations(request: UserRequest) -> HttpResponse:
    status = request.GET.get("status", "")
    status = status if status in STATUSES else "open"
    rows, filters = _filtered(_of_status(_recommendations(request), status), request)
    rows, order = ordered(
        rows,
        request,
        fields={
            "rank": "rank",
            "due": "suggested_due_at",
            "asset": "asset__tag",
            "opened": "opened_at",
            "cost": "cost_of_waiting",
        },
        default="-rank",
    )
    context = {
        "page": page_of(request, rows),
        "order": order,
        "status": status,
        "statuses": STATUSES.items(),
        "sources": Recommendation.Source.choices,
        "now": timezone.now(),
        "may_decide": request.user.can_somewhere(Permission.RECOMMENDATION_DECIDE),
        **filters,
    }
    return render_fragment(
        request, "maintenance/recommendations.html", context, fragment="recommendation_list"
    )


@require_safe
@login_required
def recommendation(request: UserRequest, pk: int) -> HttpResponse:
    return _show(request, _row(request, pk))


@require_POST
@login_required
def accept(request: UserRequest, pk: int) -> HttpResponse:
    row = _row(request, pk)
    require(request, Permission.RECOMMENDATION_DECIDE, row.organization_id)
    form = AcceptForm(request.POST, recommendation=row, orders=_orders(request))
    if not form.is_valid():
        return _show(request, row, accept_form=form, status=422)
    try:
        order = services.accept(
            recommendation=row, by=request.user, at=timezone.now(), **form.cleaned_data
        )
    except services.RecommendationClosed:
        return _too_late(request, row)
    except services.MergeRefused as refused:
        form.add_error("merge_into", str(refused))
        return _show(request, row, accept_form=form, status=409)
    if form.cleaned_data.get("merge_into"):
        return go(request, order, f"{order.number} deals with it too.")
    return go(request, order, f"{order.number} was created. It is due {day_of(order.due_at)}.")


@require_POST
@login_required
def dismiss(request: UserRequest, pk: int) -> HttpResponse:
    row = _row(request, pk)
    require(request, Permission.RECOMMENDATION_DECIDE, row.organization_id)
    form = DismissForm(request.POST)
    if not form.is_valid():
        return _show(request, row, dismiss_form=form, status=422)
    try:
        services.dismiss(
            recommendation=row, by=request.user, at=timezone.now(), **form.cleaned_data
        )
    except services.RecommendationClosed:
        return _too_late(request, row)
    return _changed(request, row, "Dismissed. The reason is kept.")


@require_POST
@login_required
def snooze(request: UserRequest, pk: int) -> HttpResponse:
    row = _row(request, pk)
    require(request, Permission.RECOMMENDATION_DECIDE, row.organization_id)
    form = SnoozeForm(request.POST)
    if not form.is_valid():
        return _show(request, row, snooze_form=form, status=422)
    until = form.cleaned_data["until"]
    try:
        services.snooze(recommendation=row, at=timezone.now(), until=until)
    except services.RecommendationClosed:
        return _too_late(request, row)
    return _changed(request, row, f"Snoozed until {day_of(until)}.")


@require_POST
@login_required
def wake(request: UserRequest, pk: int) -> HttpResponse:
    row = _row(request, pk)
    require(request, Permission.RECOMMENDATION_DECIDE, row.organization_id)
    try:
        services.snooze(recommendation=row, at=timezone.now(), until=None)
    except services.RecommendationClosed:
        return _too_late(request, row)
    return _changed(request, row, "It is to be decided again.")


@require_POST
@login_required
def judge(request: UserRequest, pk: int) -> HttpResponse:
    row = _row(request, pk)
    require(request, Permission.RECOMMENDATION_DECIDE, row.organization_id)
    form = JudgeForm(request.POST)
    if not form.is_valid():
        return _show(request, row, judge_form=form, status=422)
    try:
        verdicts.judge(recommendation=row, finding=form.finding)
    except verdicts.NotCompleted:
        form.add_error(None, "Its work is not completed. Complete the work order first.")
        return _show(request, row, judge_form=form, status=409)
    return _changed(request, row, "The verdict is kept. Later advice counts with it.")


def _recommendations(request: UserRequest) -> RecommendationQuerySet:
    return Recommendation.objects.for_user(request.user).select_related("asset__site")


def _orders(request: UserRequest) -> WorkOrderQuerySet:
    return WorkOrder.objects.for_user(request.user)


def _row(request: UserRequest, pk: int) -> Recommendation:
    rows = _recommendations(request).select_related("decided_by", "work_order", "job_plan")
    return get_object_or_404(rows, pk=pk)


def _of_status(rows: RecommendationQuerySet, status: str) -> RecommendationQuerySet:
    if status == "open":
        return rows.waiting(timezone.now())
    if status == "snoozed":
        return rows.snoozed(timezone.now())
    return rows if status == "all" else rows.filter(status=status)


def _filtered(
    rows: QuerySet[Recommendation], request: UserRequest
) -> tuple[QuerySet[Recommendation], dict[str, Any]]:
    """The rows that the query string asks for, and what of it the page shows again."""
    source, verdict = request.GET.get("source", ""), request.GET.get("verdict", "")
    mode = request.GET.get("mode", "").replace("\x00", "").strip()
    days, query = number_of(request, "days", at_most=36_500), search_of(request)
    wanted = Q()
    if source in Recommendation.Source.values:
        wanted &= Q(source=source)
    if verdict in Verdict.values:
        wanted &= Q(verdict=verdict)
    if mode:
        wanted &= Q(failure_mode__iexact=mode)
    if days:
        wanted &= Q(closed_at__gte=timezone.now() - timedelta(days=days))
    if query:
        wanted &= (
            Q(asset__tag__icontains=query)
            | Q(asset__name__icontains=query)
            | Q(failure_mode__icontains=query)
        )
    shown = {"source": source, "verdict": verdict, "mode": mode, "days": days, "query": query}
    return rows.filter(wanted), shown


def _changed(request: UserRequest, row: Recommendation, text: str) -> HttpResponse:
    row = _row(request, row.pk)
    return stay(request, row, lambda: _show(request, row), text)


def _too_late(request: UserRequest, row: Recommendation) -> HttpResponse:
    return _show(request, _row(request, row.pk), error=TOO_LATE, status=409)


def _show(
    request: UserRequest,
    row: Recommendation,
    *,
    accept_form: AcceptForm | None = None,
    dismiss_form: DismissForm | None = None,
    snooze_form: SnoozeForm | None = None,
    judge_form: JudgeForm | None = None,
    error: str = "",
    status: int = 200,
) -> HttpResponse:
    now = timezone.now()
    context = {
        "recommendation": row,
        "is_snoozed": row.is_snoozed(now),
        "anomalies": row.anomalies.select_related("sensor").order_by("-started_at")[:20],
        "work_order": row.work_order,
        "last_time": advice.last_time(row),
        "few": advice.rests_on_little(row),
        "rising": advice.rising(row),
        "accept_form": accept_form or AcceptForm(recommendation=row, orders=_orders(request)),
        "dismiss_form": dismiss_form or DismissForm(),
        "snooze_form": snooze_form or SnoozeForm(),
        "judge_form": judge_form or JudgeForm(),
        "error": error,
        "may_decide": request.user.can(Permission.RECOMMENDATION_DECIDE, row.organization_id),
    }
    return render_fragment(request, RECOMMENDATION, context, fragment="decision", status=status)
