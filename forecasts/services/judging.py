"""The risk of one asset from the evidence at hand: nothing is read here."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from anomalies.models import Anomaly
from assets.models import Asset, Sensor
from forecasts import risk
from forecasts.services.evidence import Evidence
from maintenance.models import MaintenanceSchedule

LIFE_YEARS = {
    "chiller": 23.0,
    "conveyor": 15.0,
    "fan": 20.0,
    "generator": 25.0,
    "heat exchanger": 25.0,
}
"""Rules of thumb by category; 20 years for all others. An asset's attribute `life_years` wins."""


def rate(asset: Asset, one: Evidence, at: datetime) -> risk.Risk:
    names = {sensor.pk: sensor.key for sensor in one.sensors}
    scores = {sensor.key: _score_now(sensor, one.anomalies) for sensor in one.sensors}
    return risk.risk(
        criticality=asset.criticality,
        behind=[stopped.criticality for stopped in one.stopped],
        chance=one.chance,
        cost=None if one.cost.amount is None else float(one.cost.amount),
        currency=asset.organization.currency,
        parts=[
            risk.condition(
                scores=scores,
                limit_use={names[pk]: one.limit_use[pk] for pk in names if pk in one.limit_use},
            ),
            risk.anomalies(found=[(a.severity, _days_since_end(a, at)) for a in one.anomalies]),
            _overdue(one.overdue, at),
            one.learned_age or _age(asset, at),
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
