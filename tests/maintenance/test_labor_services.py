"""Time on orders: measured, typed, corrected, and what it costs."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from maintenance.models import LaborEntry, Technician, WorkOrder
from maintenance.services import costs, labor, store, timesheets
from maintenance.services.course import TransitionRefused
from maintenance.services.labor import LaborRefused
from opssight.accounts.models import Membership, Organization
from tests.factories import (
    NOON,
    LaborEntryFactory,
    OtherCostFactory,
    PartFactory,
    TechnicianFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
Status = WorkOrder.Status


@pytest.fixture
def worker(technician: Membership) -> Technician:
    return TechnicianFactory.create(
        organization=technician.organization, user=technician.user, hourly_cost=48
    )


@pytest.fixture
def order(plant: Organization, worker: Technician) -> WorkOrder:
    return _order(plant)


def _order(plant: Organization, **values: Any) -> WorkOrder:
    begun = {"status": Status.IN_PROGRESS, "started_at": NOON}
    order: WorkOrder = WorkOrderFactory.create(asset__organization=plant, **{**begun, **values})
    return order


def _start(order: WorkOrder, worker: Technician, at: dt.datetime = NOON) -> LaborEntry:
    return timesheets.start(work_order=order, technician=worker, by=worker.user, at=at)


def test_a_timer_measures_to_the_minute(order: WorkOrder, worker: Technician) -> None:
    entry = _start(order, worker)

    stopped = timesheets.stop(entry=entry, at=NOON + dt.timedelta(minutes=89, seconds=40))

    assert stopped.minutes == 90
    assert costs.cost_of(work_order=order).labor == 72


def test_a_timer_of_seconds_counts_a_minute(order: WorkOrder, worker: Technician) -> None:
    entry = _start(order, worker)

    assert timesheets.stop(entry=entry, at=NOON).minutes == 1


def test_a_timer_begins_an_order_that_may_be_begun(plant: Organization, worker: Technician) -> None:
    order = _order(plant, status=Status.APPROVED, started_at=None)

    _start(order, worker)

    order.refresh_from_db()
    assert (order.status, order.started_at) == (Status.IN_PROGRESS, NOON)
    assert order.technician == worker


def test_a_draft_takes_no_time(plant: Organization, worker: Technician) -> None:
    order = _order(plant, status=Status.DRAFT, started_at=None)

    with pytest.raises(TransitionRefused):
        _start(order, worker)

    assert not LaborEntry.objects.exists()


def test_one_timer_of_a_technician_runs(
    plant: Organization, order: WorkOrder, worker: Technician
) -> None:
    _start(order, worker)
    other = _order(plant, status=Status.APPROVED, started_at=None)

    with pytest.raises(LaborRefused, match=rf"A timer of .* runs on {order.number}"):
        _start(other, worker)

    other.refresh_from_db()
    assert other.status == Status.APPROVED


def test_the_database_knows_one_running_timer(order: WorkOrder, worker: Technician) -> None:
    _start(order, worker)

    with pytest.raises(IntegrityError), transaction.atomic():
        LaborEntryFactory.create(
            work_order=order, asset=order.asset, technician=worker, minutes=None
        )


def test_two_technicians_measure_side_by_side(
    plant: Organization, order: WorkOrder, worker: Technician
) -> None:
    other = TechnicianFactory.create(organization=plant)
    _start(order, worker)
    _start(order, other)

    stopped = labor.stop_timers(work_order=order, at=NOON + HOUR)

    assert [entry.minutes for entry in stopped] == [60, 60]


def test_a_timer_that_ran_through_the_night_asks_for_minutes(
    order: WorkOrder, worker: Technician
) -> None:
    entry = _start(order, worker)
    morning = NOON + 17 * HOUR

    with pytest.raises(LaborRefused, match="Type how many minutes the work took"):
        timesheets.stop(entry=entry, at=morning)
    with pytest.raises(LaborRefused):
        labor.stop_timers(work_order=order, at=morning)

    assert timesheets.stop(entry=entry, at=morning, minutes=95).minutes == 95


def test_typed_minutes_are_no_more_than_the_timer_ran(order: WorkOrder, worker: Technician) -> None:
    entry = _start(order, worker)

    with pytest.raises(LaborRefused, match="Give 1 to 60"):
        timesheets.stop(entry=entry, at=NOON + HOUR, minutes=61)


def test_a_timer_is_stopped_once(order: WorkOrder, worker: Technician) -> None:
    entry = timesheets.stop(entry=_start(order, worker), at=NOON + HOUR)

    with pytest.raises(LaborRefused, match="stopped before"):
        timesheets.stop(entry=entry, at=NOON + 2 * HOUR)


def test_typed_time_ends_now_and_costs_the_hour_of_today(
    order: WorkOrder, worker: Technician
) -> None:
    entry = timesheets.write(
        work_order=order, technician=worker, minutes=50, by=worker.user, at=NOON
    )
    Technician.objects.filter(pk=worker.pk).update(hourly_cost=99)

    assert entry.started_at == NOON - dt.timedelta(minutes=50)
    assert costs.cost_of(work_order=order).labor == 40


def test_time_does_not_begin_in_the_future(order: WorkOrder, worker: Technician) -> None:
    with pytest.raises(LaborRefused, match="future"):
        timesheets.write(
            work_order=order,
            technician=worker,
            minutes=5,
            by=worker.user,
            at=NOON,
            started_at=NOON + HOUR,
        )


@pytest.mark.parametrize("minutes", [0, -5, 10_000_000])
def test_minutes_are_sensible(minutes: int, order: WorkOrder, worker: Technician) -> None:
    with pytest.raises(LaborRefused, match="Give 1 to"):
        timesheets.write(
            work_order=order, technician=worker, minutes=minutes, by=worker.user, at=NOON
        )


@pytest.mark.parametrize("status", [Status.COMPLETED, Status.CLOSED, Status.CANCELLED])
def test_time_stays_as_it_is_once_the_order_is_done(
    status: WorkOrder.Status, order: WorkOrder, worker: Technician
) -> None:
    entry = timesheets.write(
        work_order=order, technician=worker, minutes=50, by=worker.user, at=NOON
    )
    done = {} if status == Status.CANCELLED else {"completed_at": NOON, "completed_by": worker.user}
    WorkOrder.objects.filter(pk=order.pk).update(status=status, **done)

    for refused in (
        lambda: timesheets.change(entry=entry, minutes=5),
        lambda: timesheets.remove(entry=entry),
        lambda: _start(order, worker),
    ):
        with pytest.raises(LaborRefused, match="stay as they are"):
            refused()
    assert LaborEntry.objects.get().minutes == 50


def test_an_entry_is_corrected_and_taken_out(order: WorkOrder, worker: Technician) -> None:
    entry = timesheets.write(
        work_order=order, technician=worker, minutes=50, by=worker.user, at=NOON
    )

    timesheets.change(entry=entry, minutes=25, note="Less.")
    entry.refresh_from_db()
    assert (entry.minutes, entry.note) == (25, "Less.")

    timesheets.remove(entry=entry)
    assert not LaborEntry.objects.exists()


def test_people_write_their_own_time_and_planners_everybodys(
    plant: Organization, worker: Technician, planner: Membership, viewer: Membership
) -> None:
    other = TechnicianFactory.create(organization=plant)

    assert timesheets.may_write(user=worker.user, technician=worker)
    assert not timesheets.may_write(user=worker.user, technician=other)
    assert timesheets.may_write(user=planner.user, technician=worker)
    assert not timesheets.may_write(user=viewer.user, technician=worker)


def test_all_costs_of_an_order_are_counted_in_one_place(
    plant: Organization, order: WorkOrder, worker: Technician
) -> None:
    part = PartFactory.create(organization=plant, unit_cost=Decimal("12.50"))
    timesheets.write(work_order=order, technician=worker, minutes=20, by=worker.user, at=NOON)
    store.issue(work_order=order, part=part, quantity=Decimal(3), by=worker.user, at=NOON)
    OtherCostFactory.create(work_order=order, asset=order.asset, amount=Decimal("400.10"))

    found = costs.cost_of(work_order=order)

    assert found == costs.Costs(
        labor=Decimal("16.00"), parts=Decimal("37.50"), other=Decimal("400.10"), minutes=20
    )
    assert found.total == Decimal("453.60")


def test_each_entry_is_rounded_to_the_cent(order: WorkOrder, worker: Technician) -> None:
    Technician.objects.filter(pk=worker.pk).update(hourly_cost=Decimal("10.00"))
    worker.refresh_from_db()
    for _ in range(3):
        timesheets.write(work_order=order, technician=worker, minutes=1, by=worker.user, at=NOON)

    assert costs.cost_of(work_order=order).labor == Decimal("0.51")


def test_an_order_without_anything_costs_nothing(order: WorkOrder) -> None:
    assert costs.cost_of(work_order=order).total == 0


def test_other_costs_stay_once_the_order_is_done(order: WorkOrder, planner: Membership) -> None:
    cost = costs.add_other(
        work_order=order, what="Crane", amount=Decimal(400), by=planner.user, at=NOON
    )
    WorkOrder.objects.filter(pk=order.pk).update(
        status=Status.COMPLETED, completed_at=NOON, completed_by=planner.user
    )

    with pytest.raises(costs.CostRefused, match="follow-up"):
        costs.remove_other(cost=cost)
    with pytest.raises(costs.CostRefused):
        costs.add_other(work_order=order, what="x", amount=Decimal(1), by=planner.user, at=NOON)
