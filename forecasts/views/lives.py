"""Remaining life and the chance to fail: of one asset, and how right they were."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from assets.models import Asset
from forecasts.models import FailureChance, LifePrediction
from forecasts.queries import accuracy, predictions
from opssight.core.http import UserRequest

SHOWN_DAYS = 180
JUDGED_DAYS = 365
MODES_SHOWN = 4
CONFIDENCE = {
    "high": ("High confidence", "success"),
    "medium": ("Medium confidence", "info"),
    "low": ("Low confidence", "warning"),
}


@require_safe
@login_required
def of_asset(request: UserRequest, pk: int) -> HttpResponse:
    """Fragment: what the asset has left, why, the chances that it fails, what was said before."""
    asset = get_object_or_404(Asset.objects.for_user(request.user), pk=pk)
    said = list(
        asset.life_predictions.filter(quantiles__isnull=False)
        .select_related("model")
        .order_by("-day")[:SHOWN_DAYS]
    )
    life = predictions.latest_lives([pk]).get(pk)
    chances = []
    if life is not None and life.quantiles is not None:
        whole = predictions.latest_chances([pk]).get(pk)
        chances = [whole] if whole else []
        chances += predictions.latest_modes([pk]).get(pk, [])[:MODES_SHOWN]
        life = said[0]
    context = {
        "asset": asset,
        "life": life,
        "bar": bar(life) if life and life.quantiles else None,
        "ends": ends(life) if life and life.quantiles else None,
        "chances": chances,
        "history": history_chart(said),
        "said": len(said),
        "basis": basis(life) if life and life.quantiles else "",
        "confidence": CONFIDENCE.get(life.confidence) if life else None,
    }
    return render(request, "forecasts/life_of_asset.html", context)


def basis(life: LifePrediction) -> str:
    """What it was learned from, as a sentence."""
    if life.model is None:
        return f"{life.method}."
    failures = life.model.learned_from.get("failures")
    return f"{life.method}, learned from {failures} failures in “{life.model.subject}”."


def ends(life: LifePrediction) -> dict[str, Any]:
    """The days as moments."""
    days = {"lower": life.lower_days, "median": life.median_days, "upper": life.upper_days}
    return {
        name: life.made_at + timedelta(days=value)
        for name, value in days.items()
        if value is not None
    }


def bar(life: LifePrediction) -> dict[str, str]:
    """Where the interval and its median lie in a drawing of 100, which begins today."""
    lower, median, upper = life.lower_days or 0.0, life.median_days or 0.0, life.upper_days or 0.0
    most = max(upper, 1.0) * 1.05
    return {
        "start": f"{100 * lower / most:.2f}",
        "width": f"{max(100 * (upper - lower) / most, 0.5):.2f}",
        "median": f"{min(100 * median / most, 99.0):.2f}",
    }


def history_chart(said: Sequence[LifePrediction]) -> dict[str, Any]:
    """Days left by the day on which they were said, and those that it really had, as a series.

    See the head of static/js/charts.js for the format.
    """
    oldest_first = list(reversed(said))
    return {
        "label": "What it had left",
        "unit": "days",
        "points": [
            [row.made_at.isoformat(), round((row.came_at - row.made_at) / timedelta(days=1), 2)]
            if row.came_at
            else [row.made_at.isoformat(), None]
            for row in oldest_first
        ],
        "forecast": {
            "points": [
                [row.made_at.isoformat(), row.median_days, row.lower_days, row.upper_days]
                for row in oldest_first
            ],
            "coverage": oldest_first[-1].level if oldest_first else 0.9,
        },
        "summary": "Days left, by the day on which they were said; the line shows what it really"
        " had left, once it has failed.",
        "empty": "Nothing has been said yet.",
    }


@require_safe
@login_required
def how_right(request: UserRequest) -> HttpResponse:
    """What was said of the last year, by class, beside what came."""
    since = timezone.localdate() - timedelta(days=JUDGED_DAYS)
    chances = FailureChance.objects.for_user(request.user)
    bins = accuracy.bins(chances, since)
    context = {
        "lives": accuracy.lives_judged(LifePrediction.objects.for_user(request.user), since),
        "chances": accuracy.chances_judged(chances, since),
        "bins": bins,
        "chart": bins_chart(bins),
        "days": JUDGED_DAYS,
    }
    return render(request, "forecasts/how_right.html", context)


def bins_chart(bins: Sequence[accuracy.Bin]) -> dict[str, Any]:
    """How often failures came, by what was said: a column and a step each, as columns."""
    return {
        "categories": [f"{one.low:.0%} to {one.low + 0.1:.0%}" for one in bins],
        "bars": {"label": "Came", "values": [round(100 * one.came, 1) for one in bins]},
        "line": {"label": "Said", "values": [round(100 * one.said, 1) for one in bins]},
        "unit": "%",
        "summary": "Said and came should be about the same.",
        "empty": "" if bins else "Nothing is known yet of what came.",
    }
