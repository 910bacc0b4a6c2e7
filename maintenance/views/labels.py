"""Choosing assets, and the sheet of their labels."""

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from assets.models import Asset, AssetGroup, Site
from maintenance.models import RequestPoint
from maintenance.services import requests as services
from maintenance.services.labels import MOST_LABELS, SHEETS, labels_pdf
from opssight.accounts.permissions import Permission
from opssight.core.downloads import send_made
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import number_of, page_of, search_of

PLAN = Permission.WORK_ORDER_PLAN
TOO_MANY = f"Choose at most {MOST_LABELS:,} assets at a time."


@require_safe
@login_required
def labels(request: UserRequest) -> HttpResponse:
    return _page(request)


@require_POST
@login_required
def labels_sheet(request: UserRequest) -> HttpResponse:
    """The PDF of the chosen assets, or of all that the filters find."""
    rows = _assets(request)
    if request.POST.get("all") != "1":
        chosen = [int(text) for text in request.POST.getlist("asset") if _is_id(text)]
        rows = rows.filter(pk__in=chosen[: MOST_LABELS + 1])
    found = list(rows.select_related("site")[: MOST_LABELS + 1])
    if not found or len(found) > MOST_LABELS:
        return _page(request, TOO_MANY if found else "Choose an asset.", status=422)
    points = _points(found)
    sheet = SHEETS.get(request.POST.get("sheet", ""), SHEETS["a4"])
    content = labels_pdf(points=points, sheet=sheet, at=timezone.now())
    return send_made(content, name="labels.pdf", content_type="application/pdf")


@require_POST
@login_required
def new_key(request: UserRequest, pk: int) -> HttpResponse:
    """A new address for the form of an asset; its printed labels die."""
    point = _point(request, pk)
    services.change_key(point=point)
    return redirect("maintenance:labels")


@require_POST
@login_required
def switch(request: UserRequest, pk: int) -> HttpResponse:
    """Close the form of an asset, or open it again."""
    point = _point(request, pk)
    services.switch(point=point, is_open=not point.is_open)
    return redirect("maintenance:labels")


def _points(assets: list[Asset]) -> list[RequestPoint]:
    known = {row.asset_id: row for row in RequestPoint.objects.filter(asset__in=assets)}
    points = []
    for asset in assets:
        point = known.get(asset.pk) or services.open_point(asset=asset)
        point.asset = asset
        points.append(point)
    return points


def _point(request: UserRequest, asset: int) -> RequestPoint:
    rows = RequestPoint.objects.for_user(request.user, PLAN)
    point = rows.filter(asset=asset).first()
    if point is None:
        raise PermissionDenied
    return point


def _assets(request: UserRequest) -> QuerySet[Asset]:
    rows = Asset.objects.for_user(request.user, PLAN).exclude(status=Asset.Status.RETIRED)
    if query := search_of(request):
        rows = rows.filter(Q(tag__icontains=query) | Q(name__icontains=query))
    if site := number_of(request, "site"):
        rows = rows.filter(site=site)
    if group := number_of(request, "group"):
        mine = AssetGroup.objects.for_user(request.user).filter(pk=group)
        rows = rows.filter(groups__in=mine)
    return rows.order_by("tag", "pk")


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 19


def _page(request: UserRequest, error: str = "", *, status: int = 200) -> HttpResponse:
    if not request.user.can_somewhere(PLAN):
        raise PermissionDenied
    context = {
        "page": page_of(request, _assets(request).select_related("site", "request_point")),
        "query": search_of(request),
        "site": number_of(request, "site"),
        "sites": [(row.pk, row.name) for row in Site.objects.for_user(request.user)],
        "group": number_of(request, "group"),
        "groups": [(row.pk, row.name) for row in AssetGroup.objects.for_user(request.user)],
        "sheets": [(key, sheet.name) for key, sheet in SHEETS.items()],
        "most": MOST_LABELS,
        "error": error,
    }
    return render_fragment(
        request, "maintenance/labels.html", context, fragment="label_list", status=status
    )
