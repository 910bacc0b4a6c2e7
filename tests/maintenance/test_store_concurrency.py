"""What the store keeps true, whatever is booked, and however many book at once."""

import datetime as dt
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from maintenance.models import LaborEntry, Part, PartReservation, StockMovement, WorkOrder
from maintenance.services import costs, store, timesheets
from maintenance.services.labor import LaborRefused
from maintenance.services.store import StoreRefused
from notifications.models import Notification
from opssight.accounts.models import Membership, Organization
from tests.factories import NOON, PartFactory, TechnicianFactory, WorkOrderFactory
from tests.maintenance.test_concurrency import at_once

side_by_side = pytest.mark.django_db(transaction=True)
PIECES = st.integers(1, 8).map(lambda n: Decimal(n) / 2)
BOOKINGS = st.tuples(
    st.sampled_from(["receive", "count", "issue", "give_back", "reserve", "release"]),
    st.integers(0, 1),
    PIECES,
)


def _order(plant: Organization) -> WorkOrder:
    order: WorkOrder = WorkOrderFactory.create(asset__organization=plant, status="approved")
    return order


def _agrees(part: Part) -> Decimal:
    """The stock, which is never below 0 and always what the movements say."""
    part.refresh_from_db()
    assert part.on_hand >= 0
    assert part.on_hand == (part.movements.aggregate(sum=Sum("quantity"))["sum"] or 0)
    return part.on_hand


@pytest.mark.crawl
@pytest.mark.django_db
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(bookings=st.lists(BOOKINGS, max_size=10))
def test_stock_is_its_movements_whatever_is_booked(
    bookings: list[tuple[str, int, Decimal]], plant: Organization, planner: Membership
) -> None:
    part = PartFactory.create(organization=plant, on_hand=3)
    orders = [_order(plant), _order(plant)]
    for what, number, quantity in bookings:
        with suppress(StoreRefused):
            _book(what, part, orders[number], quantity, planner)
        _agrees(part)
        kept = [row for order in orders for row in store.kept(work_order=order)]
        assert sum(row.available for row in kept) <= part.on_hand
        for order in orders:
            assert costs.cost_of(work_order=order).parts >= 0


def _book(what: str, part: Part, order: WorkOrder, quantity: Decimal, planner: Membership) -> None:
    who: dict[str, Any] = {"by": planner.user, "at": NOON}
    if what == "receive":
        store.receive(part=part, quantity=quantity, unit_cost=quantity, **who)
    elif what == "count":
        store.count(part=part, counted=quantity, **who)
    elif what == "reserve":
        store.reserve(work_order=order, part=part, quantity=quantity, at=NOON)
    elif what == "release":
        store.release(work_order=order, part=part)
    elif what == "issue":
        store.issue(work_order=order, part=part, quantity=quantity, **who)
    else:
        store.give_back(work_order=order, part=part, quantity=quantity, **who)


@side_by_side
def test_of_many_who_want_the_last_piece_one_gets_it(
    plant: Organization, planner: Membership
) -> None:
    part = PartFactory.create(organization=plant, on_hand=1)
    orders = [_order(plant) for _ in range(8)]

    results = at_once(
        8,
        lambda number: store.issue(
            work_order=orders[number], part=part, quantity=Decimal(1), by=planner.user, at=NOON
        ),
    )

    refused = [str(result) for result in results if isinstance(result, StoreRefused)]
    assert len(refused) == 7
    assert all("0 pcs of" in text for text in refused)
    assert _agrees(part) == 0


@side_by_side
def test_bookings_of_two_parts_in_any_order_do_not_wait_for_each_other(
    plant: Organization, planner: Membership
) -> None:
    parts = [PartFactory.create(organization=plant, on_hand=50) for _ in range(2)]
    order = _order(plant)

    def book(number: int) -> None:
        for part in parts if number % 2 else reversed(parts):
            store.issue(work_order=order, part=part, quantity=Decimal(1), by=planner.user, at=NOON)

    assert at_once(8, book) == [None] * 8
    assert [_agrees(part) for part in parts] == [42, 42]


@side_by_side
def test_what_is_reserved_at_once_is_never_promised_twice(
    plant: Organization, planner: Membership
) -> None:
    part = PartFactory.create(organization=plant, on_hand=5)
    orders = [_order(plant) for _ in range(6)]

    at_once(
        6,
        lambda number: store.reserve(
            work_order=orders[number], part=part, quantity=Decimal(2), at=NOON
        ),
    )

    rows = PartReservation.objects.with_available()
    assert sorted(int(row.available) for row in rows) == [0, 0, 0, 1, 2, 2]


@side_by_side
def test_one_message_tells_of_a_part_that_many_make_low(
    plant: Organization, planner: Membership
) -> None:
    part = PartFactory.create(organization=plant, on_hand=10, min_level=8)
    order = _order(plant)

    at_once(
        6,
        lambda number: store.issue(
            work_order=order,
            part=part,
            quantity=Decimal(1),
            by=planner.user,
            at=NOON + dt.timedelta(seconds=number),
        ),
    )

    assert Notification.objects.filter(event=Notification.Event.PART_LOW).count() == 1


@side_by_side
def test_a_delivery_is_not_undone_by_a_form_that_was_opened_before(
    plant: Organization, planner: Membership
) -> None:
    part = PartFactory.create(organization=plant, on_hand=1)
    opened = Part.objects.get(pk=part.pk)

    store.receive(part=part, quantity=Decimal(9), by=planner.user, at=NOON)
    opened.name = "Seal, mechanical"
    opened.save()

    assert _agrees(part) == 10


@side_by_side
def test_a_refused_booking_leaves_nothing(plant: Organization, planner: Membership) -> None:
    part = PartFactory.create(organization=plant, on_hand=1)
    order = _order(plant)

    @transaction.atomic
    def book_and_fail() -> None:
        store.reserve(work_order=order, part=part, quantity=Decimal(1), at=NOON)
        store.issue(work_order=order, part=part, quantity=Decimal(1), by=planner.user, at=NOON)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        book_and_fail()

    assert _agrees(part) == 1
    assert StockMovement.objects.filter(part=part).count() == 1
    assert not PartReservation.objects.exists()


@side_by_side
def test_of_many_starts_at_once_one_timer_runs(plant: Organization) -> None:
    technician = TechnicianFactory.create(organization=plant)
    orders = [_order(plant) for _ in range(6)]

    results = at_once(
        6,
        lambda number: timesheets.start(
            work_order=orders[number], technician=technician, by=technician.user, at=NOON
        ),
    )

    assert sum(isinstance(result, LaborRefused) for result in results) == 5
    assert LaborEntry.objects.filter(minutes=None).count() == 1
    begun = WorkOrder.objects.filter(status=WorkOrder.Status.IN_PROGRESS)
    assert begun.count() == 1


@side_by_side
def test_no_time_comes_after_the_order_was_done(plant: Organization) -> None:
    technician = TechnicianFactory.create(organization=plant)
    order = _order(plant)

    def write_or_end(number: int) -> object:
        if number == 0:
            with transaction.atomic():
                locked = WorkOrder.objects.select_for_update().get(pk=order.pk)
                if locked.status != WorkOrder.Status.IN_PROGRESS:
                    return WorkOrder.objects.filter(pk=order.pk).update(status="cancelled")
                return 0
        return timesheets.write(
            work_order=order, technician=technician, minutes=5, by=technician.user, at=NOON
        )

    at_once(4, write_or_end)

    order.refresh_from_db()
    written = LaborEntry.objects.filter(work_order=order).count()
    assert written == (3 if order.status == WorkOrder.Status.IN_PROGRESS else 0)
