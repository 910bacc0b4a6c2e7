"""The plan of the coming days in the demo plant: who does what when."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from maintenance.dispatching.times import QUARTER, Span, next_quarter
from maintenance.models import WorkOrder, WorkOrderTransition
from maintenance.queries.availability import without, working_spans
from maintenance.queries.planned import planned_in
from opssight.accounts.models import Organization
from opssight.demo.people import People

_HORIZON = timedelta(days=12)
_BREAK = timedelta(minutes=15)
# Work is planned for the last days before it is due.
_AHEAD = timedelta(days=2)
_REVIEW = timedelta(days=3)
# Every so many orders one is left for the planner to place.
_LEFT = 6


def plan_days(*, organization: Organization, people: People, at: datetime) -> None:
    """Give each scheduled order hours near its due date, in the working time of its technician."""
    open_orders = WorkOrder.objects.filter(organization=organization).open()
    free = _free(organization, people, at)
    waiting = open_orders.filter(status=WorkOrder.Status.SCHEDULED, planned_start=None)
    placed = []
    for number, order in enumerate(waiting.order_by("due_at", "pk"), start=1):
        length = max(QUARTER, timedelta(minutes=order.estimated_minutes))
        spans = free.get(order.technician_id or 0, [])
        if number % _LEFT and (slot := _take(spans, length, order.due_at - _AHEAD)):
            order.planned_start, order.planned_end = slot
            placed.append(order)
    WorkOrder.objects.bulk_update(placed, ["planned_start", "planned_end"])


def _free(organization: Organization, people: People, at: datetime) -> dict[int, list[Span]]:
    """By id of the technician: the shifts from `at` on, less absences and what is planned."""
    technicians = [technician.pk for _, technician in people.technicians]
    end = at + _HORIZON
    spans = working_spans(technicians=technicians, start=at, end=end, zone=organization.zone)
    busy: dict[int, list[Span]] = {pk: [] for pk in technicians}
    planned = planned_in(WorkOrder.objects.open().filter(technician__in=technicians), at, end)
    for order in planned:
        busy[order.technician_id].append((order.planned_start, order.planned_until))
    return {pk: without(spans[pk], busy[pk]) for pk in technicians}


def _take(free: list[Span], length: timedelta, not_before: datetime) -> Span | None:
    """The first time from then on that is long enough, taken out of what is free."""
    for place, (begin, end) in enumerate(free):
        start = next_quarter(max(begin, not_before))
        if end - start >= length:
            free[place : place + 1] = [(begin, start), (start + length + _BREAK, end)]
            return start, start + length
    return None


def close_reviewed(*, organization: Organization, people: People, at: datetime) -> None:
    """The planner has looked at what was completed some days ago."""
    done = WorkOrder.objects.filter(
        organization=organization,
        status=WorkOrder.Status.COMPLETED,
        completed_at__lt=at - _REVIEW,
    )
    WorkOrderTransition.objects.bulk_create(_closings(list(done.order_by("pk")), people))
    done.update(status=WorkOrder.Status.CLOSED)


def _closings(orders: list[WorkOrder], people: People) -> Iterator[WorkOrderTransition]:
    for order in orders:
        if order.completed_at is not None:
            yield WorkOrderTransition(
                organization_id=order.organization_id,
                asset_id=order.asset_id,
                work_order=order,
                from_status=WorkOrder.Status.COMPLETED,
                to_status=WorkOrder.Status.CLOSED,
                at=order.completed_at + _REVIEW,
                by=people.planner,
            )
