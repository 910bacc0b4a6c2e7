"""What keeps the demo plant living: the readings, stops and repairs since the last look."""

from datetime import datetime, timedelta

import numpy as np
from django.db import transaction

from assets.models import Asset, Sensor
from assets.services.readings import ingest_columns
from maintenance.models import MaintenanceRecord, MaintenanceType, Verdict
from opssight.accounts.models import Organization
from opssight.demo.plant import build
from opssight.demo.rows import ANCHOR_KEY, SLUG
from opssight.demo.scenario import STEP, Scenario, stops
from opssight.demo.simulator import simulate
from opssight.demo.uptime import extend_ledger

# A demo that was off for longer shows a gap instead of making its visitor wait.
LONGEST_CATCH_UP = timedelta(days=14)
_REPAIRS = (
    MaintenanceType.CORRECTIVE,
    MaintenanceType.CONDITION_BASED,
    MaintenanceType.PREDICTIVE,
    MaintenanceType.EMERGENCY,
)


@transaction.atomic
def append_readings(*, at: datetime) -> int:
    """Store what the demo plant measured until `at`; returns the readings that were new.

    Safe to run twice and at once: a second run at the same time leaves the work to the first.
    Without a demo plant there is nothing to do.
    """
    organization = (
        Organization.objects.select_for_update(skip_locked=True, no_key=True)
        .filter(slug=SLUG)
        .first()
    )
    scenario = _scenario(organization) if organization else None
    if organization is None or scenario is None:
        return 0
    sensors = {
        (sensor.asset.tag, sensor.key): sensor
        for sensor in Sensor.objects.filter(organization=organization).select_related("asset")
    }
    since = max(_next_step(sensors, scenario), at - LONGEST_CATCH_UP)
    written = _ingest(sensors, scenario, since, at)
    assets = Asset.objects.filter(organization=organization)
    extend_ledger({asset.tag: asset for asset in assets}, stops(scenario, at), until=at)
    return written


def _scenario(organization: Organization) -> Scenario | None:
    """The story as loaded, with the repairs that visitors have done since."""
    roots = Asset.objects.filter(organization=organization, attributes__has_key=ANCHOR_KEY)
    root = roots.order_by("pk").first()
    if root is None:
        return None
    anchor = datetime.fromisoformat(root.attributes[ANCHOR_KEY])
    repairs: dict[str, list[datetime]] = {}
    done = MaintenanceRecord.objects.filter(
        organization=organization, completed_at__gt=anchor, maintenance_type__in=_REPAIRS
    ).exclude(verdict=Verdict.FALSE_ALARM)
    for tag, moment in done.order_by("completed_at").values_list("asset__tag", "completed_at"):
        repairs.setdefault(tag, []).append(moment)
    return Scenario(anchor, repairs=repairs)


def _next_step(sensors: dict[tuple[str, str], Sensor], scenario: Scenario) -> datetime:
    """The step after the last one; the median, because single sensors may be silent or ahead."""
    times = sorted(sensor.last_time for sensor in sensors.values() if sensor.last_time)
    return times[len(times) // 2] + STEP if times else scenario.anchor


def _ingest(
    sensors: dict[tuple[str, str], Sensor], scenario: Scenario, since: datetime, at: datetime
) -> int:
    plant = build()
    readings = simulate(plant, scenario, since, at)
    rows = [
        (sensors[asset.tag, planned.key].pk, values)
        for (asset, planned), values in zip(plant.sensors, readings.values, strict=True)
        if (asset.tag, planned.key) in sensors
    ]
    if not rows:
        return 0
    values = np.vstack([values for _, values in rows])
    known = np.isfinite(values)
    row, column = np.nonzero(known)
    ids = np.array([pk for pk, _ in rows], dtype=np.int64)
    return ingest_columns(
        sensor_ids=ids[row], times=readings.times[column], values=values[known]
    ).inserted
