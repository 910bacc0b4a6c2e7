"""What schedules will call for: the occurrences to come, without making anything."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import QuerySet

from maintenance.models import MaintenanceSchedule


class Why(StrEnum):
    """What makes an occurrence due."""

    CALENDAR = "calendar"
    METER = "meter"
    CONDITION = "condition"


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One time that a schedule falls due.

    projected: it rests on an assumption (each one before it done on its date, use as of late), so
    that it may still move. absorbed_by: the id of the larger schedule whose work includes this
    one, which then makes no order of its own. minutes: labor, of all people and assets.
    """

    schedule: int
    asset: int
    due_at: datetime
    why: Why
    projected: bool
    absorbed_by: int | None
    minutes: int


def upcoming(
    *, schedules: QuerySet[MaintenanceSchedule], start: datetime, end: datetime, at: datetime
) -> list[Occurrence]:
    """Occurrences with `start` <= due < `end` of the active ones, by due date and schedule.

    What is overdue at `at` has its own due date, before `at`; a window that begins earlier shows
    it. What follows an overdue occurrence assumes that it is done at `at`.
    """
    found = [
        occurrence
        for schedule in schedules.filter(is_active=True).select_related("asset__site", "job_plan")
        for occurrence in _of(schedule, start=start, end=end, at=at)
    ]
    return sorted(found, key=lambda one: (one.due_at, one.schedule))


def _of(
    schedule: MaintenanceSchedule, *, start: datetime, end: datetime, at: datetime
) -> list[Occurrence]:
    calendar = schedule.calendar
    if calendar is None:
        return []
    due = schedule.calendar_due_at or calendar.first()
    found: list[Occurrence] = []
    while due is not None and due < end:
        if due >= start:
            found.append(
                Occurrence(
                    schedule=schedule.pk,
                    asset=schedule.asset_id,
                    due_at=due,
                    why=Why.CALENDAR,
                    projected=calendar.floats and bool(found),
                    absorbed_by=None,
                    minutes=schedule.estimated_minutes,
                )
            )
        due = calendar.next_due(served=due, completed=max(due, at))
    return found
