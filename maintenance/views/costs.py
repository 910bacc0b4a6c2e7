import csv
import math
from datetime import datetime
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from assets.models import Asset, AssetGroup, Site
from maintenance.queries import costs as queries
from maintenance.queries.costs import RANKINGS, BadActor, Row
from opssight.accounts.permissions import Permission
from opssight.audit.exports import harmless
from opssight.core.htmx import render_fragment
from opssight.core.http import UserRequest
from opssight.core.lists import number_of, page_of

RANKED_BY = {"cost": "Cost", "downtime": "Downtime", "failures": "Failures"}
YEARS_BACK = 10
COLUMNS = {
    "tag": "Asset",
    "name": "Name",
    "labor_cost": "Labor",
    "parts_cost": "Parts",
    "other_cost": "Other",
    "maintenance_cost": "Maintenance",
    "downtime_hours": "Downtime, h",
    "cost_of_downtime": "Cost of downtime",
    "total_cost": "Total",
    "replacement_value": "Replacement value",
    "share": "Maintenance ÷ replacement value",
    "failures": "Failures",
}


@require_safe
@login_required
def costs(request: UserRequest) -> HttpResponse:
    now = timezone.now()
    year, ranking = _year(request, now), _ranking(request)
    site, group = number_of(request, "site"), number_of(request, "group")
    found = _rows(request, year, now)
    worst = queries.pareto(found, ranking=ranking)
    organization = request.user.organization
    context = {
        "page": page_of(request, found),  # type: ignore[arg-type]
        "worst": worst,
        "chart": _chart(worst, ranking, organization.currency if organization else ""),
        "totals": {
            "maintenance": sum(row.maintenance_cost for row in found),
            "downtime": sum(row.cost_of_downtime or 0 for row in found),
            "hours": sum(row.downtime_hours for row in found),
            "failures": sum(row.failures for row in found),
        },
        "without_price": sum(row.cost_of_downtime is None for row in found),
        "currency": organization.currency if organization else "",
        "year": str(year),
        "years": [(str(one), str(one)) for one in range(now.year, now.year - YEARS_BACK, -1)],
        "ranking": ranking,
        "rankings": list(RANKED_BY.items()),
        "site": site,
        "sites": Site.objects.for_user(request.user).values_list("pk", "name"),
        "group": group,
        "groups": AssetGroup.objects.for_user(request.user).values_list("pk", "name"),
    }
    return render_fragment(request, "maintenance/costs.html", context, fragment="cost_list")


@require_safe
@login_required
def costs_csv(request: UserRequest) -> HttpResponse:
    """The same assets as a file, all of them."""
    now = timezone.now()
    year = _year(request, now)
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="costs-{year}.csv"'
    writer = csv.writer(response)
    writer.writerow(COLUMNS.values())
    for row in _rows(request, year, now):
        writer.writerow([_cell(getattr(row, name)) for name in COLUMNS])
    return response


def _rows(request: UserRequest, year: int, now: datetime) -> list[Row]:
    assets = Asset.objects.for_user(request.user, Permission.VIEW)
    if site := number_of(request, "site"):
        assets = assets.filter(site=site)
    if group := number_of(request, "group"):
        assets = assets.filter(pk__in=Asset.objects.filter(groups=group).values("pk"))
    start, end = queries.year_of(year, timezone.get_current_timezone())
    costed = queries.with_costs(assets, start=start, end=max(start, min(end, now)))
    return queries.rows(costed, ranking=_ranking(request))


def _year(request: UserRequest, now: datetime) -> int:
    this = timezone.localtime(now).year
    return number_of(request, "year", at_most=this) or this


def _ranking(request: UserRequest) -> str:
    ranking = request.GET.get("by", "")
    return ranking if ranking in RANKINGS else "cost"


def _chart(worst: list[BadActor], ranking: str, currency: str) -> dict[str, Any]:
    """The Pareto as a ranking: what is among the first 80 % stands out."""
    return {
        "items": [
            {
                "label": one.row.tag,
                "value": round(one.amount, 1),
                "severity": "high" if one.up_to_here - one.share < 0.8 else "low",
                "note": f"{one.row.name}: {one.up_to_here:.0%} with those above",
                "url": reverse("assets:detail", args=[one.row.pk]),
            }
            for one in worst
        ],
        "max": _above(worst[0].amount) if worst else 1,
        "unit": {"cost": currency, "downtime": "h"}.get(ranking, ""),
        "empty": "No asset cost anything in this year.",
    }


def _above(amount: float) -> float:
    """A round number that leaves room for the label of the longest bar.

    >>> _above(32_368.08), _above(7), _above(0.3)
    (40000.0, 9.0, 0.4)
    """
    step = 10.0 ** math.floor(math.log10(amount * 1.15))
    return round(math.ceil(amount * 1.15 / step - 1e-9) * step, 6)


def _cell(value: Any) -> Any:
    return harmless(round(value, 4) if isinstance(value, float) else value)
