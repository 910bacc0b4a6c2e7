"""What a portfolio is made of: the lives and costs of assets, and the open work on them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from assets.models import Asset, UptimeEvent
from assets.reliability.ledger import DOWN, FAILURE
from forecasts.models import LifePrediction, RiskScore
from forecasts.portfolio.lives import MONTH, Unit, chance_within
from forecasts.queries.current import current_lives
from forecasts.queries.ranking import RATED
from maintenance.models import MaintenanceRecord, MaintenanceSchedule, MaintenanceType
from maintenance.models import Recommendation as Advice

YEAR = timedelta(days=365)
MONTHS_A_YEAR = 365 / 30
ROUNDED = 0.02
"""A life counts unless the risk says more: of anomalies it knows nothing."""

FEWEST = 3
USUAL_MINUTES = 120
"""Of a job without a plan, in a category without a record."""

FAILED = (MaintenanceType.CORRECTIVE, MaintenanceType.EMERGENCY)
_USUAL_WORK = """
    SELECT lower(a.category),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY h.labor_minutes),
        percentile_cont(0.5) WITHIN GROUP (ORDER BY h.labor_cost + h.parts_cost + h.other_cost)
    FROM maintenance_history h JOIN assets a ON a.id = h.asset_id
    WHERE h.organization_id = ANY(%s) AND a.category <> ''
        AND h.maintenance_type NOT IN ('corrective', 'emergency')
    GROUP BY 1 HAVING count(*) >= %s
