"""The sixty days before the visitor came, lived through with the same services as a real plant."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from maintenance import services as maintenance
from maintenance.models import MaintenanceSchedule, Recommendation, Verdict, WorkOrder
from maintenance.services import Outcome
from opssight.accounts.models import Organization
from opssight.demo.people import People
from opssight.demo.scenario import Fault
from opssight.demo.upkeep import done_at, labor_minutes

_DAY = timedelta(days=1)


def do_scheduled_work(
    *, organization: Organization, people: People, since: datetime, at: datetime
) -> int:
    """Day by day, make the work orders that fall due and complete them. Returns how many.

    What is planned for a time after `at`, or was forgotten, stays open.
    """
    maintenance.recalculate_due_dates(organization_id=organization.pk)
    done, day = 0, since
    while day < at:
        day = min(day + _DAY, at)
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


def repair(
    fault: Fault, recommendations: Sequence[Recommendation], *, people: People, site: str
) -> int:
    """Accept and complete what was recommended for the fault, at the time of its repair.

    One order names the finding; further recommendations of the asset are closed with it.
    """
    skill = "instrumentation" if fault.mode == "stuck sensor" else "mechanical"
    technician = people.technician_for(site, skill)
    down = fault.repaired - fault.failure if fault.failed else timedelta(0)
    for number, recommendation in enumerate(recommendations):
        order = maintenance.accept(
            recommendation=recommendation,
            by=people.planner,
            at=max(recommendation.opened_at, fault.repaired - timedelta(hours=20)),
            due_at=fault.repaired + timedelta(hours=8),
            technician=technician,
        )
        begin = max(order.created_at, fault.repaired - timedelta(hours=3))
        maintenance.start(work_order=order, by=technician.user, at=begin)
        maintenance.complete(
            work_order=order,
            by=technician.user,
            at=max(fault.repaired, begin),
            outcome=Outcome(
                notes=fault.finding if not number else f"Same finding. {fault.finding}",
                labor_minutes=150 if not number else 15,
                downtime_minutes=round(down.total_seconds() / 60) if not number else 0,
                verdict=Verdict.CONFIRMED,
            ),
        )
    return len(recommendations)
