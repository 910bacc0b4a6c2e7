"""Orders as a calendar takes them: when they are planned, or else due."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from maintenance.dispatching.times import Span
from maintenance.models import WorkOrder
from maintenance.queries.planned import with_until
from maintenance.queries.wanted import URGENT_FIRST


class Kind(StrEnum):
    """Why an order stands on a day."""

    PLANNED = "planned"
    DUE = "due"
    LATE = "late"


class Entry(NamedTuple):
    """An order on the calendar.

    span: its planned time, else the moment it is due, twice. LATE is what is open from before the
    days that are shown; it stands on today. is_elsewhere: planned in a part of the plant that
    whoever looks does not see; its hours are booked, and nothing of it is shown.
    """

    order: int
    technician: int | None
    kind: Kind
    span: Span
    minutes: int
    rank: int
    is_open: bool
    is_elsewhere: bool = False

    @property
    def key(self) -> tuple[bool, float, float, int]:
        """To sort by: planned work by its begin, then the rest by urgency and date."""
        when = self.span[0].timestamp()
        if self.kind == Kind.PLANNED:
            return False, when, self.rank, self.order
        return True, self.rank, when, self.order


@dataclass(frozen=True, slots=True)
class Ghost:
    """Work that a schedule will call for, and for which there is no order yet."""

    schedule: int
    technician: int | None
    due_at: datetime
    minutes: int
    projected: bool


_COLUMNS = (
    "pk",
    "technician_id",
    "planned_start",
    "planned_until",
    "due_at",
    "estimated_minutes",
    "priority",
    "status",
)
_RANKS = {str(name): rank for rank, name in enumerate(URGENT_FIRST)}


def entries_of(
    rows: QuerySet[WorkOrder], *, start: datetime, end: datetime, with_late: bool
) -> list[Entry]:
    """What of the orders stands in [start, end), in one query.

    Planned work, done or not; open work that is not planned and falls due; with_late: what is open
    from before, too.
    """
    is_open = Q(status__in=WorkOrder.OPEN)
    planned = Q(planned_start__lt=end, planned_until__gt=start)
    asked = (planned & ~Q(status=WorkOrder.Status.CANCELLED)) | (
        is_open & Q(planned_start=None, due_at__gte=start, due_at__lt=end)
    )
    if with_late:
        asked |= is_open & (Q(planned_until__lte=start) | Q(planned_start=None, due_at__lt=start))
    found = with_until(rows).filter(asked).order_by().values_list(*_COLUMNS)
    return [_entry(start, *row) for row in found.iterator()]


def _entry(
    first: datetime,
    pk: int,
    technician: int | None,
    begin: datetime | None,
    until: datetime | None,
    due: datetime,
    minutes: int,
    priority: str,
    status: Any,
) -> Entry:
    if begin is None or until is None:
        span, kind = (due, due), Kind.LATE if due < first else Kind.DUE
    else:
        span, kind = (begin, until), Kind.LATE if until <= first else Kind.PLANNED
    return Entry(pk, technician, kind, span, minutes, _RANKS[priority], status in WorkOrder.OPEN)
