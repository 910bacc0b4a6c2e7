"""Schedules of the demo plant, and who does the work when: hashed, so each load tells the same."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from assets.models import Asset
from maintenance.models import JobPlan, MaintenanceSchedule
from opssight.accounts.models import Organization
from opssight.demo.catalog import ScheduleType
from opssight.demo.noise import between
from opssight.demo.people import People
from opssight.demo.plant import Asset as PlannedAsset
from opssight.demo.plant import Plant

_DAYS = {"weeks": 7, "months": 30, "years": 365}
_START_OF_WORK = time(8)


def create_schedules(
    plant: Plant,
    assets: dict[str, Asset],
    *,
    organization: Organization,
    people: People,
    plans: Mapping[str, JobPlan],
    origin: datetime,
) -> list[MaintenanceSchedule]:
    """Make every schedule; its first occurrence lies within one interval after `origin`."""
    return MaintenanceSchedule.objects.bulk_create(
        MaintenanceSchedule(
            organization=organization,
            asset=assets[asset.tag],
            title=kind.title,
            instructions=kind.instructions,
            maintenance_type=kind.maintenance_type,
            mode=kind.mode,
            every=kind.every[0],
            unit=kind.every[1],
            starts_at=first,
            calendar_due_at=first,
            next_due_at=first,
            job_plan=plans[kind.plan],
            technician=people.technician_for(asset.site.code, kind.skill),
            estimated_minutes=kind.minutes,
        )
        for asset in plant.assets
        for kind in asset.schedules
        for first in [first_occurrence(asset, kind, origin)]
    )


def first_occurrence(asset: PlannedAsset, kind: ScheduleType, origin: datetime) -> datetime:
    """Return a morning on the site's clock, within one interval after `origin`."""
    count, unit = kind.every
    share = between(0.0, 1.0, "first", asset.tag, kind.title)
    zone = ZoneInfo(asset.site.time_zone)
    day = (origin + timedelta(days=1 + share * count * _DAYS[unit])).astimezone(zone).date()
    return datetime.combine(day, _START_OF_WORK, zone)


def done_at(schedule: MaintenanceSchedule, due_at: datetime) -> datetime | None:
    """Return when the crew finished the occurrence; None: it was forgotten and is overdue.

    In working hours of the site. Most work is done within a day of its date, some of it late: a
    plant, not a brochure.
    """
    name = (schedule.asset.tag, schedule.title, due_at.date())
    luck = between(0.0, 1.0, "luck", *name)
    if luck < 0.04:
        return None
    late = round(3 + 40 * (luck - 0.04)) if luck < 0.14 else round(between(-1.4, 1.4, "day", *name))
    zone = ZoneInfo(schedule.asset.site.timezone)
    day = due_at.astimezone(zone).date() + timedelta(days=late)
    minutes = 5 * round(between(24, 96, "time of day", *name))
    return datetime.combine(day, _START_OF_WORK, zone) + timedelta(minutes=minutes)


def labor_minutes(estimated: int, tag: str, title: str, due_at: datetime) -> int:
    """Return what the work took, around its estimate."""
    share = between(0.7, 1.5, "labor", tag, title, due_at.date())
    return round(estimated * share / 5) * 5
