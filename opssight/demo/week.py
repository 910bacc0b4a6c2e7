"""The plan of the coming days in the demo plant: who does what when."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from maintenance.models import WorkOrder, WorkOrderTransition
from maintenance.queries.availability import Span, working_spans
from opssight.accounts.models import Organization
from opssight.demo.people import People

_HORIZON = timedelta(days=12)
_BREAK = timedelta(minutes=15)
_REVIEW = timedelta(days=3)
_STEP = timedelta(minutes=15)
# Every so many orders one is left for the planner to place.
_LEFT = 6


def plan_days(*, organization: Organization, people: People, at: datetime) -> None:
    """Give each scheduled order its hours, in the working time of its technician, by due date."""
    technicians = [technician.pk for _, technician in people.technicians]
    zone = ZoneInfo(organization.timezone)
    spans = working_spans(technicians=technicians, start=at, end=at + _HORIZON, zone=zone)
    free = {pk: list(mine) for pk, mine in spans.items()}
    orders = WorkOrder.objects.filter(
        organization=organization, status=WorkOrder.Status.SCHEDULED, planned_start=None
    )
    placed = []
    for number, order in enumerate(orders.order_by("due_at", "pk"), start=1):
        length = max(_STEP, timedelta(minutes=order.estimated_minutes))
        if number % _LEFT and (slot := _take(free.get(order.technician_id or 0, []), length)):
            order.planned_start, order.planned_end = slot
            placed.append(order)
    WorkOrder.objects.bulk_update(placed, ["planned_start", "planned_end"])


def _take(free: list[Span], length: timedelta) -> Span | None:
    """The first time that is long enough, taken out of what is free; None: there is none."""
    for place, (begin, end) in enumerate(free):
        start = _next_quarter(begin)
        if end - start >= length:
            free[place] = (start + length + _BREAK, end)
            return start, start + length
    return None


def _next_quarter(moment: datetime) -> datetime:
    seconds = _STEP.total_seconds()
    return moment + timedelta(seconds=-moment.timestamp() % seconds)


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
