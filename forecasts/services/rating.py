"""The risk of assets, from what sensors, anomalies, schedules and age say of them now."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from anomalies.models import Anomaly
from assets.models import Asset, Sensor
from assets.queries.impact import criticality_behind
from forecasts import queries, risk
from forecasts.models import Forecast, RiskScore
from maintenance.models import MaintenanceSchedule
from notifications.models import Notification, Webhook
from notifications.services import Happening, Message, notify, publish
from opssight.accounts.permissions import Permission

REMEMBERED = timedelta(days=56)
"""Anomalies that ended longer ago say nothing about today."""

FORECAST_VALID = timedelta(hours=48)

LIFE_YEARS = {
    "chiller": 23.0,
    "conveyor": 15.0,
    "fan": 20.0,
    "generator": 25.0,
    "heat exchanger": 25.0,
}
"""Rules of thumb by category; 20 years for all others. An asset's attribute `life_years` wins."""


@dataclass(slots=True)
class Evidence:
    """What speaks for a failure of one asset."""

    sensors: list[Sensor] = field(default_factory=list)
    anomalies: list[Anomaly] = field(default_factory=list)
    overdue: list[MaintenanceSchedule] = field(default_factory=list)


@transaction.atomic
def refresh_risk(*, asset_ids: Iterable[int], at: datetime) -> int:
    """Rate these assets for the organization's current day. Returns how many.

    Run again on the same day it replaces the day's score. Who may plan work is told once a day
    when an asset's risk passes from below to `risk.HIGH`.
    """
    assets = list(
        Asset.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk__in=list(asset_ids))
        .select_related("organization")
        .order_by("pk")
    )
    found = _evidence(assets, at)
    use = _limit_use([sensor for one in found.values() for sensor in one.sensors], at)
    behind = criticality_behind([asset.pk for asset in assets])
    rows: list[RiskScore] = []
    risen: list[tuple[Asset, risk.Risk, date]] = []
    for asset in assets:
        rated = _rate(asset, found[asset.pk], use, behind[asset.pk], at)
        day = at.astimezone(asset.organization.zone).date()
        rows.append(_row(asset, rated, day, at))
        if rated.score >= risk.HIGH and (asset.current_risk or 0.0) < risk.HIGH:
            risen.append((asset, rated, day))
        asset.current_risk = rated.score
    RiskScore.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["asset", "day"],
        update_fields=[
            "score",
            "likelihood",
            "criticality",
            "consequence",
            "consequence_sentence",
            "parts",
            "computed_at",
        ],
    )
    Asset.objects.bulk_update(assets, ["current_risk"])
    _tell(risen, at)
    return len(rows)


def _evidence(assets: Sequence[Asset], at: datetime) -> dict[int, Evidence]:
    """By asset id, in three queries."""
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
    return found


def _limit_use(sensors: Sequence[Sensor], at: datetime) -> dict[int, float]:
    """How much of the way from normal to its limit each sensor has used, by id, in two queries.

    What counts is the worse of now and the forecast. Without a limit there is no entry.
    """
    limited = {s.pk: s for s in sensors if s.low_limit is not None or s.high_limit is not None}
    signals = queries.signals(list(limited))
    ahead = Forecast.objects.filter(
        sensor__in=list(limited), starts_at__gt=at - FORECAST_VALID, starts_at__lte=at
    )
    forecasts = {f.sensor_id: f for f in ahead.order_by("starts_at")}
    use: dict[int, float] = {}
    for pk, signal in signals.items():
        values = [signal.recent]
        if pk in forecasts:
            values += [min(forecasts[pk].values), max(forecasts[pk].values)]
        use[pk] = max(_use_of_limits(limited[pk], value, signal.normal) for value in values)
    return use


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


def _rate(
    asset: Asset, one: Evidence, use: Mapping[int, float], behind: Sequence[int], at: datetime
) -> risk.Risk:
    names = {sensor.pk: sensor.key for sensor in one.sensors}
    scores = {sensor.key: _score_now(sensor, one.anomalies) for sensor in one.sensors}
    return risk.risk(
        criticality=asset.criticality,
        behind=behind,
        parts=[
            risk.condition(
                scores=scores, limit_use={names[pk]: use[pk] for pk in names if pk in use}
            ),
            risk.anomalies(found=[(a.severity, _days_since_end(a, at)) for a in one.anomalies]),
            _overdue(one.overdue, at),
            _age(asset, at),
        ],
    )


