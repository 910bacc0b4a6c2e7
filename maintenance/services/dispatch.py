"""Orders given to people and moved in time, many at once. What cannot be done is said per order.

The caller has asked whether the person may plan these orders.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from django.db import transaction

from maintenance.dispatching.times import Span, end_of
from maintenance.models import Technician, WorkOrder
from maintenance.queries.availability import roster_of
from maintenance.queries.reach import Reach, reach_of
from maintenance.services.batches import Batch, Outcome, Refused, locked, state_of
from opssight.accounts.models import User

__all__ = ["Assignment", "Outcome", "assign", "assign_each", "is_begun", "reschedule", "state_of"]
Status = WorkOrder.Status

MOST = 100
"""Orders of one request."""
MOST_DAYS = 366
"""Farther than a year an order is not moved by a number of days."""
FARTHEST = timedelta(days=3653)
LONGEST = timedelta(days=366)
LOOK_AHEAD = timedelta(days=28)
"""Work that its technician's shifts of so many days cannot hold is planned without rests."""

BEGUN = "Work on it was begun. Give it to another technician instead of nobody."
BEGUN_TIME = "Work on it was begun: its planned time stays as it is."
INACTIVE = "{name} is not active. Choose another technician, or activate this one first."
ELSEWHERE = "The technician belongs to another organization."
NO_ROLE = "{name} may not execute work orders. Choose another, or ask an admin for a role that may."
OUT_OF_REACH = "{tag} is not in the part of the plant that {name} works on. Choose another."
END_FIRST = "Plan an end after the start."
TOO_FAR = "The planned time is more than ten years away. Check the year."
TOO_LONG = "Plan an end within a year of the start. Check the year."
NO_START = "Give the planned start together with the planned end."


@dataclass(frozen=True, slots=True)
class Assignment:
    """One order for one technician (None: for nobody); without a start it keeps its time.

    state: `state_of` the order when this was thought out; empty: as `order` is.
    """

    order: WorkOrder
    technician: Technician | None
    planned_start: datetime | None = None
    planned_end: datetime | None = None
    state: str = ""


def assign(
    *,
    orders: Sequence[WorkOrder],
    technician: Technician | None,
    by: User,
    at: datetime,
    planned_start: datetime | None = None,
    planned_end: datetime | None = None,
) -> list[Outcome]:
    """Give the orders to one technician, or to nobody; see `assign_each`."""
    wanted = [Assignment(one, technician, planned_start, planned_end) for one in orders]
    return assign_each(assignments=wanted, by=by, at=at)


@transaction.atomic
def assign_each(*, assignments: Sequence[Assignment], by: User, at: datetime) -> list[Outcome]:
    """Give each order to its technician; the outcomes stand in the order of the assignments.

    An approved order becomes scheduled; a scheduled one that is given to nobody, approved, and its
    planned time is emptied. A planned start without an end gets the length that was planned before,
    or the estimated labor within the technician's shifts. Refused, each for itself: what is not
    open, was changed meanwhile, or was begun (for nobody, or for another time), and technicians who
    are not active or may not work on the asset. Each technician is told once.
    """
    rows = locked(one.order for one in assignments)
    people = {one.technician.pk: one.technician for one in assignments if one.technician}
    reach = reach_of(
        technicians=list(people.values()), assets={row.asset_id for row in rows.values()}
    )
    starts = [
        (one.technician.pk, one.planned_start, rows[one.order.pk].organization.zone)
        for one in assignments
        if one.technician and one.planned_start and not one.planned_end and one.order.pk in rows
    ]
    working = _working(starts, at)
    batch = Batch(by, at, rows)
    for one in assignments:

        def change(order: WorkOrder, one: Assignment = one) -> None:
            _give(order, one.technician, batch, reach)
            _plan(order, one.planned_start, one.planned_end, working, at)

        batch.try_one(one.order, one.state, change)
    return batch.write()


