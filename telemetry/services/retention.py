"""How long an organization keeps readings, and the figures of hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from assets.models import Sensor
from assets.services import retention
from telemetry.models import TelemetryPolicy

SENSORS_AT_ONCE = 25


@dataclass(frozen=True)
class Removed:
    readings: int
    hours: int


def sensors_to_prune(organization_id: int) -> list[list[int]]:
    """Sensors (ids) of an organization that keeps readings for a limited time, in chunks."""
    policies = TelemetryPolicy.objects.filter(organization=organization_id)
    if not policies.filter(readings_days__isnull=False).exists():
        return []
    sensors = Sensor.objects.filter(organization=organization_id, last_time__isnull=False)
    ids = list(sensors.order_by("pk").values_list("pk", flat=True))
    return [ids[i : i + SENSORS_AT_ONCE] for i in range(0, len(ids), SENSORS_AT_ONCE)]


def prune(*, organization_id: int, sensors: Sequence[int], at: datetime) -> Removed:
    """Remove what the organization keeps no longer of these sensors; returns how much that was.

    Whole days in UTC; figures of days stay for ever. Safe to stop and to repeat.
    """
    policy = TelemetryPolicy.objects.filter(organization=organization_id).first()
    if policy is None or policy.readings_days is None:
        return Removed(0, 0)
    today = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    readings = retention.remove_readings(
        sensors=sensors, before=today - timedelta(days=policy.readings_days)
    )
    hours = 0
    if policy.hourly_days is not None:
        hours = retention.remove_hours(
            sensors=sensors, before=today - timedelta(days=policy.hourly_days)
        )
    return Removed(readings, hours)
