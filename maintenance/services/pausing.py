"""Schedules that rest, and run again."""

from datetime import datetime

from django.db import transaction

from maintenance.models import MaintenanceSchedule
from maintenance.services.schedules import lock_schedules, refresh


@transaction.atomic
def set_active(*, schedule: MaintenanceSchedule, active: bool, at: datetime) -> MaintenanceSchedule:
    """Let a schedule rest, or run again. Twice is as once.

    While it rests it makes no orders; its open one stays. It goes on with the date that it had:
    what fell due meanwhile is overdue.
    """
    [locked] = lock_schedules([schedule.pk])
    locked.is_active = active
    locked.save(update_fields=["is_active"])
    refresh(schedules=[locked.pk], at=at)
    return locked
