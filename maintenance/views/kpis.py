from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_safe

from assets.models import AssetKpi
from assets.reliability.windows import ROLLING, window_of
from maintenance.queries import trends
from maintenance.queries.behind import RECORDS, RUNS, STATES, behind
from maintenance.queries.trends import Chosen
from maintenance.views.kpi_words import INPUTS, WORDS, Words
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import LARGEST_ID, page_of

DEFAULT = AssetKpi.Period.ROLLING_30D
EARLIER_SHOWN = 24


@dataclass(frozen=True)
class Card:
    """One KPI of the page: what it is now, and how it went."""

    label: str
    words: Words
    row: AssetKpi | None
    lines: list[str]


@require_safe
@login_required
def kpis(request: UserRequest) -> HttpResponse:
    now = timezone.now()
    options = trends.choices(request.user)
    tag = request.GET.get("tag", "").replace("\x00", "").strip()[:50]
    chosen = _chosen(request, options, tag)
    period = request.GET.get("period", "")
    period = period if period in AssetKpi.Period.values else DEFAULT
    context: dict[str, Any] = {
        "chosen": chosen,
        "tag": tag,
        "tag_unknown": bool(tag) and (chosen is None or chosen.kind != "asset"),
        "scopes": [(one.key, one.name) for one in _with(options, chosen)],
        "period": period,
        "periods": AssetKpi.Period.choices,
    }
    if chosen is not None:
        context |= _shown(request, chosen, period, now)
    return render_fragment(request, "maintenance/kpis.html", context, fragment="kpi_cards")


@require_safe
@login_required
def kpi(request: UserRequest, pk: int) -> HttpResponse:
    """One figure, opened down to the rows behind it."""
    rows = AssetKpi.objects.for_user(request.user)
    row = get_object_or_404(
        rows.select_related("asset__site", "group", "site", "organization"), pk=pk
    )
    scope = {"asset": row.asset_id, "group": row.group_id, "site": row.site_id}
    period = AssetKpi.Period(row.period)
    # Of a rolling period there is one row; how it went is told by weeks and months.
    shown = trends.TREND.get(period, period)
    alike = rows.filter(
        organization=row.organization_id, kpi=row.kpi, period=shown, **scope
    ).order_by("-starts_at")
    earlier = list(alike[:EARLIER_SHOWN])
    kind = _kind(row)
    context = {
        "row": row,
        "words": WORDS[AssetKpi.Kpi(row.kpi)],
        "inputs": [(INPUTS.get(name, name), amount) for name, amount in row.inputs.items()],
        "earlier": earlier,
        "shown": shown.label,
        "chart": _chart(row, earlier),
        "kind": kind,
        "page": page_of(request, behind(row, user=request.user)),
        "back": urlencode({"scope": _key(row), "period": row.period}),
    }
    return render_fragment(request, "maintenance/kpi.html", context, fragment="kpi_rows")


def _chosen(request: UserRequest, options: list[Chosen], tag: str) -> Chosen | None:
    """What the address asks for; an asset by its tag or id, else the first that there is."""
    if tag and (found := trends.find_asset(request.user, tag=tag)):
        return found
    kind, _, text = request.GET.get("scope", "").partition(":")
    if kind == "asset" and text.isdecimal() and len(text) < 20 and 0 < int(text) <= LARGEST_ID:
        found = trends.find_asset(request.user, pk=int(text))
        if found:
            return found
    wanted = request.GET.get("scope", "")
    return next((one for one in options if one.key == wanted), options[0] if options else None)


def _with(options: list[Chosen], chosen: Chosen | None) -> list[Chosen]:
    return options if chosen is None or chosen in options else [chosen, *options]


def _shown(request: UserRequest, chosen: Chosen, period: str, now: datetime) -> dict[str, Any]:
    zone = chosen.zone
    complete = trends.last_complete(period, at=now, zone=zone)
    day = _day(request.GET.get("of", "")) or complete
    rows = chosen.rows(request.user)
    found = trends.values(rows, period=period, day=day, zone=zone)
    start, end = window_of(period, day, zone)
    if period in ROLLING:
        start, end = now - timedelta(days=ROLLING[period]), now
    before = trends.trends(rows, period=period, until=end)
    cards = [
        Card(
            kpi.label,
            WORDS[kpi],
            found.get(kpi),
            trends.sparkline([value for _, value in before.get(kpi, [])]),
        )
        for kpi in AssetKpi.Kpi
    ]
    earlier, later = (start - timedelta(hours=1)).astimezone(zone), end.astimezone(zone)
    return {
        "cards": cards,
        "first": start.astimezone(zone).date(),
        "last": (end - timedelta(seconds=1)).astimezone(zone).date(),
        "so_far": end > now,
        "steps": period not in ROLLING,
        "earlier": earlier.date(),
        "later": later.date() if end <= now else None,
        "any": any(card.row is not None for card in cards),
        "trend_of": "weeks" if period == "rolling_30d" else "months",
    }


def _day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:
        return None
    return day if day and 1971 <= day.year <= 9000 else None


def _kind(row: AssetKpi) -> str:
    for kind, kpis_of_it in (("events", STATES), ("records", RECORDS), ("runs", RUNS)):
        if row.kpi in kpis_of_it:
            return kind
    return "orders"


def _key(row: AssetKpi) -> str:
    for kind in ("asset", "site", "group"):
        if pk := getattr(row, f"{kind}_id"):
            return f"{kind}:{pk}"
    return f"organization:{row.organization_id}"


def _chart(row: AssetKpi, earlier: list[AssetKpi]) -> dict[str, Any]:
    factor = 100 if row.unit == "%" else 1
    return {
        "label": row.get_kpi_display(),
        "unit": row.unit,
        "points": [
            [one.starts_at.isoformat(), None if one.value is None else one.value * factor]
            for one in reversed(earlier)
        ],
        "empty": "No value in these periods.",
    }
