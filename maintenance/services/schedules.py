"""Due dates: of schedules by calendar, meter and condition, and the earliest of each asset.

`calendar_due_at` moves with a completion or an edit only. `next_due_at` is the earliest of it and
what the triggers call for, kept in line by one statement.
"""

import logging
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import BooleanField, F, Func, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Least

from assets.models import Asset, AssetGroupMember
from maintenance.models import MaintenanceSchedule, WorkOrder
from maintenance.models.calendars import CALENDAR_FIELDS
from maintenance.queries.absorbed import without_absorbed
from maintenance.services.clocks import moment_sql
from maintenance.services.conditions import watch_conditions, watch_conditions_of
from maintenance.services.meters import follow_meters, follow_meters_of

SCHEDULES_PER_BATCH = 1000
log = logging.getLogger(__name__)

_WRITE_CALENDARS = """
UPDATE maintenance_schedules s SET calendar_due_at = d.due
FROM unnest(%s::bigint[], %s::timestamptz[]) AS d (id, due)
WHERE s.id = d.id AND s.calendar_due_at IS NULL
"""
_RESUMES = moment_sql(
    """make_date(extract(year FROM local)::int + (day > pause_to)::int,
            left(pause_to, 2)::int, right(pause_to, 2)::int) + 1
        + (starts_at AT TIME ZONE zone)::time""",
    "zone",
)
# What a meter or a condition calls for in the yearly pause waits for the day after it.
_NEXT = """
WITH called AS (
    SELECT schedule_id, min(due) AS due FROM (
        SELECT schedule_id, due_at AS due FROM schedule_meters
        -- A condition is met at once: its work has the lead as the time to be done in.
        UNION ALL SELECT schedule_id, met_at + lead_days * interval '1 day'
        FROM schedule_conditions JOIN maintenance_schedules s ON s.id = schedule_id
    ) AS triggers WHERE due IS NOT NULL GROUP BY schedule_id
), placed AS (
    SELECT s.*, c.due AS called, c.due AT TIME ZONE g.timezone AS local,
           to_char(c.due AT TIME ZONE g.timezone, 'MM-DD') AS day, g.timezone AS zone
    FROM maintenance_schedules s
    JOIN assets a ON a.id = s.asset_id JOIN sites g ON g.id = a.site_id
    LEFT JOIN called c ON c.schedule_id = s.id
    WHERE {chosen}
), resumed AS (
    SELECT id, ends_at, calendar_due_at, next_due_at, CASE
        WHEN called IS NULL OR pause_from = '' THEN called
        WHEN CASE WHEN pause_from <= pause_to THEN day BETWEEN pause_from AND pause_to
             ELSE day >= pause_from OR day <= pause_to END
        THEN {resumes}
        ELSE called END AS called
    FROM placed
), wanted AS (
    SELECT id, next_due_at AS before,
           least(calendar_due_at, CASE WHEN called > ends_at THEN NULL ELSE called END) AS due
    FROM resumed
), locked AS (
    -- In the order of the key, as a completion locks; one that is under way sees to its own rows.
    SELECT s.id FROM maintenance_schedules s JOIN wanted w ON w.id = s.id
    WHERE w.before IS DISTINCT FROM w.due
    ORDER BY s.id FOR NO KEY UPDATE OF s SKIP LOCKED
)
UPDATE maintenance_schedules s SET next_due_at = w.due
FROM wanted w JOIN locked l ON l.id = w.id WHERE s.id = w.id
"""


def recalculate_due_dates(*, organization_id: int, at: datetime) -> int:
    """Fill in empty calendar dates, take in readings and risks, and bring every date in line.

    Returns how many assets changed. Works in pieces, each a transaction of its own: of 100,000
    schedules no more than a thousand are in memory, and nobody waits long.
    """
    fill_calendars(organization_id=organization_id, at=at)
    follow_meters(organization_id=organization_id, at=at)
    watch_conditions(organization_id=organization_id, at=at)
    bring_in_line(organization_id=organization_id)
    return refresh_next_due(assets=Asset.objects.filter(organization=organization_id))


def fill_calendars(*, organization_id: int, at: datetime) -> int:
    """Calculate the calendar dates that are empty; returns how many schedules were looked at."""
    empty = (
        MaintenanceSchedule.objects.filter(
            Q(ends_at=None) | Q(ends_at__gt=at),
            organization=organization_id,
            is_active=True,
            calendar_due_at=None,
        )
        .exclude(mode=MaintenanceSchedule.Mode.NONE)
        .select_related("asset__site")
        .annotate(served=Subquery(_served(OuterRef("pk")).values("occurrence_at")[:1]))
        .order_by("pk")
    )
    seen, last = 0, 0
    while batch := list(empty.filter(pk__gt=last)[:SCHEDULES_PER_BATCH]):
        dues = [_safely_due(schedule, schedule.served) for schedule in batch]
        with connection.cursor() as cursor:
            cursor.execute(_WRITE_CALENDARS, [[schedule.pk for schedule in batch], dues])
        seen, last = seen + len(batch), batch[-1].pk
    return seen


