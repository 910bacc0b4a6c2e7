"""How late schedules are, and how often their work was done in time."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import (
    Case,
    F,
    FloatField,
    Func,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Extract, Greatest, NullIf

from assets.models import Asset
from maintenance.models import MaintenanceSchedule, MeterTrigger, WorkOrder
from maintenance.queries.absorbed import without_absorbed
from opssight.accounts.models import Organization, User
from opssight.accounts.permissions import Permission

DAYS = {"days": 1.0, "weeks": 7.0, "months": 30.4375, "years": 365.25}
FREQUENCIES = {"DAILY": 1.0, "WEEKLY": 7.0, "MONTHLY": 30.4375, "YEARLY": 365.25}
NUMBER = FloatField()
ON_TIME_GOAL = 90
"""Percent of due work that is done in time, at least (SMRP 5.4.14)."""


class SubstringMatch(Func):
    """substring(text from pattern): the part that the parentheses of a pattern match."""

    function = "SUBSTRING"
    template = "%(function)s(%(expressions)s)"
    arg_joiner = " FROM "


def overdue(
    schedules: "QuerySet[MaintenanceSchedule]", *, at: datetime
) -> "QuerySet[MaintenanceSchedule]":
    """Those whose own work is late: they are active, and no larger service does it with its own."""
    late = schedules.filter(is_active=True, next_due_at__lt=at)
    return without_absorbed(late.exclude(asset__status=Asset.Status.RETIRED, group=None))


def with_lateness(schedules: "QuerySet[MaintenanceSchedule]", *, at: datetime) -> "QuerySet[Any]":
    """With `cycle_days`, `days_late` (0: not yet due) and `smcp` of each.

    SMCP (Fiix) is (days late + cycle) ÷ cycle × 100: what is a day late on a weekly cycle comes
    before what is a day late on a yearly one. The cycle of a rule is its frequency times its
    interval; that of a schedule without a calendar is the shortest of its meters at recent use,
    and unknown without one: then there is no SMCP.
    """
    late = Cast(Extract(Value(at) - F("next_due_at"), "epoch"), NUMBER) / 86_400.0
    return schedules.annotate(
        cycle_days=_cycle(), days_late=Coalesce(Greatest(late, 0.0), 0.0, output_field=NUMBER)
    ).annotate(smcp=(F("days_late") + F("cycle_days")) / F("cycle_days") * 100.0)


def with_due_interval(schedules: "QuerySet[Any]") -> "QuerySet[Any]":
    """With `due_earliest` and `due_latest`, where a meter makes the next due date: 80 % lies in
    between; null where that is not known.
    """
    meters = MeterTrigger.objects.filter(
        schedule=OuterRef("pk"), due_at=OuterRef("next_due_at"), earliest_at__isnull=False
    ).order_by("pk")
    rows: QuerySet[Any] = schedules.annotate(
        due_earliest=Subquery(meters.values("earliest_at")[:1]),
        due_latest=Subquery(meters.values("latest_at")[:1]),
    )
    return rows


def _cycle() -> Case:
    interval = Cast(SubstringMatch(F("rule"), Value(r"(?i)INTERVAL=(\d+)")), IntegerField())
    step = Coalesce(Cast(interval, NUMBER), 1.0)
    meters = (
        MeterTrigger.objects.filter(schedule=OuterRef("pk"))
        .order_by()
        .values("schedule")
        .annotate(days=Min(F("every") / NullIf(F("daily_use"), 0.0)))
        .values("days")
    )
    rules = [
        When(rule__icontains=f"FREQ={name}", then=step * days) for name, days in FREQUENCIES.items()
    ]
    units = [When(unit=unit, then=Cast(F("every"), NUMBER) * days) for unit, days in DAYS.items()]
    return Case(
        When(mode=MaintenanceSchedule.Mode.NONE, then=Subquery(meters, output_field=NUMBER)),
        *rules,
        *units,
        output_field=NUMBER,
    )


@dataclass(frozen=True, slots=True)
class Compliance:
    """How many occurrences whose time is over were done within due date and grace."""

    due: int = 0
    on_time: int = 0

    @property
    def percent(self) -> int | None:
        """None: insufficient data, nothing was due yet."""
        return round(100 * self.on_time / self.due) if self.due else None

    @property
    def is_good(self) -> bool:
        return self.percent is not None and self.percent >= ON_TIME_GOAL


def compliance(
    schedules: Sequence[MaintenanceSchedule], *, at: datetime, since: datetime | None = None
) -> dict[int, Compliance]:
    """PM compliance (SMRP 5.4.14) of each schedule, by id: done in time ÷ due. One query.

    An occurrence counts once it is done, or once its due date and grace are over. It was in time
    when its order was completed by then; the order's own due date, which a planner may move, does
    not matter, and a cancelled order counts as not done. `since` leaves out older due dates.
    """
    grace = {row.pk: timedelta(days=row.grace_days) for row in schedules}
    rows = WorkOrder.objects.filter(schedule__in=list(grace), occurrence_at__isnull=False)
    rows = rows.filter(Q(occurrence_at__gte=since) if since else Q()).order_by()
    counts: dict[int, list[bool]] = defaultdict(list)
    found: Any = rows.values_list("schedule", "occurrence_at", "completed_at")
    for pk, occurrence_at, completed_at in found:
        limit = occurrence_at + grace[pk]
        if completed_at is not None or limit < at:
            counts[pk].append(completed_at is not None and completed_at <= limit)
    return {pk: Compliance(len(counts[pk]), sum(counts[pk])) for pk in grace}


def open_orders(schedules: Collection[int]) -> dict[int, WorkOrder]:
    """The open order of each schedule, by its id; one query."""
    rows = WorkOrder.objects.open().filter(schedule__in=list(schedules)).order_by("pk")
    return {row.schedule_id: row for row in rows if row.schedule_id is not None}


def organization_for(
    *, user: User, schedules: "QuerySet[MaintenanceSchedule]", asked: int | None, is_cut: bool
) -> Organization:
    """Whose plan is looked at: one's technicians and parts do not serve another.

    That which is `asked` for; or that of the `schedules`, where a site, an asset or a schedule was
    chosen; or else the user's oldest. Raises ValidationError with `organization`.
    """
    mine = Organization.objects.filter(pk__in=user.organizations_with(Permission.VIEW))
    if asked is not None:
        found = mine.filter(pk=asked).first()
    else:
        cut = schedules.order_by("pk").values("organization")[:1] if is_cut else None
        found = mine.filter(pk__in=cut).first() if cut is not None else None
        found = found or user.organization_with(Permission.VIEW)
    if found is None:
        text = "You plan for no such organization. Leave it out, or choose one of your own."
        raise ValidationError({"organization": text})
    return found
