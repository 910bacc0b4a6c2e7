"""Work is planned here: who does it, on which day, from when; and what will come to be planned."""

from datetime import date, datetime, time, tzinfo

from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from maintenance.dispatching.times import (
    QUARTER,
    Span,
    first_free,
    free_runs,
    longest_of,
    next_quarter,
)
from maintenance.models import MaintenanceSchedule, Technician, WorkOrder
from maintenance.queries.availability import working_spans
from maintenance.queries.calendar import due_schedules
from maintenance.queries.days import days_from, on_the_clock
from maintenance.queries.entries import Ghost
from maintenance.queries.planned import planned_in
from maintenance.services import dispatch
from maintenance.services.occurrences import upcoming
from opssight.accounts.models import User

USUAL_BEGIN = time(8)
NEVER = "The clock never shows {clock:%H:%M} on {day:%B %-d}: it goes forward. Choose a later hour."
PAST = "{day:%B %-d, %Y} is past. Choose today or a later day."


def plan(
    *,
    work_order: WorkOrder,
    technician: Technician,
    day: date,
    zone: tzinfo,
    by: User,
    at: datetime,
    clock: time | None = None,
) -> dispatch.Outcome:
    """Give the order to the technician for a day; without a clock time, for the first free one.

    The day is one of the zone. Raises ValidationError for a day that is past, and for a time that
    the clock skips. What else speaks against it is in the outcome.
    """
    if day < at.astimezone(zone).date():
        raise ValidationError({"day": PAST.format(day=day)}, code="past")
    start = (
        on_the_clock(day, clock, zone)
        if clock is not None
        else _first_free(work_order, technician, day, zone, at)
    )
    if start is None:
        raise ValidationError({"start": NEVER.format(clock=clock, day=day)}, code="skipped")
    [outcome] = dispatch.assign(
        orders=[work_order], technician=technician, planned_start=start, by=by, at=at
    )
    return outcome


def forecast(
    *, schedules: QuerySet[MaintenanceSchedule], start: datetime, end: datetime, at: datetime
) -> tuple[list[Ghost], bool]:
    """What the schedules will call for in [start, end) and has no order yet.

    Work that a larger service includes is left out. True: there are more schedules than are looked
    at (`calendar.MOST_SCHEDULES`).
    """
    chosen, more = due_schedules(schedules, start=start, end=end)
    if not chosen:
        return [], False
    rows = MaintenanceSchedule.objects.filter(pk__in=chosen)
    made = WorkOrder.objects.filter(schedule__in=chosen).open().order_by()
    ordered = set(made.values_list("schedule", "occurrence_at"))
    whose = dict(rows.order_by().values_list("pk", "technician"))
    found = [
        Ghost(one.schedule, whose[one.schedule], one.due_at, one.minutes, one.projected)
        for one in upcoming(schedules=rows, start=start, end=end, at=at)
        if one.absorbed_by is None and (one.schedule, one.due_at) not in ordered
    ]
    return found, more


def take_away(*, work_order: WorkOrder, by: User, at: datetime) -> dispatch.Outcome:
    """Take the order from its technician, and out of the plan."""
    [outcome] = dispatch.assign(orders=[work_order], technician=None, by=by, at=at)
    return outcome


def _first_free(
    work_order: WorkOrder, technician: Technician, day: date, zone: tzinfo, at: datetime
) -> datetime:
    """When the technician can begin that day; where nothing is free, when the shift begins."""
    [whole] = days_from(day, 1, zone)
    earliest = max(whole.start, next_quarter(at))
    spans = working_spans(technicians=[technician.pk], start=whole.start, end=whole.end, zone=zone)
    working = [(max(begin, earliest), end) for begin, end in spans[technician.pk]]
    working = [span for span in working if span[0] < span[1]]
    free = free_runs(working, _booked(technician, whole.start, whole.end, work_order))
    found = first_free(
        work_order.estimated_minutes, free, longest=longest_of(working), earliest=earliest
    )
    if found is not None:
        return found[0]
    if working:
        return (free or [working])[0][0][0]
    usual = on_the_clock(day, USUAL_BEGIN, zone) or whole.start
    return max(usual, min(earliest, whole.end - QUARTER))


def _booked(technician: Technician, start: datetime, end: datetime, but: WorkOrder) -> list[Span]:
    rows = WorkOrder.objects.open().filter(technician=technician).exclude(pk=but.pk)
    return list(planned_in(rows, start, end).values_list("planned_start", "planned_until"))
