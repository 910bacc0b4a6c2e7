"""Schedules that show every way to fall due: rules, groups, meters, conditions, larger services."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dateutil.relativedelta import relativedelta

from assets.models import Asset, AssetGroup, Sensor
from maintenance.models import ConditionTrigger, JobPlan, MaintenanceSchedule, MeterTrigger
from opssight.demo.people import People
from opssight.demo.plant import Plant
from opssight.demo.scenario import PERIOD

_START_OF_WORK = time(8)
# Days after the anchor on which the annual service of the compressor is due.
_ANNUAL = 6
_NONE = MaintenanceSchedule.Mode.NONE
_FIXED = MaintenanceSchedule.Mode.FIXED
_FLOATING = MaintenanceSchedule.Mode.FLOATING


def create_programs(
    plant: Plant,
    assets: Mapping[str, Asset],
    *,
    people: People,
    plans: Mapping[str, JobPlan],
    since: datetime,
    anchor: datetime,
) -> None:
    """Make the schedules; whoever calls fills in their dates."""
    _by_rule(assets, people, plans, since)
    _nested(assets, people, plans, since, anchor)
    _by_meter(plant, assets, people, plans, since)
    _by_condition(assets, plans, since)


def _schedule(asset: Asset, title: str, day: datetime, **values: Any) -> MaintenanceSchedule:
    """Its first date is the morning of `day` on the clock of the site, or after that."""
    zone = ZoneInfo(asset.site.timezone)
    return MaintenanceSchedule.objects.create(
        organization_id=asset.organization_id,
        asset=asset,
        title=title,
        starts_at=datetime.combine(day.astimezone(zone).date(), _START_OF_WORK, zone),
        **values,
    )


def _by_rule(
    assets: Mapping[str, Asset], people: People, plans: Mapping[str, JobPlan], since: datetime
) -> None:
    groups = {
        group.name: group
        for group in AssetGroup.objects.filter(organization=assets["P-101A"].organization_id)
    }
    _schedule(
        assets["P-101A"],
        "Vibration route 1",
        since,
        group=groups["Vibration route 1, Süd"],
        job_plan=plans["VB-01"],
        mode=_FIXED,
        rule="FREQ=MONTHLY;BYDAY=1TU",
        maintenance_type="inspection",
        technician=people.technician_for("HAM", "instrumentation"),
    )
    _schedule(
        assets["P-121A"],
        "Water treatment and Legionella round",
        since,
        group=groups["Cooling and chilled water"],
        job_plan=plans["WT-01"],
        mode=_FIXED,
        rule="FREQ=MONTHLY;BYDAY=2MO",
        holidays="DE-HH",
        on_holiday="after",
        maintenance_type="inspection",
        technician=people.technician_for("HAM", "refrigeration"),
    )
    _schedule(
        assets["F-121"],
        "Frost round at the cooling tower",
        since,
        instructions="Trace heating, basin heater, ice at the louvers. Drain what stands still.",
        mode=_FIXED,
        every=2,
        unit="weeks",
        pause_from="04-01",
        pause_to="10-15",
        maintenance_type="inspection",
        technician=people.technician_for("HAM", "mechanical"),
        estimated_minutes=25,
    )


def _nested(
    assets: Mapping[str, Asset],
    people: People,
    plans: Mapping[str, JobPlan],
    since: datetime,
    anchor: datetime,
) -> None:
    """The annual service does what the monthly one of the same days would do."""
    due = anchor + timedelta(days=_ANNUAL)
    months = max(1, round((due - since).days / 30))
    technician = people.technician_for("HAM", "mechanical")
    annual = _schedule(
        assets["K-201"],
        "Compressor service, annual",
        due,
        job_plan=plans["SV-12"],
        mode=_FIXED,
        unit="years",
        lead_days=14,
        technician=technician,
        estimated_minutes=420,
        priority="high",
    )
    _schedule(
        assets["K-201"],
        "Compressor service, monthly",
        due - relativedelta(months=months) + timedelta(days=2),
        job_plan=plans["SV-01"],
        mode=_FIXED,
        included_in=annual,
        technician=technician,
    )


def _by_meter(
    plant: Plant,
    assets: Mapping[str, Asset],
    people: People,
    plans: Mapping[str, JobPlan],
    since: datetime,
) -> None:
    """Running hours that are reached some days after the anchor, at the usual use."""
    service = _schedule(
        assets["GN-601"],
        "2,000 h service",
        since,
        job_plan=plans["LU-02"],
        mode=_NONE,
        technician=people.technician_for("PUN", "mechanical"),
        estimated_minutes=300,
    )
    _meter(plant, service, every=2_000, days_left=12)
    alignment = _schedule(
        assets["P-101A"],
        "Check the alignment of the coupling",
        since + relativedelta(months=10),
        instructions="Every 4,000 h, at least once a year. Laser alignment, cold.",
        mode=_FLOATING,
        unit="years",
        technician=people.technician_for("HAM", "mechanical"),
        estimated_minutes=120,
    )
    _meter(plant, alignment, every=4_000, days_left=5)


def _meter(
    plant: Plant, schedule: MaintenanceSchedule, *, every: float, days_left: float
) -> MeterTrigger:
    tag = schedule.asset.tag
    begins = next(s.base for a, s in plant.sensors if a.tag == tag and s.counter)
    at_the_anchor = begins + PERIOD.total_seconds() / 3600
    return MeterTrigger.objects.create(
        organization_id=schedule.organization_id,
        asset=schedule.asset,
        schedule=schedule,
        sensor=Sensor.objects.get(asset=schedule.asset, key="running_hours"),
        every=every,
        counts_from=at_the_anchor + days_left * 24 - every,
    )


def _by_condition(
    assets: Mapping[str, Asset], plans: Mapping[str, JobPlan], since: datetime
) -> None:
    """Nobody is planned for them: a planner assigns what a condition calls for."""
    shaking = _schedule(
        assets["K-401"],
        "Vibration analysis",
        since,
        job_plan=plans["VB-01"],
        mode=_NONE,
        maintenance_type="condition_based",
        priority="high",
        estimated_minutes=90,
    )
    ConditionTrigger.objects.create(
        organization_id=shaking.organization_id,
        asset=shaking.asset,
        schedule=shaking,
        sensor=Sensor.objects.get(asset=shaking.asset, key="vibration"),
        above=5.5,
        for_minutes=120,
    )
    risky = _schedule(
        assets["G-501"],
        "Look over the gearbox at high risk",
        since,
        job_plan=plans["IN-01"],
        mode=_NONE,
        maintenance_type="inspection",
    )
    ConditionTrigger.objects.create(
        organization_id=risky.organization_id, asset=risky.asset, schedule=risky, above=60
    )
