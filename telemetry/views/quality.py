"""What is wrong with data: a list for everything, and a panel for one asset."""

from django.contrib.auth.decorators import login_required
from django.db.models import F, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from assets.models import Asset, Site
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import number_of, ordered, page_of, search_of
from telemetry.models import QualityFault

STATES = {"open": "Going on", "past": "Over", "all": "All"}
MOST_OF_ASSET = 10


@require_safe
@login_required
def quality_list(request: UserRequest) -> HttpResponse:
    state, kind = request.GET.get("state", ""), request.GET.get("kind", "")
    state = state if state in STATES else "open"
    kind = kind if kind in QualityFault.Kind.values else ""
    query, site = search_of(request), number_of(request, "site")
    rows = QualityFault.objects.for_user(request.user).select_related("asset__site", "sensor")
    if state != "all":
        rows = rows.filter(ended_at__isnull=state == "open")
    if kind:
        rows = rows.filter(kind=kind)
    if site:
        rows = rows.filter(asset__site=site)
    if query:
        rows = rows.filter(
            Q(asset__tag__icontains=query)
            | Q(asset__name__icontains=query)
            | Q(sensor__key__icontains=query)
        )
    rows, order = ordered(
        rows,
        request,
        fields={"asset": "asset__tag", "kind": "kind", "started": "started_at"},
        default="-started",
        then=("-started_at",),
    )
    context = {
        "page": page_of(request, rows),
        "order": order,
        "query": query,
        "state": state,
        "states": STATES,
        "kind": kind,
        "kinds": QualityFault.Kind.choices,
        "site": site,
        "sites": Site.objects.for_user(request.user).values_list("pk", "name"),
    }
    return render_fragment(request, "telemetry/quality.html", context, fragment="quality_list")


@require_safe
@login_required
def quality_of_asset(request: UserRequest, pk: int) -> HttpResponse:
    """Fragment: the faults of one asset's data, those that go on first."""
    asset = get_object_or_404(Asset.objects.for_user(request.user), pk=pk)
    faults = (
        asset.quality_faults.select_related("sensor")
        .order_by(F("ended_at").desc(nulls_first=True), "-started_at", "pk")
        .all()[:MOST_OF_ASSET]
    )
    context = {"asset": asset, "faults": faults}
    return render(request, "telemetry/quality_of_asset.html", context)
