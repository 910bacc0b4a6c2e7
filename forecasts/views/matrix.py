"""The matrix of likelihood and consequence: how many assets lie where."""

import itertools
from dataclasses import dataclass

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from assets.models import Asset, Site
from forecasts import queries, risk
from forecasts.views.risk import words_of
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import number_of

STEPS = range(1, 6)
LEVELS = ((16, risk.Level.CRITICAL), (10, risk.Level.HIGH), (5, risk.Level.MEDIUM))
"""The level of a cell from each product of its two steps on; below: low."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One cell: its place, how many assets lie there, its level, and in words."""

    cell: queries.Cell
    count: int
    level: str
    words: str


@require_safe
@login_required
def matrix(request: UserRequest) -> HttpResponse:
    site = number_of(request, "site")
    assets = Asset.objects.for_user(request.user).filter(current_risk__isnull=False)
    assets = assets.exclude(status=Asset.Status.RETIRED)
    if site:
        assets = assets.filter(site=site)
    placed = queries.cells(assets, timezone.now())
    context = {
        "rows": _rows(queries.counts(placed)),
        "consequences": list(zip(STEPS, risk.CONSEQUENCES, costs_in_words(), strict=True)),
        "total": len(placed),
        "site": site,
        "sites": Site.objects.for_user(request.user).values_list("pk", "name"),
        "organization": request.user.organization,
    }
    return render_fragment(request, "forecasts/matrix.html", context, fragment="matrix")


def _rows(counts: dict[queries.Cell, int]) -> list[dict[str, object]]:
    """From the likeliest down, each with its cells from the least consequence on."""
    return [
        {
            "words": risk.LIKELIHOOD_WORDS[step - 1],
            "range": likelihoods_in_words()[step - 1],
            "cells": [_shown(queries.Cell(step, one), counts) for one in STEPS],
        }
        for step in reversed(STEPS)
    ]


def _shown(cell: queries.Cell, counts: dict[queries.Cell, int]) -> Shown:
    product = cell.likelihood * cell.consequence
    level = next((level for line, level in LEVELS if product >= line), risk.Level.LOW)
    return Shown(cell, counts.get(cell, 0), level, words_of(cell))


def likelihoods_in_words() -> list[str]:
    """The steps of likelihood in percent.

    >>> likelihoods_in_words()
    ['below 1 %', '1 to 5 %', '5 to 20 %', '20 to 50 %', '50 % or more']
    """
    lines = [f"{100 * line:g}" for line in risk.LIKELIHOODS]
    between = [f"{low} to {high} %" for low, high in itertools.pairwise(lines)]
    return [f"below {lines[0]} %", *between, f"{lines[-1]} % or more"]


def costs_in_words() -> list[str]:
    """What a failure of each step of consequence costs.

    >>> costs_in_words()[0], costs_in_words()[-1]
    ('below 1,000', '100,000 or more')
    """
    lines = [f"{line:,.0f}" for line in risk.COSTS]
    return [f"below {lines[0]}", *(f"{line} or more" for line in lines)]
