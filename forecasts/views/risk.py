from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from assets.models import Asset, Site
from forecasts import queries, risk
from forecasts.models import RiskScore
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import number_of, ordered, page_of, search_of

TREND = timedelta(days=7)
TREND_SHOWN = timedelta(days=30)
CHARTED = 15
HISTORY_DAYS = 60
PART_LABELS = {
    "condition": "Condition",
    "anomalies": "Anomalies",
    "overdue": "Overdue maintenance",
    "age": "Age",
    "learned": "Learned from failures",
}


@require_safe
@login_required
def risk_ranking(request: UserRequest) -> HttpResponse:
    query, site = search_of(request), number_of(request, "site")
    rows = (
        Asset.objects.for_user(request.user)
        .filter(current_risk__isnull=False)
        .select_related("site")
    )
    if site:
        rows = rows.filter(site=site)
    if query:
        rows = rows.filter(Q(tag__icontains=query) | Q(name__icontains=query))
    cell = _cell(request)
    if cell:
        placed = queries.cells(rows, timezone.now())
        rows = rows.filter(pk__in=[pk for pk, place in placed.items() if place == cell])
    rows, order = ordered(
        rows,
        request,
        fields={"risk": "current_risk", "tag": "tag", "criticality": "criticality"},
        default="-risk",
    )
    page = page_of(request, rows)
    today = timezone.localdate()
    ranking = queries.ranking(list(page), before=today - TREND, since=today - TREND_SHOWN)
    context = {
        "page": page,
        "ranking": ranking,
        "chart": parts_chart(ranking[:CHARTED]),
        "order": order,
        "query": query,
        "cell": cell,
        "currency": request.user.organization.currency if request.user.organization else "",
        "cell_words": cell and words_of(cell),
        "site": site,
        "sites": Site.objects.for_user(request.user).values_list("pk", "name"),
        "weights": [(PART_LABELS[name], weight) for name, weight in risk.WEIGHTS.items()],
        "consequences": list(risk.CONSEQUENCE.items()),
    }
    return render_fragment(request, "forecasts/risk.html", context, fragment="risk_list")


def _cell(request: UserRequest) -> queries.Cell | None:
    """The place of the matrix that is asked for."""
    steps = [number_of(request, name, at_most=5) for name in ("likelihood", "consequence")]
    return queries.Cell(steps[0], steps[1]) if steps[0] and steps[1] else None


def words_of(cell: queries.Cell) -> str:
    likelihood = risk.LIKELIHOOD_WORDS[cell.likelihood - 1].lower()
    return f"{likelihood}, with a {risk.CONSEQUENCES[cell.consequence - 1].lower()} consequence"


def parts_chart(ranking: Sequence[queries.Ranked]) -> dict[str, Any]:
    """The risk of assets shared out among its parts, as a stacked bar each.

    See the head of static/js/charts.js for the format.
    """
    points = [{part["name"]: part["points"] for part in one.parts} for one in ranking]
    return {
        "categories": [
            {"label": one.asset.tag, "url": one.asset.get_absolute_url()} for one in ranking
        ],
        "parts": [
            {"label": label, "values": [one.get(name, 0) for one in points]}
            for name, label in PART_LABELS.items()
            if name != risk.LEARNED or any(name in one for one in points)
        ],
        "max": 100,
        "empty": "No risk scores yet.",
    }


@require_safe
@login_required
def of_asset(request: UserRequest, pk: int) -> HttpResponse:
    """Fragment: the risk of one asset, why, and its history."""
    asset = get_object_or_404(Asset.objects.for_user(request.user), pk=pk)
    scores = list(asset.risk_scores.order_by("-day")[:HISTORY_DAYS])
    context = {
        "asset": asset,
        "score": scores[0] if scores else None,
        "history": history_chart(scores),
    }
    return render(request, "forecasts/of_asset.html", context)


def history_chart(scores: Sequence[RiskScore]) -> dict[str, Any]:
    """Risk by day, oldest first, as a series chart."""
    return {
        "label": "Risk",
        "unit": "",
        "points": [
            [timezone.make_aware(datetime.combine(row.day, time(12))).isoformat(), row.score]
            for row in reversed(scores)
        ],
        "empty": "No history yet.",
    }
