"""What the schedules ask for before anything is made: labor by the week, parts by the month."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from decimal import Decimal
from typing import Any

from dateutil.relativedelta import relativedelta
from django.core.exceptions import ValidationError
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from assets.models import Asset, AssetGroupMember
from maintenance.dispatching.times import monday_of
from maintenance.models import JobPlanPart, MaintenanceSchedule, Part, WorkOrder
from maintenance.queries.capacity import capacity, mondays
from maintenance.scheduling import times_a_year
from maintenance.services.occurrences import Occurrence, upcoming
from opssight.accounts.models import Organization

MOST_MONTHS = 24
MOST_SCHEDULES = 2_000
MOST_OCCURRENCES = 20_000
_TOO_MANY = (
    "{} occurrences fit; a dry run shows at most {:,}. Choose fewer days, a site or an asset."
)
LONG_AGO = timedelta(days=3653)
"""How far back an overdue occurrence is looked for."""


class TooMuch(ValidationError):
    """The plan would be larger than one answer takes; the text says what to leave out."""


@dataclass(frozen=True, slots=True)
class Period:
    """Whole days of a time zone: from the first moment of `first` to the last one of `last`."""

    first: date
    last: date
    zone: tzinfo

    @property
    def start(self) -> datetime:
        return datetime.combine(self.first, time(), tzinfo=self.zone).astimezone(UTC)

    @property
    def end(self) -> datetime:
        return datetime.combine(self.last + timedelta(days=1), time(), tzinfo=self.zone).astimezone(
            UTC
        )


@dataclass(frozen=True, slots=True)
class Planned:
    """An occurrence with its schedule, and its order where it was made already.

    An overdue one is planned for today.
    """

    occurrence: Occurrence
    schedule: MaintenanceSchedule
    absorbed_by: MaintenanceSchedule | None
    planned_at: datetime
    work_order: WorkOrder | None

    @property
    def is_overdue(self) -> bool:
        return self.planned_at > self.occurrence.due_at


@dataclass(frozen=True, slots=True)
class Week:
    """An ISO week: labor that the schedules ask for, and what the technicians can give."""

    monday: date
    occurrences: int
    minutes: int
    capacity_minutes: int
    absent_minutes: int

    @property
    def name(self) -> str:
        return f"{self.monday:%G-W%V}"

    @property
    def hours(self) -> float:
        return round(self.minutes / 60, 1)

    @property
    def capacity_hours(self) -> float:
        return round(self.capacity_minutes / 60, 1)

    @property
    def load(self) -> int | None:
        """Percent of the capacity; None without capacity."""
        return round(100 * self.minutes / self.capacity_minutes) if self.capacity_minutes else None

    @property
    def is_overloaded(self) -> bool:
        return self.minutes > self.capacity_minutes


@dataclass(frozen=True, slots=True)
class Need:
    """A part, what is free of it now, and how many each month ("2026-03") takes."""

    part: Part
    free: Decimal
    months: dict[str, Decimal]

    @property
    def total(self) -> Decimal:
        return sum(self.months.values(), start=Decimal(0))

    @property
    def short(self) -> Decimal:
        """How many are missing at the end of the plan, if none is ordered."""
        return max(self.total - self.free, Decimal(0))

    @property
    def short_from(self) -> str | None:
        """The first month that stock does not cover."""
        left = self.free
        for month in sorted(self.months):
            left -= self.months[month]
            if left < 0:
                return month
        return None


@dataclass(frozen=True, slots=True)
class Plan:
    period: Period
    schedules: int
    rows: list[Planned]
    weeks: list[Week]
    parts: list[Need]

    @property
    def minutes(self) -> int:
        return sum(week.minutes for week in self.weeks)

    @property
    def absorbed(self) -> int:
        return sum(row.absorbed_by is not None for row in self.rows)


def period_of(
    *, organization: Organization, at: datetime, first: date | None = None, last: date | None = None
) -> Period:
    """The days that are planned: 12 months from today, where nothing else is said.

    Raises ValidationError with `from` or `to` for days in the wrong order, or too many.
    """
    today = at.astimezone(organization.zone).date()
    first = first or today
    if first < today:
        raise ValidationError({"from": "This day is past. A dry run begins today or later."})
    if first > today + relativedelta(months=MOST_MONTHS):
        raise ValidationError({"from": f"A dry run begins within {MOST_MONTHS} months from now."})
    last = last or first + relativedelta(months=12, days=-1)
    if last < first:
        raise ValidationError({"to": "The last day lies before the first. Choose a later one."})
    if last >= first + relativedelta(months=MOST_MONTHS):
        raise ValidationError(
            {"to": f"A dry run covers at most {MOST_MONTHS} months. Choose an earlier day."}
        )
    return Period(first, last, organization.zone)


def dry_run(
    *,
    organization: Organization,
    schedules: QuerySet[MaintenanceSchedule],
    period: Period,
    at: datetime,
) -> Plan:
    """What the active schedules of the organization will ask for in the period. Writes nothing.

    What is overdue is planned for today, where the period begins today. Work that a larger service
    includes takes neither time nor parts of its own. Raises TooMuch.
    """
    wanted = schedules.filter(organization=organization, is_active=True)
    wanted = wanted.exclude(asset__status=Asset.Status.RETIRED)
    known = _known(wanted)
    rows = _rows(wanted, known, period, at)
    weeks = list(mondays(period.start, period.end, period.zone))
    return Plan(
        period=period,
        schedules=len(known),
        rows=rows,
        weeks=_weeks(organization, rows, weeks, period.zone),
        parts=_parts(rows, period.zone),
    )


def _known(schedules: QuerySet[MaintenanceSchedule]) -> dict[int, MaintenanceSchedule]:
    related = schedules.select_related("asset__site", "technician__user", "job_plan", "included_in")
    in_service = ~Q(group__members__asset__status=Asset.Status.RETIRED)
    lead = AssetGroupMember.objects.filter(group=OuterRef("group"), asset=OuterRef("asset"))
    counted = related.annotate(
        members=Count("group__members", filter=in_service), leads_its_group=Exists(lead)
    )
    rows = list(counted.order_by("pk")[: MOST_SCHEDULES + 1])
    if len(rows) > MOST_SCHEDULES:
        raise TooMuch(
            f"More than {MOST_SCHEDULES:,} schedules fit. Choose a site, an asset or a schedule.",
            code="too_much",
        )
    return {row.pk: row for row in rows}


def _rows(
    schedules: QuerySet[MaintenanceSchedule],
    known: dict[int, MaintenanceSchedule],
    period: Period,
    at: datetime,
) -> list[Planned]:
    # Said before the work is done, too: 2,000 daily schedules would take minutes.
    expected = sum(_times_a_year(row) for row in known.values())
    if (expected := expected * (period.end - at).days / 365) > 2 * MOST_OCCURRENCES:
        raise TooMuch(_TOO_MANY.format(f"About {expected:,.0f}", MOST_OCCURRENCES), code="too_much")
    since = at - LONG_AGO if period.start <= at else period.start
    found = upcoming(schedules=schedules, start=since, end=period.end, at=at)
    if len(found) > MOST_OCCURRENCES:
        raise TooMuch(_TOO_MANY.format(f"{len(found):,}", MOST_OCCURRENCES), code="too_much")
    absorbing = {one.absorbed_by for one in found if one.absorbed_by} - known.keys()
    orders = _orders(known)
    larger = known | MaintenanceSchedule.objects.in_bulk(list(absorbing))
    return [
        Planned(
            occurrence=one,
            schedule=known[one.schedule],
            absorbed_by=larger.get(one.absorbed_by) if one.absorbed_by else None,
            planned_at=max(one.due_at, at) if period.start <= at else one.due_at,
            work_order=orders.get((one.schedule, one.due_at)),
        )
        for one in found
    ]


def _times_a_year(schedule: MaintenanceSchedule) -> float:
    if schedule.mode == MaintenanceSchedule.Mode.NONE:
        return 0.0
    return times_a_year(schedule.rule or schedule.interval)


def _orders(schedules: Collection[int]) -> dict[tuple[int | None, datetime | None], WorkOrder]:
    """The open order of each schedule, by schedule and occurrence."""
    rows = WorkOrder.objects.open().filter(schedule__in=schedules).order_by("pk")
    return {(row.schedule_id, row.occurrence_at): row for row in rows}


def _weeks(
    organization: Organization, rows: Sequence[Planned], weeks: Sequence[date], zone: tzinfo
) -> list[Week]:
    minutes: dict[date, int] = defaultdict(int)
    counts: dict[date, int] = defaultdict(int)
    for row in rows:
        if row.absorbed_by is None:
            monday = monday_of(row.planned_at, zone)
            minutes[monday] += row.occurrence.minutes
            counts[monday] += 1
    return [
        Week(one.monday, counts[one.monday], minutes[one.monday], one.minutes, one.absent_minutes)
        for one in capacity(organization_id=organization.pk, weeks=weeks, zone=zone)
    ]


def _parts(rows: Sequence[Planned], zone: tzinfo) -> list[Need]:
    """Of each part: the plan's amount, for each asset that the order serves, by month.

    An order that was made already has its parts kept for it, which are not free any more.
    """
    plans = {row.schedule.job_plan_id for row in rows} - {None}
    needs: dict[int, list[tuple[int, Decimal]]] = defaultdict(list)
    planned = JobPlanPart.objects.filter(job_plan__in=plans).order_by("part")
    for plan, part, quantity in planned.values_list("job_plan", "part", "quantity"):
        needs[plan].append((part, quantity))
    months: dict[int, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for row in rows:
        taken = row.absorbed_by is not None or row.work_order is not None
        if taken or row.schedule.job_plan_id is None:
            continue
        month = f"{row.planned_at.astimezone(zone):%Y-%m}"
        assets = _assets_of(row.schedule)
        for part, quantity in needs.get(row.schedule.job_plan_id, ()):
            months[part][month] += quantity * assets
    found: Any = Part.objects.filter(pk__in=list(months)).with_free().order_by("number", "pk")
    return [Need(part, part.free, dict(months[part.pk])) for part in found]


def _assets_of(schedule: MaintenanceSchedule) -> int:
    """How many assets its order serves: those of the group, and the one that leads."""
    members: int = getattr(schedule, "members", 0)
    return members + (not getattr(schedule, "leads_its_group", False))
