"""What speaks for a failure of assets, read in bulk: sensors, anomalies, schedules, age, models."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import F, Prefetch, Q
from django.db.models.functions import Coalesce

from anomalies.models import Anomaly
from assets.models import Asset, Sensor
from assets.queries.impact import Stopped, stopped_with
from forecasts import queries, risk
from forecasts.models import Forecast
from forecasts.portfolio.lives import MONTH, Unit, chance_within
from forecasts.queries.current import current_chances, current_lives, is_calibrated
from maintenance.models import MaintenanceSchedule, Recommendation
from maintenance.queries import advice
from maintenance.services.ranking import NO_DOWNTIME_COST, NO_REPAIRS

REMEMBERED = timedelta(days=56)
"""Anomalies that ended longer ago say nothing about today."""

FORECAST_VALID = timedelta(hours=48)


@dataclass(frozen=True, slots=True)
class Cost:
    """What one failure costs: `amount` None where it is not known, and what it is made of."""

    amount: Decimal | None
    inputs: dict[str, Any]


@dataclass(slots=True)
class Evidence:
    """What speaks for a failure of one asset, what it would cost, and what is advised."""

    sensors: list[Sensor] = field(default_factory=list)
    anomalies: list[Anomaly] = field(default_factory=list)
    overdue: list[MaintenanceSchedule] = field(default_factory=list)
    advised: list[Recommendation] = field(default_factory=list)
    stopped: list[Stopped] = field(default_factory=list)
    limit_use: dict[int, float] = field(default_factory=dict)
    chance: risk.Chance | None = None
    learned_age: risk.Part | None = None
    cost: Cost = field(default_factory=lambda: Cost(None, {}))


def gather(assets: Sequence[Asset], at: datetime) -> dict[int, Evidence]:
    """By asset id, of assets with their organization at hand; in a fixed number of queries."""
    found = {asset.pk: Evidence() for asset in assets}
    ids = list(found)
    for sensor in Sensor.objects.filter(asset__in=ids, is_active=True, last_time__isnull=False):
        found[sensor.asset_id].sensors.append(sensor)
    undealt = Anomaly.objects.undealt().filter(
        Q(ended_at=None) | Q(ended_at__gte=at - REMEMBERED), asset__in=ids, sensor__is_active=True
    )
    repaired = Q(ended_at__lte=F("asset__last_maintenance_at"))
    for anomaly in undealt.exclude(repaired).order_by("pk"):
        found[anomaly.asset_id].anomalies.append(anomaly)
    schedules = MaintenanceSchedule.objects.filter(asset__in=ids, is_active=True)
    for schedule in schedules.alias(due=Coalesce("next_due_at", "starts_at")).filter(due__lt=at):
        found[schedule.asset_id].overdue.append(schedule)
    live = Recommendation.objects.live().filter(asset__in=ids).select_related("work_order")
    behind = Prefetch("anomalies", Anomaly.objects.only("pk", "sensor", "recommendation"))
    for row in live.prefetch_related(behind).order_by("pk"):
        found[row.asset_id].advised.append(row)
    _add_limit_use(found, at)
    _add_chances(found, at)
    _add_costs(assets, found)
    return found


def _add_limit_use(found: Mapping[int, Evidence], at: datetime) -> None:
    """How much of the way from normal to its limit each sensor has used, by id, in two queries.

    What counts is the worse of now and the forecast. Without a limit there is no entry.
    """
    sensors = [sensor for one in found.values() for sensor in one.sensors]
    limited = {s.pk: s for s in sensors if s.low_limit is not None or s.high_limit is not None}
    signals = queries.signals(list(limited))
    ahead = Forecast.objects.filter(
        sensor__in=list(limited), starts_at__gt=at - FORECAST_VALID, starts_at__lte=at
    )
    forecasts = {f.sensor_id: f for f in ahead.order_by("starts_at")}
    for pk, signal in signals.items():
        values = [signal.recent]
        if pk in forecasts:
            running = queries.running_values(forecasts[pk])
            values += [min(running), max(running)] if running else []
        use = max(_use_of_limits(limited[pk], value, signal.normal) for value in values)
        found[limited[pk].asset_id].limit_use[pk] = use


def _use_of_limits(sensor: Sensor, value: float, normal: float) -> float:
    """0 at normal, 1 at the nearer limit; a normal that is itself beyond the limit counts as 1."""
    uses = [0.0]
    for limit, sign in ((sensor.high_limit, 1.0), (sensor.low_limit, -1.0)):
        if limit is None:
            continue
        room = sign * (limit - normal)
        uses.append(
            sign * (value - normal) / room if room > 0 else float(sign * (value - limit) >= 0)
        )
    return max(uses)


def _add_chances(found: Mapping[int, Evidence], at: datetime) -> None:
    """The learned chance of a failure within 30 days, else that of the remaining life.

    One that is not calibrated says what the age says, and leaves the word to the other parts.
    """
    said: dict[int, tuple[bool, risk.Chance]] = {}
    for asset_id, life in current_lives(found, at).items():
        value = chance_within(Unit(quantiles=life.quantiles, open_ended=life.is_open), MONTH)
        sentence = (
            f"Remaining life of about {life.median_days:.0f} days: a chance of"
            f" {100 * value:.0f} % to fail within 30 days ({life.confidence} confidence)."
        )
        said[asset_id] = is_calibrated(life), risk.Chance(value, "life", sentence)
    for asset_id, row in current_chances(found, at).items():
        sentence = (
            f"Learned from failures: a chance of {100 * row.p_30d:.0f} % to fail within 30 days"
            f" ({row.confidence} confidence)."
        )
        said[asset_id] = is_calibrated(row), risk.Chance(row.p_30d, "chance", sentence)
    for asset_id, (calibrated, chance) in said.items():
        if calibrated:
            found[asset_id].chance = chance
        else:
            found[asset_id].learned_age = risk.learned_age(
                chance.value, f"Age and wear. {chance.sentence}"
            )


def _add_costs(assets: Sequence[Asset], found: Mapping[int, Evidence]) -> None:
    """Hours and repair as typical of the category; an hour costs that of all that stops."""
    stopped = stopped_with(list(found))
    organizations = {asset.organization_id for asset in assets}
    known = {pk: advice.consequences_or_stops(pk) for pk in organizations}
    for asset in assets:
        one = found[asset.pk]
        one.stopped = stopped[asset.pk]
        one.cost = _cost(
            asset, one.stopped, advice.consequence_of(known[asset.organization_id], asset, "")
        )


def _cost(asset: Asset, stopped: Sequence[Stopped], meant: advice.Consequence | None) -> Cost:
    stops = [one.asset for one in stopped]
    others = [one.downtime_cost for one in stopped if one.downtime_cost is not None]
    own = None if asset.downtime_cost is None else float(asset.downtime_cost)
    no_price = own is None and not others
    missing = [NO_DOWNTIME_COST] * no_price + [NO_REPAIRS] * (meant is None)
    if no_price or meant is None:
        return Cost(None, {"missing": missing, "stops": stops})
    hourly, hourly_behind = own or 0.0, sum(others)
    amount = meant.hours * (hourly + hourly_behind) + meant.repair_cost
    return Cost(
        round(Decimal(amount), 2),
        {
            "hours": round(meant.hours, 2),
            "repair_cost": round(meant.repair_cost, 2),
            "hourly": hourly,
            "hourly_behind": hourly_behind,
            "records": meant.records,
            "records_of": meant.of,
            "stops": stops,
        },
    )
