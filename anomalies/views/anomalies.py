from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Case, IntegerField, Q, When
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from anomalies import queries, services
from anomalies.forms import ReviewForm
from anomalies.models import Anomaly, AnomalyQuerySet, Incident
from anomalies.queries import machines
from anomalies.views.evidence import has_scores
from assets.models import Asset, Site
from maintenance.models import Urgency, Verdict
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import LONGEST_SEARCH, number_of, ordered, page_of, search_of

STATES = {"active": "Active", "past": "Past", "all": "All"}
TIMELINE_DAYS = {"7": "7 days", "30": "30 days", "60": "60 days"}
DEFAULT_DAYS = "30"
LONGEST_TIMELINE = 400
MOST_LANES = 25
SEVERITY_RANK = Case(
    *(When(severity=value, then=rank) for rank, value in enumerate(Urgency.values)),
    output_field=IntegerField(),
)


@require_safe
@login_required
def anomaly_list(request: UserRequest) -> HttpResponse:
    state, severity = request.GET.get("state", ""), request.GET.get("severity", "")
    state = state if state in STATES else "active"
    query, site = search_of(request), number_of(request, "site")
    rows = _anomalies(request).annotate(severity_rank=SEVERITY_RANK)
    if state == "active":
        rows = rows.active()
    elif state == "past":
        rows = rows.inactive()
    if severity in Urgency.values:
        rows = rows.filter(severity=severity)
    method = request.GET.get("method", "")
    if method in Anomaly.Method.values:
        rows = rows.filter(method=method)
    if site:
        rows = rows.filter(asset__site=site)
    narrowed = _narrowed(request)
    rows = rows.filter(*narrowed.values())
    if query:
        rows = rows.filter(
            Q(asset__tag__icontains=query)
            | Q(asset__name__icontains=query)
            | Q(failure_mode__icontains=query)
        )
    rows, order = ordered(
        rows,
        request,
        fields={"severity": "severity_rank", "started": "started_at", "asset": "asset__tag"},
        default="-severity" if state == "active" else "-started",
        then=("-started_at",),
    )
    days = request.GET.get("days", "")
    context = {
        "page": page_of(request, rows),
        "order": order,
        "query": query,
        "state": state,
        "states": STATES,
        "severity": severity,
        "severities": Urgency.choices,
        "method": method,
        "methods": Anomaly.Method.choices,
        "site": site,
        "sites": Site.objects.for_user(request.user).values_list("pk", "name"),
        "narrowed": {name: request.GET[name] for name in narrowed},
        "days": days if days in TIMELINE_DAYS else DEFAULT_DAYS,
        "timeline_days": TIMELINE_DAYS,
    }
    return render_fragment(request, "anomalies/list.html", context, fragment="anomaly_list")


def _narrowed(request: UserRequest) -> dict[str, Q]:
    """What the figures of other pages ask for: by name of the parameter."""
    given: dict[str, Q] = {}
    for name in ("detector", "failure_mode"):
        if name in request.GET:
            given[name] = Q(**{name: request.GET[name].replace("\x00", "")[:LONGEST_SEARCH]})
    if request.GET.get("verdict") in Verdict.values:
        given["verdict"] = Q(verdict=request.GET["verdict"])
    if sensor := number_of(request, "sensor"):
        given["sensor"] = Q(sensor=sensor)
    if within := number_of(request, "within", at_most=LONGEST_TIMELINE):
        since = timezone.now() - timedelta(days=within)
        given["within"] = Q(started_at__gte=since, work_order=None)
    return given


@require_safe
@login_required
def timeline(request: UserRequest) -> JsonResponse:
    """The plant's anomalies of the last `?days=`: one lane per asset, newest first."""
    days = number_of(request, "days", at_most=LONGEST_TIMELINE) or int(DEFAULT_DAYS)
    now = timezone.now()
    rows = Anomaly.objects.for_user(request.user).select_related("asset", "sensor")
    return JsonResponse(timeline_of(rows, start=now - timedelta(days=days), end=now))


def timeline_of(rows: AnomalyQuerySet, *, start: datetime, end: datetime) -> dict[str, Any]:
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
        row = _anomalies(request).get(pk=pk)
        return _show(request, row, error="Somebody answered before you.", status=409)
    if not request.htmx:
        return redirect(row)
    return _show(request, _anomalies(request).get(pk=pk))


@require_safe
@login_required
def of_asset(request: UserRequest, pk: int) -> HttpResponse:
    """Fragment: the last anomalies of one asset."""
    asset = get_object_or_404(Asset.objects.for_user(request.user), pk=pk)
    rows = asset.anomalies.select_related("sensor", "incident").order_by("-started_at")[:10]
    context = {
        "asset": asset,
        "anomalies": rows,
        "incidents": _seen(request, rows),
        "machine": machines.state_of(asset.pk),
        "learning": queries.learning(sensors=asset.sensors.values_list("pk", flat=True)),
    }
    return render(request, "anomalies/of_asset.html", context)


def _seen(request: UserRequest, rows: Iterable[Anomaly]) -> set[int]:
    """Ids of those of the incidents of the rows whose likely root the user may see."""
    ids = {row.incident_id for row in rows if row.incident_id is not None}
    if not ids:
        return set()
    own = Incident.objects.for_user(request.user).filter(pk__in=ids)
    return set(own.values_list("pk", flat=True))


def _anomalies(request: UserRequest) -> AnomalyQuerySet:
    return Anomaly.objects.for_user(request.user).select_related(
        "asset__site", "sensor", "recommendation__asset", "closed_by", "incident", "work_order"
    )


def _show(
    request: UserRequest, row: Anomaly, *, error: str = "", status: int = 200
) -> HttpResponse:
    context = {
        "anomaly": row,
        "days": _days_to_show(row, timezone.now()),
        "has_scores": has_scores(row, timezone.now()),
        "contributions": machines.contributions_of(row),
        "incident": row.incident if row.incident_id in _seen(request, [row]) else None,
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
