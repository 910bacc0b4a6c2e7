"""What each asset cost in a year: labor, parts, other costs, and its downtime."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import (
    Count,
    DecimalField,
    DurationField,
    ExpressionWrapper,
    F,
    FloatField,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.functions import Cast, Coalesce, Extract, Greatest, Least, NullIf

from assets.models import Asset, UptimeEvent
from assets.reliability.ledger import DOWN, FAILURE
from assets.reliability.windows import window_of
from maintenance.models import MaintenanceRecord

_MONEY: Any = DecimalField(max_digits=16, decimal_places=2)
RANKINGS = {"cost": "total_cost", "downtime": "downtime_hours", "failures": "failures"}
BAD_ACTORS = 15


def year_of(year: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """[start, end) of the year on the wall clock of the zone, in UTC.

    >>> year_of(2026, ZoneInfo("Europe/Berlin"))[0].isoformat()
    '2025-12-31T23:00:00+00:00'
    """
    first, last = date(year, 1, 1), date(year, 12, 31)
    return window_of("day", first, zone)[0], window_of("day", last, zone)[1]


def with_costs(assets: QuerySet[Asset], *, start: datetime, end: datetime) -> QuerySet[Any]:
    """Assets with their costs of work completed in [start, end) and their downtime in it.

    labor_cost, parts_cost, other_cost, maintenance_cost (the three); downtime_hours (planned or
    not), downtime_cost (None: what an hour costs is not known), total_cost; failures that began;
    share: maintenance cost ÷ replacement value (None: not known). What still lasts lasts to `end`,
    which is no later than now.
    """
    records = MaintenanceRecord.objects.filter(
        asset=OuterRef("pk"), completed_at__gte=start, completed_at__lt=end
    )
    stops = UptimeEvent.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=start),
        asset=OuterRef("pk"),
        started_at__lt=end,
        state__in=DOWN,
    )
    length = ExpressionWrapper(
        Least(Coalesce("ended_at", Value(end)), Value(end)) - Greatest("started_at", Value(start)),
        output_field=DurationField(),
    )
    failures = Count("pk", filter=Q(cause=FAILURE, started_at__gte=start))
    hours = Coalesce(_one(stops, Sum(Extract(length, "epoch")), FloatField()), Value(0.0)) / 3600.0
    zero = Value(Decimal(0), output_field=_MONEY)
    costed = assets.annotate(
        labor_cost=Coalesce(_one(records, Sum("labor_cost"), _MONEY), zero),
        parts_cost=Coalesce(_one(records, Sum("parts_cost"), _MONEY), zero),
        other_cost=Coalesce(_one(records, Sum("other_cost"), _MONEY), zero),
        downtime_hours=ExpressionWrapper(hours, output_field=FloatField()),
        failures=Coalesce(_one(stops, failures, IntegerField()), Value(0)),
    )
    return costed.annotate(
        maintenance_cost=F("labor_cost") + F("parts_cost") + F("other_cost"),
        cost_of_downtime=Cast(
            ExpressionWrapper(F("downtime_hours") * F("downtime_cost"), output_field=FloatField()),
            _MONEY,
        ),
    ).annotate(
        total_cost=F("maintenance_cost") + Coalesce("cost_of_downtime", zero),
        share=Cast("maintenance_cost", FloatField())
        / Cast(NullIf("replacement_value", zero), FloatField()),
    )


@dataclass(frozen=True, slots=True)
class Row:
    """One asset in one year; see `with_costs`."""

    pk: int
    tag: str
    name: str
    labor_cost: Decimal
    parts_cost: Decimal
    other_cost: Decimal
    maintenance_cost: Decimal
    downtime_hours: float
    cost_of_downtime: Decimal | None
    total_cost: Decimal
    replacement_value: Decimal | None
    share: float | None
    failures: int


def rows(costed: QuerySet[Any], *, ranking: str) -> list[Row]:
    """Assets that cost anything, stood still or failed, the worst first; in one query.

    ranking: cost, downtime or failures.
    """
    some = Q(maintenance_cost__gt=0) | Q(downtime_hours__gt=0) | Q(failures__gt=0)
    names = [one.name for one in fields(Row)]
    worst = costed.filter(some).order_by(f"-{RANKINGS[ranking]}", "tag", "pk")
    return [Row(*row) for row in worst.values_list(*names)]


@dataclass(frozen=True, slots=True)
class BadActor:
    """An asset in a Pareto: its amount, its share of the whole, and that of all up to it."""

    row: Row
    amount: float
    share: float
    up_to_here: float


def pareto(found: Sequence[Row], *, ranking: str, most: int = BAD_ACTORS) -> list[BadActor]:
    """The worst assets by cost, downtime or failures; `found` has the worst first."""
    amounts = [float(getattr(row, RANKINGS[ranking])) for row in found]
    whole, so_far, worst = sum(amounts), 0.0, []
    for row, amount in zip(found[:most], amounts, strict=False):
        if amount <= 0:
            break
        so_far += amount
        worst.append(BadActor(row, amount, amount / whole, so_far / whole))
    return worst


def _one(rows: QuerySet[Any], value: Any, field: Any) -> Subquery:
    """The aggregate of the rows of one asset."""
    of_asset = rows.order_by().values("asset").annotate(value=value)
    return Subquery(of_asset.values("value"), output_field=field)
