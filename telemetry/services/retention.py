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


def readings_kept_since(organization_id: int, at: datetime) -> datetime | None:
    """The begin (UTC) of the first day whose readings the organization keeps; None: of all."""
    policy = TelemetryPolicy.objects.filter(organization=organization_id).first()
    return _days_before(at, policy.readings_days) if policy else None


def _days_before(at: datetime, days: int | None) -> datetime | None:
    if days is None:
        return None
    today = at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return today - timedelta(days=days)


def prune(*, organization_id: int, sensors: Sequence[int], at: datetime) -> Removed:
    """Remove what the organization keeps no longer of these sensors; returns how much that was.

    Whole days in UTC; figures of days stay for ever. Safe to stop and to repeat.
    """
    policy = TelemetryPolicy.objects.filter(organization=organization_id).first()
    kept_since = _days_before(at, policy.readings_days) if policy else None
    if policy is None or kept_since is None:
        return Removed(0, 0)
    readings = retention.remove_readings(sensors=sensors, before=kept_since)
    hours_since = _days_before(at, policy.hourly_days)
    hours = retention.remove_hours(sensors=sensors, before=hours_since) if hours_since else 0
    return Removed(readings, hours)
