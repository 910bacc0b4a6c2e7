"""What failures of the plant are expected to cost, and what a week's budget should buy."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from assets.models import Asset, Site
from forecasts.models import RiskScore
from forecasts.services.budget import Spending, spend
from maintenance.models import Recommendation
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import number_of

HORIZONS = (30, 90)
USUAL_HOURS, USUAL_MONEY = 40, 5_000
MOST = 10_000_000
SHOWN = 50


@require_safe
@login_required
def portfolio(request: UserRequest) -> HttpResponse:
    site, days = number_of(request, "site"), number_of(request, "days")
    days = days if days in HORIZONS else HORIZONS[0]
    money = request.GET.get("unit") == "money"
    budget = number_of(request, "budget", at_most=MOST) or (USUAL_MONEY if money else USUAL_HOURS)
    assets = Asset.objects.for_user(request.user)
    if site:
        assets = assets.filter(site=site)
    found = spend(assets=assets, days=days, budget=budget, money=money, at=timezone.now())
    organization = request.user.organization
    currency = organization.currency if organization else ""
    context = {
        "found": found,
        "chart": _chart(found, currency),
        "left_out": found.left_out[:SHOWN],
        "left_out_more": max(len(found.left_out) - SHOWN, 0),
        "unit": "money" if money else "hours",
        "units": [("hours", "Hours of work"), ("money", f"Money, {currency}".strip(", "))],
        "budget": budget,
        "most": MOST,
        "days": str(days),
        "horizons": [(str(one), f"{one} days") for one in HORIZONS],
        "currency": currency,
        "site": site,
        "sites": Site.objects.for_user(request.user).values_list("pk", "name"),
    }
    return render_fragment(request, "forecasts/portfolio.html", context, fragment="portfolio")


def _chart(found: Spending, currency: str) -> dict[str, Any]:
    """The expected costs as columns; see the head of static/js/charts.js."""
    spreads = (found.without, found.chosen, found.everything)
    return {
        "categories": ["No work", "This budget", "All open work"],
        "bars": {"label": "Expected cost of failures", "values": [round(s.mean) for s in spreads]},
        "unit": currency,
        "summary": (
            f"Expected cost of failures within {found.days} days: {found.without.mean:,.0f}"
            f" {currency} without work, {found.chosen.mean:,.0f} with what the budget buys,"
            f" {found.everything.mean:,.0f} with all open work."
        ),
    }


@require_safe
@login_required
def what_if(request: UserRequest) -> HttpResponse:
    """Fragment: what the risk of each asset falls to when the asked recommendations are done."""
    ids = [int(text) for text in request.GET.getlist("id")[:SHOWN] if _is_id(text)]
    rows = Recommendation.objects.for_user(request.user).live().filter(pk__in=ids)
    wanted = set(rows.values_list("pk", flat=True))
    scores = RiskScore.objects.filter(asset__in=rows.values("asset")).order_by("asset_id", "-day")
    found = [
        {"pk": item["id"], "now": score.score, "to": item["to"]}
        for score in scores.distinct("asset_id")
        for item in score.relief
        if item["kind"] == "recommendation" and item["id"] in wanted
    ]
    return render(request, "forecasts/what_if.html", {"found": found})


def _is_id(text: str) -> bool:
    return text.isdecimal() and len(text) <= 18