"""


@dataclass(frozen=True, slots=True)
class Work:
    """Open work on an asset: the share of its failures it prevents, its hours and its cost.

    hours_from: plan, order, schedule, records or assumption. cost: None where no record says.
    """

    kind: str
    pk: int
    title: str
    url: str
    order: str
    asset: Asset
    place: int
    share: float
    hours: float
    hours_from: str
    cost: float | None


@dataclass(frozen=True, slots=True)
class Plant:
    """Units, with the asset of each of the first of them; further ones only stand still."""

    units: list[Unit]
    assets: list[Asset]
    works: list[Work]
    bases: dict[str, int] = field(default_factory=dict)
    without_cost: list[Asset] = field(default_factory=list)
    failures: int = 0
    without_effect: int = 0


def plant_of(assets: QuerySet[Asset], at: datetime) -> Plant:
    """The plant of these assets, of one or more organizations; in a fixed number of queries."""
    rated = {
        row.asset_id: row
        for row in RiskScore.objects.filter(asset__in=assets, computed_at__gt=at - RATED)
        .order_by("asset_id", "-day")
        .distinct("asset_id")
    }
    found = assets.filter(pk__in=list(rated)).exclude(status=Asset.Status.RETIRED)
    known = list(found.select_related("site").order_by("tag", "pk"))
    places = {asset.pk: place for place, asset in enumerate(known)}
    behind = {pk for row in rated.values() for pk in row.cost_inputs.get("stops", ())}
    others = Asset.objects.filter(pk__in=behind - set(places)).order_by("pk")
    prices = dict(others.values_list("pk", "downtime_cost"))
    places |= {pk: len(known) + number for number, pk in enumerate(prices)}
    lives = {
        pk: life
        for pk, life in current_lives(rated, at).items()
        if rated[pk].basis != "index" and rated[pk].likelihood <= _within_a_month(life) + ROUNDED
    }
    index = [
        asset.pk for asset in known if asset.pk not in lives and rated[asset.pk].basis == "index"
    ]
    failures = _failures(index, at)
    scale = _scale([rated[pk].likelihood for pk in index], failures)
    units, bases = [], {"life": 0, "chance": 0, "index": 0}
    for asset in known:
        row, life = rated[asset.pk], lives.get(asset.pk)
        basis = "life" if life else "chance" if row.basis != "index" else "index"
        bases[basis] += 1
        inputs = row.cost_inputs
        chance = row.likelihood if basis == "chance" else _scaled(row.likelihood, scale)
        is_known = row.cost_of_failure is not None
        units.append(
            Unit(
                chance=chance if is_known else 0.0,
                quantiles=life.quantiles if life and is_known else None,
                open_ended=bool(life and life.is_open),
                hours=inputs.get("hours", 0.0),
                repair=inputs.get("repair_cost", 0.0),
                hourly=float(asset.downtime_cost or 0),
                stops=[places[pk] for pk in inputs.get("stops", ()) if pk in places],
            )
        )
    units += [Unit(hourly=float(price or 0)) for price in prices.values()]
    return Plant(
        units,
        known,
        _works(known, rated),
        bases,
        [asset for asset in known if rated[asset.pk].cost_of_failure is None],
        failures,
        _without_effect(known, rated),
    )


def _within_a_month(life: LifePrediction) -> float:
    return chance_within(Unit(quantiles=life.quantiles, open_ended=life.is_open), MONTH)


def _failures(assets: Sequence[int], at: datetime) -> int:
    """Of these assets within a year: those in the ledger, or repairs where there are more."""
    stops = UptimeEvent.objects.filter(
        asset__in=assets, started_at__gt=at - YEAR, started_at__lte=at, state__in=DOWN
    ).filter(cause=FAILURE)
    repairs = MaintenanceRecord.objects.filter(
        asset__in=assets,
        completed_at__gt=at - YEAR,
        completed_at__lte=at,
        maintenance_type__in=FAILED,
    )
    return max(stops.count(), repairs.count())


def _scale(indexes: Sequence[float], failures: int) -> float:
    """What makes the index of all assets together expect as many failures as a month had.

    Half a failure more is counted than there were, so that none in a year is not never. At most 1.

    >>> round(_scale([0.1] * 100, 12), 2), _scale([0.0], 5)
    (0.1, 1.0)
    """
    hazard = sum(-math.log1p(-min(one, 0.999)) for one in indexes)
    return min((failures + 0.5) / MONTHS_A_YEAR / hazard, 1.0) if hazard else 1.0


def _scaled(index: float, scale: float) -> float:
    """A chance within 30 days from an index: its hazard times the scale.

    >>> _scaled(0.5, 1.0), round(_scaled(0.5, 0.1), 3)
    (0.5, 0.067)
    """
    return 1.0 - math.exp(scale * math.log1p(-min(index, 0.999)))


def _works(known: Sequence[Asset], rated: dict[int, RiskScore]) -> list[Work]:
    """What the risk of each asset says would lower it, with what it takes."""
    items = [
        (place, asset, rated[asset.pk].score, item)
        for place, asset in enumerate(known)
        for item in rated[asset.pk].relief
    ]
    advice = {
        row.pk: row
        for row in Advice.objects.live()
        .filter(pk__in=[item["id"] for *_, item in items if item["kind"] == "recommendation"])
        .select_related("job_plan", "work_order")
    }
    schedules = dict(
        MaintenanceSchedule.objects.filter(
            pk__in=[item["id"] for *_, item in items if item["kind"] == "schedule"]
        ).values_list("pk", "estimated_minutes")
    )
    usual = _usual_work({asset.organization_id for asset in known}) if items else {}
    works: list[Work] = []
    for place, asset, score, item in items:
        row = advice.get(item["id"]) if item["kind"] == "recommendation" else None
        planned = schedules.get(item["id"]) if item["kind"] == "schedule" else None
        if (row is None and planned is None) or score <= 0:
            continue  # Decided since the asset was rated.
        minutes, cost = usual.get(asset.category.lower(), (None, None))
        hours, hours_from = _hours(row, planned, minutes)
        sure = 1.0 if row is None or row.confidence is None else row.confidence
        works.append(
            Work(
                kind=item["kind"],
                pk=item["id"],
                title=item["title"],
                url=item["url"],
                order=item["order"],
                asset=asset,
                place=place,
                share=sure * min(max(1.0 - item["to"] / score, 0.0), 1.0),
                hours=hours,
                hours_from=hours_from,
                cost=cost,
            )
        )
    return works


def _hours(row: Advice | None, planned: int | None, usual: float | None) -> tuple[float, str]:
    if planned is not None:
        return planned / 60, "schedule"
    if row is not None and row.work_order is not None and row.work_order.estimated_minutes:
        return row.work_order.estimated_minutes / 60, "order"
    if row is not None and row.job_plan is not None:
        return row.job_plan.estimated_minutes / 60, "plan"
    if usual:
        return usual / 60, "records"
    return USUAL_MINUTES / 60, "assumption"


def _usual_work(organizations: set[int]) -> dict[str, tuple[float, float]]:
    """By category in lower case: medians of minutes of labor and of cost of planned work."""
    with connection.cursor() as cursor:
        cursor.execute(_USUAL_WORK, [list(organizations), FEWEST])
        return {
            category: (float(minutes), float(cost)) for category, minutes, cost in cursor.fetchall()
        }


def _without_effect(known: Sequence[Asset], rated: dict[int, RiskScore]) -> int:
    """How much live advice has no effect that could be counted: looks, sensors, no risk."""
    counted: set[Any] = {
        item["id"]
        for asset in known
        for item in rated[asset.pk].relief
        if item["kind"] == "recommendation"
    }
    live = Advice.objects.live().filter(asset__in=[asset.pk for asset in known])
    return live.exclude(pk__in=counted).count()
