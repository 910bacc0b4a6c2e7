from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from anomalies import services
from anomalies.forms import ReviewForm
from anomalies.models import Anomaly
from assets.models import Asset, Site
from maintenance.models import Urgency
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import ordered, page_of

STATES = {"active": "Active", "closed": "Closed", "all": "All"}
TIMELINE_DAYS = {"7": "7 days", "30": "30 days", "60": "60 days"}
LONGEST_TIMELINE = 400
MOST_LANES = 25


@require_safe
@login_required
def anomaly_list(request: UserRequest) -> HttpResponse:
    state = request.GET.get("state", "active")
    severity, site = request.GET.get("severity", ""), request.GET.get("site", "")
    query = request.GET.get("q", "").strip()
    rows = _anomalies(request)
    if state in ("active", "closed"):
        rows = rows.filter(closed_at__isnull=state == "active")
    if severity in Urgency.values:
        rows = rows.filter(severity=severity)
    if site.isdecimal():
        rows = rows.filter(asset__site=int(site))
    if query:
        rows = rows.filter(
            Q(asset__tag__icontains=query)
            | Q(asset__name__icontains=query)
            | Q(failure_mode__icontains=query)
        )
    rows, order = ordered(
        rows,
        request,
        fields={"started": "started_at", "asset": "asset__tag", "score": "score"},
        default="-started",
    )
    days = request.GET.get("days", "30")
    context = {
        "page": page_of(request, rows),
        "order": order,
        "query": query,
        "state": state,
        "states": STATES,
        "severity": severity,
        "severities": Urgency.choices,
        "site": site,
        "sites": Site.objects.for_user(request.user),
        "days": days if days in TIMELINE_DAYS else "30",
        "timeline_days": TIMELINE_DAYS,
    }
    return render(request, "anomalies/list.html", context)


@require_safe
@login_required
def timeline(request: UserRequest) -> JsonResponse:
    """The plant's anomalies of the last `?days=`: one lane per asset, newest first."""
    asked = request.GET.get("days", "30")
    days = min(int(asked), LONGEST_TIMELINE) if asked.isdecimal() and int(asked) else 30
    now = timezone.now()
    rows = Anomaly.objects.for_user(request.user).select_related("asset", "sensor")
    return JsonResponse(timeline_of(rows, start=now - timedelta(days=days), end=now))


def timeline_of(rows: QuerySet[Anomaly], *, start: datetime, end: datetime) -> dict[str, Any]:
    """See the head of static/js/charts.js for the format."""
    within = rows.filter(Q(ended_at=None) | Q(ended_at__gte=start), started_at__lte=end)
    lanes: dict[int, int] = {}
    assets: list[Asset] = []
    spans = []
    for row in within.order_by("-started_at")[:500]:
        if row.asset_id not in lanes:
            if len(lanes) == MOST_LANES:
                continue
            lanes[row.asset_id] = len(lanes)
            assets.append(row.asset)
        spans.append(
            {
                "lane": lanes[row.asset_id],
                "start": row.started_at.isoformat(),
                "end": row.ended_at.isoformat() if row.ended_at else None,
                "severity": row.severity,
                "label": row.explanation,
                "url": row.get_absolute_url(),
            }
        )
    return {
        "start": start.isoformat(),
        "end": end.isoformat(),
        "lanes": [{"label": asset.tag, "url": asset.get_absolute_url()} for asset in assets],
        "spans": spans,
        "empty": "No anomalies in this time.",
    }


@require_safe
@login_required
def detail(request: UserRequest, pk: int) -> HttpResponse:
    return _show(request, get_object_or_404(_anomalies(request), pk=pk))


@require_POST
@login_required
def review(request: UserRequest, pk: int) -> HttpResponse:
    row = get_object_or_404(_anomalies(request), pk=pk)
    if not request.user.can(Permission.ANOMALY_REVIEW, row.organization_id):
        raise PermissionDenied
    form = ReviewForm(request.POST)
    if not form.is_valid():
        return _show(request, row, error="Choose one of the two answers.", status=422)
    try:
        services.review(anomaly=row, verdict=form.chosen, by=request.user, at=timezone.now())
    except services.AnomalyClosed:
        row.refresh_from_db()
        return _show(request, row, error="Somebody answered before you.", status=409)
    row.refresh_from_db()
    return _show(request, row)


@require_safe
@login_required
def of_asset(request: UserRequest, pk: int) -> HttpResponse:
    """Fragment: the last anomalies of one asset."""
    asset = get_object_or_404(Asset.objects.for_user(request.user), pk=pk)
    rows = asset.anomalies.select_related("sensor").order_by("-started_at")[:10]
    return render(request, "anomalies/of_asset.html", {"anomalies": rows})


def _anomalies(request: UserRequest) -> QuerySet[Anomaly]:
    return Anomaly.objects.for_user(request.user).select_related(
        "asset__site", "sensor", "recommendation__asset"
    )


def _show(
    request: UserRequest, row: Anomaly, *, error: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "anomaly": row,
        "days": _days_to_show(row, timezone.now()),
        "error": error,
        "may_review": request.user.can(Permission.ANOMALY_REVIEW, row.organization_id),
    }
    return render_fragment(
        request, "anomalies/detail.html", context, fragment="verdict", status=status
    )


def _days_to_show(row: Anomaly, now: datetime) -> int:
    """So many days back from the last reading that the start is in view, with some before."""
    end = min(now, row.sensor.last_time or now)
    return max((end - row.started_at).days + 3, 3)
