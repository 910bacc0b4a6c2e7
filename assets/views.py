from collections.abc import Mapping, Sequence
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Count, F, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from assets.impact import Effect
from assets.models import Asset, AssetGroup, AssetKpi, Site
from assets.queries.impact import impact_of, stopped_now
from opssight.accounts.permissions import Permission
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import number_of, ordered, page_of, search_of

RANGES = {"1": "24 hours", "7": "7 days", "30": "30 days", "90": "90 days", "365": "1 year"}
DEFAULT_RANGE = "7"


@require_safe
@login_required
def asset_list(request: UserRequest) -> HttpResponse:
    rows = Asset.objects.for_user(request.user).select_related("site")
    query, site = search_of(request), number_of(request, "site")
    status = request.GET.get("status", "")
    if query:
        rows = rows.filter(
            Q(tag__icontains=query) | Q(name__icontains=query) | Q(category__icontains=query)
        )
    if site:
        rows = rows.filter(site=site)
    if status in Asset.Status.values:
        rows = rows.filter(status=status)
    if request.GET.get("overdue"):
        rows = rows.filter(next_due_at__lt=timezone.now())
    rows, order = ordered(
        rows,
        request,
        fields={
            "tag": "tag",
            "name": "name",
            "site": "site__name",
            "criticality": "criticality",
            "risk": "current_risk",
            "due": "next_due_at",
        },
        default="tag",
    )
    context = {
        "page": page_of(request, rows),
        "order": order,
        "query": query,
        "site": site,
        "sites": Site.objects.for_user(request.user).values_list("pk", "name"),
        "status": status,
        "statuses": Asset.Status.choices,
        "overdue": bool(request.GET.get("overdue")),
        "may_edit": request.user.can_somewhere(Permission.ASSET_EDIT),
        "now": timezone.now(),
    }
    return render_fragment(request, "assets/list.html", context, fragment="asset_list")


@require_safe
@login_required
def detail(request: UserRequest, pk: int) -> HttpResponse:
    asset = get_object_or_404(Asset.objects.for_user(request.user).select_related("site"), pk=pk)
    days = request.GET.get("days", DEFAULT_RANGE)
    context = {
        "asset": asset,
        "sensors": asset.sensors.filter(is_active=True)
        .annotate(going_on=Count("anomalies", filter=Q(anomalies__ended_at=None)))
        .order_by(F("going_on").desc(), "key"),
        # A part of the plant has neighbors outside of it.
        "parent": Asset.objects.for_user(request.user).filter(children=asset).first(),
        "children": asset.children.for_user(request.user).order_by("tag"),
        "outgoing": asset.outgoing.for_user(request.user).select_related("target"),
        "incoming": asset.incoming.for_user(request.user).select_related("source"),
        "groups": AssetGroup.objects.for_user(request.user).filter(assets=asset),
        "kpis": asset.kpis.filter(period=AssetKpi.Period.ROLLING_30D)
        .order_by("kpi", "-starts_at")
        .distinct("kpi"),
        "uptime_events": asset.uptime_events.all()[:10],
        "ranges": RANGES,
        "days": days if days in RANGES else DEFAULT_RANGE,
        "now": timezone.now(),
    }
    return render(request, "assets/detail.html", context)


@require_safe
@login_required
def impact(request: UserRequest, pk: int) -> HttpResponse:
    """Fragment: what stops with the asset, and what stops it."""
    mine = Asset.objects.for_user(request.user)
    asset = get_object_or_404(mine, pk=pk)
    found = impact_of(pk)
    ids = {one.asset for one in (*found.downstream, *found.upstream)}
    ids |= {one.backup for one in found.downstream if one.backup} | {found.backup or 0}
    known = mine.in_bulk(list(ids))
    context = {
        "asset": asset,
        "is_down": stopped_now(pk),
        "backup": known.get(found.backup or 0),
        "downstream": _seen(found.downstream, known),
        "upstream": _seen(found.upstream, known),
    }
    return render(request, "assets/impact.html", context)


def _seen(found: Sequence[Effect], known: Mapping[int, Asset]) -> list[dict[str, Any]]:
    """Those that the user may see, with the assets that the ids stand for."""
    return [
        {
            "asset": known[one.asset],
            "depth": one.depth,
            "backup": known.get(one.backup or 0),
            "impaired": one.impaired,
        }
        for one in found
        if one.asset in known
    ]
