"""Scheduled work of the sixty days before the visitor came, done through the real services."""

from datetime import datetime, timedelta

from maintenance import services as maintenance
from maintenance.models import MaintenanceSchedule, WorkOrder
from maintenance.services import Outcome
from opssight.accounts.models import Organization
from opssight.demo.people import People
from opssight.demo.upkeep import done_at, labor_minutes

_ROUND = timedelta(days=2)


def do_scheduled_work(
    *, organization: Organization, people: People, since: datetime, at: datetime
) -> int:
    """Every other day, make the work orders that fall due and complete them. Returns how many.

    What is planned for a time after `at`, or was forgotten, stays open.
    """
    done, day = 0, since
    while day < at:
        day = min(day + _ROUND, at)
        maintenance.generate_due_work_orders(organization_id=organization.pk, at=day)
        for finished, order in _finished(organization, day):
            _complete_scheduled(order, people, finished)
            done += 1
    return done


def _finished(organization: Organization, until: datetime) -> list[tuple[datetime, WorkOrder]]:
    """Open scheduled orders whose work is done by `until`, in order of that time."""
    waiting = (
        WorkOrder.objects.filter(organization=organization, schedule__isnull=False)
        .open()
        .select_related("schedule__asset__site", "technician__user")
        .order_by("pk")
    )
    moments = [(done_at(_schedule(order), order.due_at), order) for order in waiting]
    return sorted(
        ((moment, order) for moment, order in moments if moment is not None and moment <= until),
        key=lambda pair: (pair[0], pair[1].pk),
    )


def _schedule(order: WorkOrder) -> MaintenanceSchedule:
    if order.schedule is None:
        raise ValueError(f"{order} has no schedule")
    return order.schedule


def _complete_scheduled(order: WorkOrder, people: People, moment: datetime) -> None:
    worker = order.technician.user if order.technician else people.planner
    minutes = labor_minutes(_schedule(order), order.due_at)
    maintenance.start(work_order=order, by=worker, at=moment - timedelta(minutes=minutes))
    maintenance.complete(
        work_order=order, by=worker, at=moment, outcome=Outcome(labor_minutes=minutes)
    )
