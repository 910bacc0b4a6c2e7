"""What orders and history say about maintenance: dated amounts, ready to be summed in windows.

An order counts once, on its leading asset; a record of history on the asset that it is of.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from assets.reliability.spans import Floats
from assets.reliability.windows import Windows, levels, sums, window_of

CORRECTIVE = frozenset({"corrective", "emergency"})
REWORK_WITHIN = timedelta(days=30)
BACKLOG = frozenset({"approved", "scheduled", "waiting"})
_LEVELS = ("backlog_minutes", "backlog_orders")


@dataclass(frozen=True, slots=True)
class Record:
    """What was done to one asset. Minutes of labor, of all people."""

    kind: str
    failure_mode: str
    start: datetime
    end: datetime
    labor_minutes: float

    @property
    def repair_minutes(self) -> float:
        """From start to completion; one that was reported in one step is as long as its labor."""
        return (self.end - self.start).total_seconds() / 60 or self.labor_minutes


@dataclass(frozen=True, slots=True)
class Order:
    """An order as planned. planned: the day that it was put on, None when on none."""

    kind: str
    status: str
    planned: datetime | None
    due: datetime
    grace_days: int
    created: datetime
    started: datetime | None
    completed: datetime | None
    cancelled: datetime | None
    estimated_minutes: float

    def is_late_after(self, zone: ZoneInfo) -> datetime:
        """The end of the last local day on which it is done on time."""
        last = self.due.astimezone(zone).date() + timedelta(days=self.grace_days)
        return window_of("day", last, zone)[1]

    def week(self, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        """The local week that it was planned for."""
        if self.planned is None:
            return None
        return window_of("week", self.planned.astimezone(zone).date(), zone)


@dataclass(frozen=True, slots=True)
class Fact:
    """So much of something at a moment."""

    name: str
    at: datetime
    amount: float = 1.0


def facts(
    records: Sequence[Record], orders: Iterable[Order], *, zone: ZoneInfo, at: datetime
) -> list[Fact]:
    """All facts of one asset; days and weeks are those of its site."""
    found = [*_of_history(records), *_rework(records)]
    for order in orders:
        found += _backlog(order)
        if order.status != "cancelled":
            found += _compliance(order, zone, at)
    return found


def judged(order: Order, zone: ZoneInfo, *, after: datetime, at: datetime) -> list[datetime]:
    """Since when figures change because it was judged in (after, at]; empty when it was not."""
    moments = [order.due] if order.planned is None else [order.due, order.planned]
    if order.completed is not None or order.status == "cancelled":
        return moments
    found = []
    if after < order.is_late_after(zone) <= at:
        found.append(order.due)
    if order.planned is not None and (week := order.week(zone)) and after < week[1] <= at:
        found.append(order.planned)
    return found


def measure(found: Iterable[Fact], windows: Windows) -> dict[str, Floats]:
    """The facts by name, summed in each window; the backlog as it stood at its end."""
    by_name: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for fact in found:
        by_name[fact.name].append((fact.at.timestamp(), fact.amount))
    standing = {name: rows for name, rows in by_name.items() if name in _LEVELS}
    flowing = {name: rows for name, rows in by_name.items() if name not in _LEVELS}
    return {**sums(flowing, windows), **levels(standing, windows)}


def _of_history(records: Iterable[Record]) -> Iterable[Fact]:
    for record in records:
        kind = "corrective" if record.kind in CORRECTIVE else "preventive"
        yield Fact(f"{kind}_minutes", record.end, record.labor_minutes)
        yield Fact(f"{kind}_orders", record.end)
        if kind == "corrective" and record.repair_minutes > 0:
            yield Fact("repair_minutes", record.end, record.repair_minutes)
            yield Fact("repairs", record.end)


def _rework(records: Sequence[Record]) -> Iterable[Fact]:
    """Corrective work begun within 30 days after work on the same failure mode was completed."""
    completed: dict[str, list[datetime]] = defaultdict(list)
    for record in records:
        if record.failure_mode:
            completed[record.failure_mode].append(record.end)
    for record in records:
        before = completed.get(record.failure_mode, [])
        if record.kind in CORRECTIVE and any(
            timedelta(0) < record.start - end <= REWORK_WITHIN for end in before
        ):
            yield Fact("rework_minutes", record.end, record.labor_minutes)
            yield Fact("rework_orders", record.end)


def _compliance(order: Order, zone: ZoneInfo, at: datetime) -> Iterable[Fact]:
    """Whether it was done in the week it was planned for, and, if preventive, when it was due.

    What can still be done in time is not judged yet.
    """
    if order.planned is not None and (week := order.week(zone)):
        done = order.completed is not None and week[0] <= order.completed < week[1]
        if done or week[1] <= at:
            yield Fact("scheduled", order.planned)
            yield Fact("performed_as_scheduled", order.planned, float(done))
    if order.kind not in CORRECTIVE:
        until = order.is_late_after(zone)
        on_time = order.completed is not None and order.completed < until
        if on_time or until <= at:
            yield Fact("due", order.due)
            yield Fact("on_time", order.due, float(on_time))


def _backlog(order: Order) -> Iterable[Fact]:
    """Planned and ready, from its creation until it is begun, done or cancelled."""
    left = order.started or order.completed or order.cancelled
    if left is None and order.status not in BACKLOG:
        return
    for at, sign in ((order.created, 1.0), (left, -1.0)):
        if at is not None:
            yield Fact("backlog_minutes", at, sign * order.estimated_minutes)
            yield Fact("backlog_orders", at, sign)
