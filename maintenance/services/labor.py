"""Time of technicians on orders: how it is written down, and how timers end.

What begins an order when time is recorded on it is in `timesheets`; this module knows no
transitions, so that they can call it.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import DecimalField, F, QuerySet
from django.db.models.functions import Round
from django.utils import timezone

from maintenance.models import MOST_MINUTES, LaborEntry, Technician, WorkOrder

LONGEST_TIMER = timedelta(hours=16)
"""A timer that ran longer was forgotten: it does not say how long the work took."""


class LaborRefused(Exception):
    """Time that cannot be recorded. The text says why and what to do; `field` is at fault."""

    def __init__(self, text: str, *, field: str = "minutes") -> None:
        super().__init__(text)
        self.field = field


@transaction.atomic
def log(
    *,
    work_order: WorkOrder,
    technician: Technician,
    minutes: int,
    at: datetime,
    started_at: datetime | None = None,
    note: str = "",
) -> LaborEntry:
    """Write down minutes, which end now unless a start is given; they cost what an hour costs now.

    The caller holds the order and knows that it takes time. Raises LaborRefused.
    """
    if not 1 <= minutes <= MOST_MINUTES:
        raise LaborRefused(f"Give 1 to {MOST_MINUTES:,} minutes.")
    if started_at is not None and started_at > at:
        raise LaborRefused("The work cannot start in the future.", field="started_at")
    return LaborEntry.objects.create(
        organization_id=work_order.organization_id,
        asset_id=work_order.asset_id,
        work_order=work_order,
        technician=technician,
        started_at=started_at or at - timedelta(minutes=minutes),
        minutes=minutes,
        hourly_cost=technician.hourly_cost,
        note=note,
    )


@transaction.atomic
def stop(*, entry: LaborEntry, at: datetime, minutes: int | None = None) -> LaborEntry:
    """End a timer: with the minutes that it measured, or with fewer that are typed.

    Raises LaborRefused when it was stopped before, and when it ran for longer than
    `LONGEST_TIMER` and no minutes are given.
    """
    entry = (
        LaborEntry.objects.select_for_update(of=("self",), no_key=True)
        .select_related("technician__user", "work_order")
        .get(pk=entry.pk)
    )
    if entry.minutes is not None:
        raise LaborRefused("This timer was stopped before. Change its minutes instead.")
    measured = measured_minutes(entry, at)
    if minutes is None:
        if is_forgotten(entry, at):
            raise LaborRefused(forgotten_text(entry))
        minutes = measured
    elif not 1 <= minutes <= measured:
        raise LaborRefused(f"The timer ran for {measured:,} minutes. Give 1 to {measured:,}.")
    entry.minutes = minutes
    entry.save(update_fields=["minutes"])
    return entry


@transaction.atomic
def stop_timers(*, work_order: WorkOrder, at: datetime) -> list[LaborEntry]:
    """End all timers of an order that waits or is done. Raises LaborRefused for a forgotten one."""
    running = work_order.labor.filter(minutes=None).order_by("pk")
    return [stop(entry=entry, at=at) for entry in running]


def forgotten(*, work_order: WorkOrder, at: datetime) -> list[LaborEntry]:
    """Timers of the order that ran too long to be true; minutes must be typed for each."""
    rows = work_order.labor.filter(minutes=None, started_at__lt=at - LONGEST_TIMER)
    return list(rows.select_related("technician__user", "work_order"))


def forgotten_text(entry: LaborEntry) -> str:
    since = timezone.localtime(entry.started_at)
    return (
        f"The timer of {entry.technician} on {entry.work_order.number} has run since"
        f" {since:%B} {since.day}, {since:%H:%M}. Type how many minutes the work took."
    )


def is_forgotten(entry: LaborEntry, at: datetime) -> bool:
    return entry.minutes is None and at - entry.started_at > LONGEST_TIMER


def measured_minutes(entry: LaborEntry, at: datetime) -> int:
    """Since the timer's start: rounded, and at least 1."""
    seconds = (at - entry.started_at).total_seconds()
    return min(MOST_MINUTES, max(1, round(seconds / 60)))


def with_cost(rows: QuerySet[LaborEntry]) -> Any:
    """Each entry with its `cost`, to the cent; empty while its timer runs."""
    return rows.annotate(
        cost=Round(
            F("minutes") * F("hourly_cost") / 60,
            precision=2,
            output_field=DecimalField(max_digits=14, decimal_places=2),
        )
    )
