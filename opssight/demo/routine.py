"""Scheduled work of the sixty days before the visitor came, done through the real services."""

from datetime import datetime, timedelta

from maintenance import services as maintenance
from maintenance.models import FailureCause, FailureMechanism, MaintenanceSchedule, WorkOrder
from maintenance.services import Outcome
from opssight.accounts.models import Organization
from opssight.demo.people import People
from opssight.demo.upkeep import done_at, labor_minutes
from opssight.demo.work import finish

_ROUND = timedelta(days=2)
_TIME_TO_REPAIR = timedelta(days=3)
# Work that a condition called for is not done before the plant knew of it.
_SOONEST = timedelta(hours=20)
_ACCEPTED_BY = "Operations, shift leader"


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
        _repair_what_was_found(organization, people, day)
    return done


def _finished(organization: Organization, until: datetime) -> list[tuple[datetime, WorkOrder]]:
    """Open scheduled orders whose work is done by `until`, in order of that time.

    What nobody was given is not done.
    """
    waiting = (
        WorkOrder.objects.filter(
            organization=organization, schedule__isnull=False, technician__isnull=False
        )
        .open()
        .select_related("asset", "schedule__asset__site", "technician__user")
        .order_by("pk")
    )
    moments = [
        (max(moment, order.created_at + _SOONEST), order)
        for order in waiting
        if (moment := done_at(_schedule(order), order.due_at)) is not None
    ]
    return sorted(
        ((moment, order) for moment, order in moments if moment <= until),
        key=lambda pair: (pair[0], pair[1].pk),
    )


def _schedule(order: WorkOrder) -> MaintenanceSchedule:
    if order.schedule is None:
        raise ValueError(f"{order} has no schedule")
    return order.schedule


def _complete_scheduled(order: WorkOrder, people: People, moment: datetime) -> None:
    worker = order.technician.user if order.technician else people.planner
    minutes = labor_minutes(order.estimated_minutes, order.asset.tag, order.title, order.due_at)
    signed_by = _ACCEPTED_BY if order.needs_signature else ""
    finish(
        order,
        by=worker,
        at=moment,
        outcome=Outcome(labor_minutes=minutes, signed_by=signed_by),
    )


def _repair_what_was_found(organization: Organization, people: People, until: datetime) -> None:
    """Rounds open corrective orders; the plant has repaired those of the past."""
    found = WorkOrder.objects.open().filter(
        organization=organization, found_by__isnull=False, created_at__lt=until - _TIME_TO_REPAIR
    )
    for order in found.select_related("asset__site").order_by("pk"):
        technician = people.technician_for(order.asset.site.code, "mechanical")
        finish(
            order,
            by=technician.user,
            at=order.created_at + _TIME_TO_REPAIR,
            outcome=Outcome(
                notes="Tightened and cleaned; tried for an hour, in order.",
                labor_minutes=45,
                failure_mode="minor in-service problems",
                failure_cause=FailureCause.OPERATION,
                failure_mechanism=FailureMechanism.MECHANICAL,
            ),
        )