@transaction.atomic
def reschedule(*, schedule: MaintenanceSchedule, at: datetime) -> MaintenanceSchedule:
    """Calculate the due date anew, after the calendar or a trigger was changed."""
    locked = lock_schedules([schedule.pk])[0]
    served = _served(schedule.pk).values_list("occurrence_at", flat=True).first()
    locked.calendar_due_at = calendar_due(locked, served)
    locked.save(update_fields=["calendar_due_at"])
    refresh(schedules=[locked.pk], at=at)
    locked.refresh_from_db(fields=["next_due_at"])
    return locked


@transaction.atomic
def keep_up(
    *, schedule: MaintenanceSchedule, changed: Collection[str], at: datetime
) -> MaintenanceSchedule:
    """Bring the due dates in line after these fields were edited.

    A date that was set by hand stays, unless the calendar itself is another one now.
    """
    if schedule.calendar_due_at is None or CALENDAR_FIELDS & set(changed):
        return reschedule(schedule=schedule, at=at)
    refresh(schedules=[schedule.pk], at=at)
    schedule.refresh_from_db(fields=["next_due_at"])
    return schedule


@transaction.atomic
def set_due(*, schedule: MaintenanceSchedule, due_at: datetime, at: datetime) -> None:
    """Move the coming occurrence of the calendar by hand; the next completion goes on from it."""
    locked = lock_schedules([schedule.pk])[0]
    locked.calendar_due_at = due_at
    locked.save(update_fields=["calendar_due_at"])
    refresh(schedules=[locked.pk], at=at)


@transaction.atomic
def refresh(*, schedules: Collection[int], at: datetime) -> None:
    """Bring the due dates of these schedules in line, and those of the assets that they decide.

    For what changes no calendar: a trigger was added, a schedule was paused or resumed.
    """
    follow_meters_of(schedules=schedules, at=at)
    watch_conditions_of(schedules=schedules, at=at)
    bring_in_line(schedules=schedules)
    refresh_next_due(assets=affected(schedules))


def lock_schedules(ids: Collection[int]) -> list[MaintenanceSchedule]:
    """The schedules as they are now, by key, kept from others until the transaction ends."""
    return list(
        MaintenanceSchedule.objects.select_for_update(of=("self",), no_key=True)
        .select_related("asset__site")
        .filter(pk__in=ids)
        .order_by("pk")
    )


def bring_in_line(
    *, organization_id: int | None = None, schedules: Collection[int] | None = None
) -> int:
    """Set the next due dates of an organization, or of some schedules, where they differ."""
    if schedules is None:
        statement, values = "s.organization_id = %s", [organization_id]
    else:
        statement, values = "s.id = ANY(%s)", [list(schedules)]  # type: ignore[list-item]
    with connection.cursor() as cursor:
        cursor.execute(_NEXT.format(chosen=statement, resumes=_RESUMES), values)
        return int(cursor.rowcount)


def refresh_next_due(*, assets: QuerySet[Asset]) -> int:
    """Set each asset's next due date to the earliest of its active schedules, where it differs.

    The schedules of its groups are its own too; work that a larger service does is due with that.
    Returns how many assets changed.
    """
    active = without_absorbed(MaintenanceSchedule.objects.filter(is_active=True).order_by())
    own = active.filter(asset=OuterRef("pk")).values("asset")
    of_groups = active.filter(group__members__asset=OuterRef("pk")).values("group__members__asset")
    both = [
        Subquery(rows.annotate(due=Min("next_due_at")).values("due")) for rows in (own, of_groups)
    ]
    earliest = Least(*both)
    changed = (
        assets.order_by()
        .annotate(due=earliest)
        .filter(
            Func(
                F("next_due_at"),
                F("due"),
                arg_joiner=" IS DISTINCT FROM ",
                template="(%(expressions)s)",
                output_field=BooleanField(),
            )
        )
    )
    return Asset.objects.filter(pk__in=changed.values("pk")).update(next_due_at=earliest)


def affected(schedules: Collection[int]) -> QuerySet[Asset]:
    """The assets whose next due date these schedules decide."""
    rows = MaintenanceSchedule.objects.filter(pk__in=schedules).order_by()
    members = AssetGroupMember.objects.filter(group__in=rows.values("group"))
    return Asset.objects.filter(
        Q(pk__in=rows.values("asset")) | Q(pk__in=members.order_by().values("asset"))
    )


def _served(schedule: Any) -> QuerySet[WorkOrder]:
    """The orders of a schedule that are no longer open, the latest occurrence first."""
    return (
        WorkOrder.objects.filter(schedule=schedule)
        .exclude(status__in=WorkOrder.OPEN)
        .order_by("-occurrence_at")
    )


def _safely_due(schedule: MaintenanceSchedule, served: datetime | None) -> datetime | None:
    """One that came past every check, with a rule nobody can follow, does not stop the others."""
    try:
        return calendar_due(schedule, served)
    except ValueError as error:
        log.warning("Schedule %s has no due date: %s", schedule.pk, error)
        return None


def calendar_due(schedule: MaintenanceSchedule, served: datetime | None) -> datetime | None:
    """The coming occurrence of its calendar, after `served` and the last completion."""
    calendar = schedule.calendar
    if calendar is None:
        return None
    done = schedule.last_completed_at or served
    if done is None:
        return calendar.first()
    return calendar.next_due(served=served or done, completed=done)