def _score_now(sensor: Sensor, found: Sequence[Anomaly]) -> float:
    """The score of the anomaly that goes on, less what the sensor has come back since its peak."""
    for anomaly in found:
        if anomaly.sensor_id != sensor.pk or anomaly.ended_at is not None:
            continue
        away = anomaly.peak_value - anomaly.expected_value
        if sensor.kind != Sensor.Kind.GAUGE or not away or sensor.last_value is None:
            return anomaly.score
        share = (sensor.last_value - anomaly.expected_value) / away
        return anomaly.score * min(max(share, 0.0), 1.0)
    return 0.0


def _days_since_end(anomaly: Anomaly, at: datetime) -> float:
    return (at - anomaly.ended_at) / timedelta(days=1) if anomaly.ended_at else 0.0


def _overdue(schedules: Sequence[MaintenanceSchedule], at: datetime) -> risk.Part:
    """The part of the schedule that is worst."""
    parts = [
        risk.overdue(
            days_late=(at - (s.next_due_at or s.starts_at)) / timedelta(days=1),
            cycle_days=s.interval.days(),
        )
        for s in schedules
    ]
    return max(parts, key=lambda part: part.value, default=risk.overdue(days_late=0, cycle_days=1))


def _age(asset: Asset, at: datetime) -> risk.Part:
    if asset.installed_at is None:
        return risk.age(years=None)
    years = (at.astimezone(asset.organization.zone).date() - asset.installed_at).days / 365.25
    given = asset.attributes.get("life_years")
    if isinstance(given, int | float) and given > 0:
        return risk.age(years=years, life_years=given)
    life = LIFE_YEARS.get(asset.category.lower(), risk.DEFAULT_LIFE_YEARS)
    return risk.age(years=years, life_years=life)


def _row(asset: Asset, rated: risk.Risk, day: date, at: datetime) -> RiskScore:
    points = rated.points()
    parts: list[dict[str, Any]] = [
        {
            "name": part.name,
            "value": round(part.value, 4),
            "weight": part.weight,
            "points": round(points[part.name], 2),
            "sentence": part.sentence,
        }
        for part in rated.parts
    ]
    return RiskScore(
        organization_id=asset.organization_id,
        asset=asset,
        day=day,
        score=rated.score,
        likelihood=rated.likelihood,
        criticality=rated.criticality,
        consequence=rated.consequence,
        consequence_sentence=rated.consequence_sentence,
        parts=parts,
        computed_at=at,
    )


def _tell(risen: Sequence[tuple[Asset, risk.Risk, date]], at: datetime) -> None:
    messages: dict[int, list[Message]] = defaultdict(list)
    happenings: dict[int, list[Happening]] = defaultdict(list)
    for asset, rated, day in risen:
        happenings[asset.organization_id].append(_happening(asset, rated, day))
        messages[asset.organization_id].append(
            Message(
                event=Notification.Event.RISK_HIGH,
                subject=f"{asset.tag}: the risk is {rated.level} ({int(rated.score)} of 100)",
                body="\n".join(part.sentence for part in rated.parts if part.value > 0),
                url=asset.get_absolute_url(),
                dedupe_key=f"risk-high-{asset.pk}-{day}",
                asset=asset.pk,
            )
        )
    for organization_id, of_organization in sorted(messages.items()):
        notify(
            organization=organization_id,
            permission=Permission.WORK_ORDER_PLAN,
            messages=of_organization,
            at=at,
        )
        publish(organization=organization_id, happenings=happenings[organization_id], at=at)


def _happening(asset: Asset, rated: risk.Risk, day: date) -> Happening:
    return Happening(
        event=Webhook.Event.RISK_HIGH,
        dedupe_key=f"risk-high-{asset.pk}-{day}",
        data={
            "asset": asset.pk,
            "asset_tag": asset.tag,
            "asset_name": asset.name,
            "day": day,
            "score": rated.score,
            "level": rated.level,
            "likelihood": rated.likelihood,
            "criticality": rated.criticality,
            "consequence": rated.consequence,
            "reasons": [part.sentence for part in rated.parts if part.value > 0],
        },
        page=asset.get_absolute_url(),
        api=f"/api/assets/{asset.pk}/",
    )
