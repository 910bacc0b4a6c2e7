"""What a finished order does to its schedule: the calendar, the meters and the conditions move on.

The smaller services that it includes are done with it, and move on too.
"""

from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from assets.models import Reading
from maintenance.models import MaintenanceSchedule, MeterTrigger, WorkOrder
from maintenance.services.meters import follow_meters_of
from maintenance.services.nesting import smaller_than
from maintenance.services.schedules import (
    affected,
    bring_in_line,
    lock_schedules,
    refresh_next_due,
)


def move_on(
    schedule_id: int, *, served: datetime, completed: datetime, done: bool, at: datetime
) -> None:
    """Go on after the occurrence `served` was done, or skipped, at `completed`.

    A fixed calendar goes on with its next date; meters count on from the nearest multiple. What
    floats counts from the completion. A condition calls for work again only after the breach that
    this was done for is over. Skipped (`done` False): what called for it alone moves on.
    """
    ids = [schedule_id, *(_included(schedule_id) if done else ())]
    follow_meters_of(schedules=ids, at=at)
    for schedule in lock_schedules(ids):
        if schedule.pk != schedule_id:
            _do_with_larger(schedule, served=served, completed=completed)
        elif done:
            _do(schedule, served=served, completed=completed)
        else:
            _skip(schedule, served=served)
    follow_meters_of(schedules=ids, at=at)
    bring_in_line(schedules=ids)
    refresh_next_due(assets=affected(ids))


def _included(schedule_id: int) -> list[int]:
    """Ids of the services whose work is done with this one: one with an order waits for that."""
    ordered = WorkOrder.objects.open().filter(schedule=OuterRef("pk"))
    active = MaintenanceSchedule.objects.filter(
        ~Exists(ordered), pk__in=smaller_than([schedule_id]), is_active=True
    )
    return list(active.order_by("pk").values_list("pk", flat=True))


def _do(schedule: MaintenanceSchedule, *, served: datetime, completed: datetime) -> None:
    cause = _cause(schedule, served)
    calendar, due = schedule.calendar, schedule.calendar_due_at
    if calendar is None:
        due = None  # one that was set by hand is done
    elif cause == "calendar" or calendar.floats:
        due = calendar.next_due(served=served, completed=completed)
    elif due is not None and due <= completed + schedule.lead:
        # A meter or a condition came first; the order for this date would have been made.
        due = calendar.next_after(max(due, completed))
    _finish(schedule, due, completed)
    for meter in _meters(schedule):
        _count_on(schedule, meter, completed, at_least=int(cause == meter.pk))


def _do_with_larger(
    schedule: MaintenanceSchedule, *, served: datetime, completed: datetime
) -> None:
    """The work was a part of a larger service for `served`, done at `completed`."""
    calendar, due = schedule.calendar, schedule.calendar_due_at
    if calendar is None:
        due = None
    elif calendar.floats:
        due = calendar.next_due(served=completed, completed=completed)
    elif due is not None:
        near = max(served, completed) + timedelta(days=schedule.absorb_days)
        due = calendar.next_after(max(due, completed)) if due <= near else due
    _finish(schedule, due, completed)
    for meter in _meters(schedule):
        _count_on(schedule, meter, completed, at_least=0)


def _finish(schedule: MaintenanceSchedule, due: datetime | None, completed: datetime) -> None:
    schedule.calendar_due_at, schedule.last_completed_at = due, completed
    schedule.save(update_fields=["calendar_due_at", "last_completed_at"])
    for condition in schedule.conditions.select_for_update().order_by("pk"):
        condition.met_at, condition.served_since = None, condition.since
        condition.save(update_fields=["met_at", "served_since"])


def _skip(schedule: MaintenanceSchedule, *, served: datetime) -> None:
    cause = _cause(schedule, served)
    if cause == "calendar":
        calendar = schedule.calendar
        schedule.calendar_due_at = (
            calendar.next_due(served=served, completed=served) if calendar else None
        )
        schedule.save(update_fields=["calendar_due_at"])
        return
    for condition in schedule.conditions.select_for_update().exclude(met_at=None).order_by("pk"):
        condition.met_at, condition.served_since = None, condition.since
        condition.save(update_fields=["met_at", "served_since"])
    for meter in _meters(schedule):
        if cause == meter.pk:
            base = meter.counts_from or 0.0  # one that was reached has a reading, and so a base
            passed = ((meter.read_value or 0.0) - base) // meter.every
            meter.counts_from = base + max(passed, 1) * meter.every
            _save(meter)


def _cause(schedule: MaintenanceSchedule, served: datetime) -> int | str:
    """What called for the occurrence: "calendar", "condition", or the id of the meter."""
    near = served + schedule.lead
    meters = [meter for meter in _meters(schedule) if meter.due_at and meter.due_at <= near]
    conditions = schedule.conditions.exclude(met_at=None).exists()
    if served == schedule.calendar_due_at or not (meters or conditions):
        return "calendar"
    if conditions:
        return "condition"
    return min(meters, key=lambda meter: (meter.due_at, meter.pk)).pk


def _meters(schedule: MaintenanceSchedule) -> list[MeterTrigger]:
    return list(schedule.meters.select_for_update().order_by("pk"))


def _count_on(
    schedule: MaintenanceSchedule, meter: MeterTrigger, completed: datetime, *, at_least: int
) -> None:
    """Count from the reading at completion, or, when fixed, from the multiple nearest to it."""
    shown = (
        Reading.objects.filter(sensor=meter.sensor_id, time__lte=completed)
        .order_by("-time")
        .values_list("value", flat=True)
        .first()
    )
    base = meter.counts_from
    if base is None or (shown is not None and schedule.mode != schedule.Mode.FIXED):
        meter.counts_from = shown
    else:
        done = 0 if shown is None else round((shown - base) / meter.every)
        meter.counts_from = base + max(done, at_least) * meter.every
    _save(meter)


def _save(meter: MeterTrigger) -> None:
    meter.reached_at = meter.due_at = meter.earliest_at = meter.latest_at = None
    meter.save(update_fields=["counts_from", "reached_at", "due_at", "earliest_at", "latest_at"])
