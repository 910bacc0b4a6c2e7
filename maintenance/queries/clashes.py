"""What speaks against a plan that was made all the same: it is said, and nothing is refused."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta

from maintenance.dispatching.ranking import lacking
from maintenance.dispatching.times import Span, is_free
from maintenance.dispatching.words import moment
from maintenance.models import Technician, WorkOrder
from maintenance.queries.availability import roster_of
from maintenance.queries.planned import planned_in, span_of

MOST_NAMED = 3
LONGEST = timedelta(days=366)
"""Nobody is asked whether they are at work for longer."""


def clashes_of(*, orders: Sequence[WorkOrder]) -> dict[int, list[str]]:
    """By order: skills that its technician lacks, and what hinders its planned time, in words.

    The orders come with their technician's user and their organization. Three queries at most for
    those that are planned, none for the others.
    """
    found: dict[int, list[str]] = defaultdict(list)
    planned: list[tuple[WorkOrder, Technician, Span]] = []
    for order in orders:
        if order.technician is None:
            continue
        if lacks := lacking(order.skills, order.technician.skills):
            found[order.pk].append(f"{order.technician} lacks {', '.join(lacks)}.")
        if (span := span_of(order)) is not None:
            planned.append((order, order.technician, span))
    # Each organization has its own clock.
    for organization in {order.organization_id for order, _, _ in planned}:
        _in_time([row for row in planned if row[0].organization_id == organization], found)
    return found


def _in_time(
    planned: Sequence[tuple[WorkOrder, Technician, Span]], found: dict[int, list[str]]
) -> None:
    zone = planned[0][0].organization.zone
    people = sorted({one.pk for _, one, _ in planned})
    start = min(begin for _, _, (begin, _) in planned)
    end = max(stop for _, _, (_, stop) in planned)
    roster = roster_of(people, start, end)
    booked = planned_in(WorkOrder.objects.open().filter(technician__in=people), start, end)
    rows = list(booked.only("number", "technician_id", "planned_start"))
    for order, one, (begin, stop) in planned:
        texts = found[order.pk]
        working = roster.working(one.pk, begin, min(stop, begin + LONGEST), zone)
        if not is_free((begin, stop), [working]):
            texts.append(f"{one} is not at work in all of that time.")
        others = [
            row.number
            for row in rows
            if row.technician_id == one.pk
            and row.pk != order.pk
            and row.planned_start < stop
            and row.planned_until > begin
        ]
        if others:
            more = f" and {len(others) - MOST_NAMED} more" if len(others) > MOST_NAMED else ""
            names = ", ".join(sorted(others)[:MOST_NAMED])
            texts.append(f"{one} has {names}{more} at the same time.")
        if stop > order.due_at:
            texts.append(f"It is due before that, {moment(order.due_at, zone)}.")
