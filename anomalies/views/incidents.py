"""Anomalies that belong together: the list, and one with its course."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from anomalies.models import Anomaly, AnomalyQuerySet, Incident, IncidentQuerySet
from anomalies.views.anomalies import SEVERITY_RANK, STATES, timeline_of
from assets.models import Site
from maintenance.models import Recommendation, Urgency
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import number_of, ordered, page_of, search_of

MARGIN = 0.05
"""Of the incident's length: how much is drawn before and after it."""


@require_safe
@login_required
def incident_list(request: UserRequest) -> HttpResponse:
    state, severity = request.GET.get("state", ""), request.GET.get("severity", "")
    state = state if state in STATES else "active"
    query, site = search_of(request), number_of(request, "site")
    rows = _incidents(request).annotate(
        severity_rank=SEVERITY_RANK,
        anomaly_count=_count(request, "pk"),
        asset_count=_count(request, "asset"),
    )
    if state == "active":
        rows = rows.active()
    elif state == "past":
        rows = rows.inactive()
    if severity in Urgency.values:
        rows = rows.filter(severity=severity)
    if site:
        rows = rows.filter(asset__site=site)
    if query:
        rows = rows.filter(
            Q(asset__tag__icontains=query)
            | Q(asset__name__icontains=query)
            | Q(root__failure_mode__icontains=query)
        )
    rows, order = ordered(
        rows,
        request,
        fields={"severity": "severity_rank", "started": "started_at", "asset": "asset__tag"},
        default="-severity" if state == "active" else "-started",
        then=("-started_at",),
    )
    context = {
        "page": page_of(request, rows),
        "order": order,
        "query": query,
        "state": state,
        "states": STATES,
        "severity": severity,
        "severities": Urgency.choices,
        "site": site,
        "sites": Site.objects.for_user(request.user).values_list("pk", "name"),
    }
    return render_fragment(request, "anomalies/incidents.html", context, fragment="incident_list")


@require_safe
@login_required
def detail(request: UserRequest, pk: int) -> HttpResponse:
    incident = get_object_or_404(_incidents(request), pk=pk)
    rows = _members(request, incident).select_related("recommendation__asset")
    asked = Recommendation.objects.for_user(request.user).filter(anomalies__in=rows.values("pk"))
    context = {
        "incident": incident,
        "anomalies": rows,
        "assets": len({row.asset_id for row in rows}),
        "recommendations": asked.distinct().select_related("asset"),
    }
    return render(request, "anomalies/incident.html", context)


@require_safe
@login_required
def timeline(request: UserRequest, pk: int) -> JsonResponse:
    """The incident's anomalies: one lane per asset."""
    incident = get_object_or_404(_incidents(request), pk=pk)
    end = incident.ended_at or timezone.now()
    margin = max((end - incident.started_at) * MARGIN, timedelta(minutes=30))
    chart = timeline_of(
        _members(request, incident), start=incident.started_at - margin, end=end + margin
    )
    return JsonResponse(chart)


def _incidents(request: UserRequest) -> IncidentQuerySet:
    return Incident.objects.for_user(request.user).select_related("asset__site", "root__sensor")


def _members(request: UserRequest, incident: Incident) -> AnomalyQuerySet:
    rows = Anomaly.objects.for_user(request.user).filter(incident=incident)
    return rows.select_related("asset", "sensor").order_by("started_at", "pk")


def _count(request: UserRequest, field: str) -> Subquery:
    """Of what the user may see."""
    rows: QuerySet[Any, Any] = (
        Anomaly.objects.for_user(request.user)
        .filter(incident=OuterRef("pk"))
        .order_by()
        .values("incident")
        .annotate(number=Count(field, distinct=True))
        .values("number")
    )
    return Subquery(rows)