@transaction.atomic
def reschedule(
    *,
    orders: Sequence[WorkOrder],
    by: User,
    at: datetime,
    due_at: datetime | None = None,
    planned_start: datetime | None = None,
    shift_days: int | None = None,
) -> list[Outcome]:
    """Move the orders in time; what is None stays.

    shift_days moves the due date and the planned time by days, at the same time of day on the
    organization's clock. planned_start keeps the planned length, else the end follows from the
    estimated labor; an approved order with a technician becomes scheduled. Refused, each for
    itself, as in `assign_each`; of work that was begun only the due date moves.
    """
    rows = locked(orders)
    starts = [
        (row.technician_id, planned_start, row.organization.zone)
        for row in rows.values()
        if planned_start and row.technician_id
    ]
    working = _working(starts, at)
    batch = Batch(by, at, rows)

    def change(order: WorkOrder) -> None:
        if shift_days:
            _shift(order, shift_days)
        if due_at is not None:
            order.due_at = due_at
        if planned_start is not None:
            _plan(order, planned_start, None, working, at)
            if order.status == Status.APPROVED and order.technician is not None:
                batch.step(order, Status.SCHEDULED)

    for one in orders:
        batch.try_one(one, "", change)
    return batch.write()


def is_begun(order: WorkOrder) -> bool:
    """Whether its planned time is over, and only another technician can take it over."""
    return order.started_at is not None or order.status == Status.IN_PROGRESS


def _give(
    order: WorkOrder, technician: Technician | None, batch: Batch, reach: dict[int, Reach]
) -> None:
    if technician is None:
        if is_begun(order):
            raise Refused(BEGUN)
        order.technician = None
        if order.status == Status.SCHEDULED:
            batch.step(order, Status.APPROVED)
        return
    if technician.pk != order.technician_id:
        _refuse_person(order, technician, reach[technician.pk])
        order.technician = technician
    if order.status == Status.APPROVED:
        batch.step(order, Status.SCHEDULED)


def _refuse_person(order: WorkOrder, technician: Technician, reach: Reach) -> None:
    if technician.organization_id != order.organization_id:
        raise Refused(ELSEWHERE)
    if not technician.is_active:
        raise Refused(INACTIVE.format(name=technician))
    if not reach.may_execute:
        raise Refused(NO_ROLE.format(name=technician))
    if not reach.covers([order.asset_id]):
        raise Refused(OUT_OF_REACH.format(tag=order.asset.tag, name=technician))


def _plan(
    order: WorkOrder,
    start: datetime | None,
    end: datetime | None,
    working: dict[tuple[int, datetime], list[Span]],
    at: datetime,
) -> None:
    if start is None:
        if end is not None:
            raise Refused(NO_START)
        return
    _refuse_time(order, start, end, at)
    # Lengths are of real time, also when the clock changes in between.
    start, end = start.astimezone(UTC), end and end.astimezone(UTC)
    if end is None and order.planned_start and order.planned_end:
        end = start + (order.planned_end - order.planned_start)
    if end is None:
        spans = working.get((order.technician_id or 0, start), [])
        end = end_of(start, order.estimated_minutes, spans)
    order.planned_start, order.planned_end = start, end


def _refuse_time(order: WorkOrder, start: datetime, end: datetime | None, at: datetime) -> None:
    if is_begun(order):
        raise Refused(BEGUN_TIME)
    if abs(start - at) > FARTHEST:
        raise Refused(TOO_FAR)
    if end is not None and end - start > LONGEST:
        raise Refused(TOO_LONG)
    if end is not None and end <= start:
        raise Refused(END_FIRST)


def _shift(order: WorkOrder, days: int) -> None:
    """By days on the wall clock; the planned length stays, also when the clock changes."""
    zone = order.organization.zone
    order.due_at = _shifted(order.due_at, days, zone)
    if order.planned_start is None or is_begun(order):
        return
    start = _shifted(order.planned_start, days, zone)
    if order.planned_end is not None:
        order.planned_end = start + (order.planned_end - order.planned_start)
    order.planned_start = start


def _shifted(moment: datetime, days: int, zone: tzinfo) -> datetime:
    return (moment.astimezone(zone) + timedelta(days=days)).astimezone(UTC)


def _working(
    starts: Iterable[tuple[int, datetime, tzinfo]], at: datetime
) -> dict[tuple[int, datetime], list[Span]]:
    """Working time of each technician from each moment on for `LOOK_AHEAD`; two queries."""
    rows = [row for row in starts if abs(row[1] - at) <= FARTHEST]
    if not rows:
        return {}
    people = sorted({pk for pk, _, _ in rows})
    begins = [start for _, start, _ in rows]
    roster = roster_of(people, min(begins), max(begins) + LOOK_AHEAD)
    return {
        (pk, start): roster.working(pk, start, start + LOOK_AHEAD, zone) for pk, start, zone in rows
    }
