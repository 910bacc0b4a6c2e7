"""What schedules will call for: the occurrences to come, without making anything."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.db.models import QuerySet

from assets.models import Asset, AssetGroupMember
from maintenance.models import MaintenanceSchedule, MeterTrigger
from maintenance.scheduling.calendars import resumed
from maintenance.scheduling.projection import Course, Larger, Meter, Step, Why
from maintenance.services.nesting import larger_than
from maintenance.services.schedules import calendar_due

__all__ = ["Occurrence", "Why", "upcoming"]

MOST_DAYS = 3650
"""A meter that takes longer to be reached is not in sight."""


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
    chosen = {row.pk: row for row in _whole(schedules.filter(is_active=True))}
    missing = set(larger_than(list(chosen))) - set(chosen)
    larger = MaintenanceSchedule.objects.filter(pk__in=missing, is_active=True)
    rows = chosen | {row.pk: row for row in _whole(larger)}
    plan = _Plan(rows, end=end, at=at)
    members = _members(row.group_id for row in chosen.values())
    found = [
        Occurrence(
            schedule=row.pk,
            asset=row.asset_id,
            due_at=step.due,
            why=step.why,
            projected=step.projected,
            absorbed_by=step.absorbed_by,
            minutes=_minutes(row, members),
        )
        for row in chosen.values()
        for step in plan.steps(row.pk)
        if start <= step.due < end
    ]
    return sorted(found, key=lambda one: (one.due_at, one.schedule))


class _Plan:
    """The steps of each schedule, larger services first, because smaller ones depend on them."""

    def __init__(
        self, rows: dict[int, MaintenanceSchedule], *, end: datetime, at: datetime
    ) -> None:
        self.rows, self.at = rows, at
        # A larger service soon after the end may still stand in for what is due before it.
        self.end = end + timedelta(days=max((row.absorb_days for row in rows.values()), default=0))
        self.done: dict[int, list[Step]] = {}

    def steps(self, pk: int) -> list[Step]:
        if pk not in self.done:
            row = self.rows[pk]
            course = _course(row)
            self.done[pk] = course.steps(until=self.end, at=self.at, larger=self._larger(row))
        return self.done[pk]

    def _larger(self, row: MaintenanceSchedule) -> list[Larger]:
        """When the services that include this one are done: those that none stands in for."""
        found: list[Larger] = []
        above = row.included_in_id
        while above is not None and above in self.rows:
            found += [
                Larger(due=step.due, schedule=above)
                for step in self.steps(above)
                if step.absorbed_by is None
            ]
            above = self.rows[above].included_in_id
        return sorted(found, key=lambda service: (service.due, service.schedule))


def _whole(schedules: QuerySet[MaintenanceSchedule]) -> QuerySet[MaintenanceSchedule]:
    """With what `_course` reads; those that make no orders are left out."""
    return (
        schedules.exclude(asset__status=Asset.Status.RETIRED, group=None)
        .select_related("asset__site", "job_plan")
        .prefetch_related("meters", "conditions")
    )


def _course(row: MaintenanceSchedule) -> Course:
    met = [condition.met_at + row.lead for condition in row.conditions.all() if condition.met_at]
    course = Course(
        calendar=row.calendar,
        calendar_due=row.calendar_due_at or calendar_due(row, None),
        is_fixed=row.mode == row.Mode.FIXED,
        meters=[meter for each in row.meters.all() if (meter := _meter(each)) is not None],
        condition_due=min(met, default=None),
        ends_at=row.ends_at,
        lead=row.lead,
        absorb=timedelta(days=row.absorb_days),
    )
    if (pause := row.pause) is not None:
        course.resume = partial(resumed, pause=pause, starts_at=row.starts_at, zone=row.zone)
    return course


def _meter(meter: MeterTrigger) -> Meter | None:
    """None for one that is not in sight. Its cycle is rounded to whole days."""
    if meter.due_at is None:
        return None
    days = meter.every / meter.daily_use if meter.daily_use else MOST_DAYS + 1
    cycle = timedelta(days=max(round(days), 1)) if days <= MOST_DAYS else None
    return Meter(due=meter.due_at, cycle=cycle, reached=meter.reached_at is not None)


def _members(groups: Iterable[int | None]) -> dict[int | None, set[int]]:
    """Ids of the assets of each group that are not retired."""
    found: dict[int | None, set[int]] = defaultdict(set)
    if ids := {group for group in groups if group is not None}:
        rows = AssetGroupMember.objects.filter(group__in=ids).order_by()
        live = rows.exclude(asset__status=Asset.Status.RETIRED)
        for group, asset in live.values_list("group", "asset"):
            found[group].add(asset)
    return found


def _minutes(row: MaintenanceSchedule, members: Mapping[int | None, set[int]]) -> int:
    """As the order will say: the plan's labor at each asset, unless the schedule says its own."""
    unsaid = MaintenanceSchedule._meta.get_field("estimated_minutes").default
    if row.job_plan is None or row.estimated_minutes != unsaid:
        return row.estimated_minutes
    leading = {row.asset_id} if row.asset.status != Asset.Status.RETIRED else set()
    return row.job_plan.estimated_minutes * len(leading | members.get(row.group_id, set()))
