"""The store: what is booked, kept, used and given back."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum

from maintenance.models import Part, PartReservation, StockMovement, WorkOrder
from maintenance.services import store
from maintenance.services.store import StoreRefused
from notifications.models import Notification
from opssight.accounts.models import Membership, Organization
from tests.factories import (
    NOON,
    AssetFactory,
    JobPlanFactory,
    JobPlanPartFactory,
    PartFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def part(plant: Organization) -> Part:
    return PartFactory.create(organization=plant, number="SP-1")


@pytest.fixture
def order(plant: Organization) -> WorkOrder:
    return _order(plant)


def _order(plant: Organization, **values: Any) -> WorkOrder:
    order: WorkOrder = WorkOrderFactory.create(asset__organization=plant, **values)
    return order


def _stock(part: Part) -> Decimal:
    """As the part says; and every time also as its movements say."""
    part.refresh_from_db()
    assert part.on_hand == (part.movements.aggregate(sum=Sum("quantity"))["sum"] or 0)
    return part.on_hand


def test_a_delivery_raises_the_stock_and_sets_the_price(part: Part, planner: Membership) -> None:
    movement = store.receive(
        part=part, quantity=Decimal(5), unit_cost=Decimal("130.50"), by=planner.user, at=NOON
    )

    assert _stock(part) == 15
    assert part.unit_cost == movement.unit_cost == Decimal("130.50")


def test_a_count_books_the_difference(part: Part, planner: Membership) -> None:
    movement = store.count(part=part, counted=Decimal(7), by=planner.user, at=NOON)

    assert movement is not None
    assert movement.quantity == -3
    assert _stock(part) == 7


def test_a_count_that_finds_what_the_books_say_adds_nothing(
    part: Part, planner: Membership
) -> None:
    assert store.count(part=part, counted=Decimal(10), by=planner.user, at=NOON) is None
    assert part.movements.count() == 1


def test_parts_for_an_order_leave_the_store_at_todays_price(
    part: Part, order: WorkOrder, technician: Membership
) -> None:
    movement = store.issue(
        work_order=order, part=part, quantity=Decimal(2), by=technician.user, at=NOON
    )

    assert movement.quantity == -2
    assert movement.unit_cost == 120
    assert _stock(part) == 8


def test_more_than_there_is_cannot_be_taken(
    part: Part, order: WorkOrder, technician: Membership
) -> None:
    with pytest.raises(StoreRefused, match=r"10 pcs of SP-1 are in stock\. Take that or less"):
        store.issue(work_order=order, part=part, quantity=Decimal(11), by=technician.user, at=NOON)

    assert _stock(part) == 10


def test_what_is_kept_for_another_order_is_not_free(
    part: Part, order: WorkOrder, plant: Organization, technician: Membership
) -> None:
    store.reserve(work_order=_order(plant), part=part, quantity=Decimal(8), at=NOON)

    with pytest.raises(StoreRefused, match="8 pcs of them kept for other orders: 2 pcs are free"):
        store.issue(work_order=order, part=part, quantity=Decimal(3), by=technician.user, at=NOON)
    store.issue(work_order=order, part=part, quantity=Decimal(2), by=technician.user, at=NOON)

    assert _stock(part) == 8


def test_an_order_takes_from_its_reservation_first(
    part: Part, order: WorkOrder, technician: Membership
) -> None:
    reservation = store.reserve(work_order=order, part=part, quantity=Decimal(3), at=NOON)

    store.issue(work_order=order, part=part, quantity=Decimal(2), by=technician.user, at=NOON)
    reservation.refresh_from_db()
    assert reservation.quantity == 1

    store.issue(work_order=order, part=part, quantity=Decimal(2), by=technician.user, at=NOON)
    assert not PartReservation.objects.exists()


@pytest.mark.parametrize("status", ["draft", "cancelled"])
def test_an_order_that_is_not_worked_on_takes_no_parts(
    status: str, part: Part, plant: Organization, technician: Membership
) -> None:
    with pytest.raises(StoreRefused, match="no parts are booked on it"):
        store.issue(
            work_order=_order(plant, status=status),
            part=part,
            quantity=Decimal(1),
            by=technician.user,
            at=NOON,
        )


def test_what_comes_back_costs_what_it_was_charged(
    part: Part, order: WorkOrder, technician: Membership
) -> None:
    def take(quantity: str) -> None:
        store.issue(
            work_order=order, part=part, quantity=Decimal(quantity), by=technician.user, at=NOON
        )

    take("2")
    store.receive(
        part=part, quantity=Decimal(1), unit_cost=Decimal(150), by=technician.user, at=NOON
    )
    take("1.5")

    movements = store.give_back(
        work_order=order, part=part, quantity=Decimal(2), by=technician.user, at=NOON
    )

    assert [(row.quantity, row.unit_cost) for row in movements] == [
        (Decimal("1.5"), Decimal(150)),
        (Decimal("0.5"), Decimal(120)),
    ]
    assert store.used(work_order=order) == [
        {
            "part": "SP-1",
            "name": "Mechanical seal",
            "quantity": "1.5",
            "unit": "pcs",
            "cost": "180.00",
        }
    ]
    assert _stock(part) == Decimal("9.5")


def test_what_was_given_back_in_pieces_costs_nothing(
    part: Part, order: WorkOrder, technician: Membership
) -> None:
    Part.objects.filter(pk=part.pk).update(unit_cost=Decimal("0.33"))
    store.issue(work_order=order, part=part, quantity=Decimal("1.5"), by=technician.user, at=NOON)
    for _ in range(3):
        store.give_back(
            work_order=order, part=part, quantity=Decimal("0.5"), by=technician.user, at=NOON
        )

    assert store.used(work_order=order) == []


def test_an_order_gives_back_no_more_than_it_took(
    part: Part, order: WorkOrder, technician: Membership
) -> None:
    store.issue(work_order=order, part=part, quantity=Decimal(1), by=technician.user, at=NOON)

    with pytest.raises(StoreRefused, match="has 1 pcs of SP-1"):
        store.give_back(
            work_order=order, part=part, quantity=Decimal(2), by=technician.user, at=NOON
        )


def test_a_reservation_beyond_the_stock_is_a_shortage_of_the_later_order(
    part: Part, plant: Organization
) -> None:
    first, second = _order(plant), _order(plant)
    store.reserve(work_order=first, part=part, quantity=Decimal(8), at=NOON)
    store.reserve(work_order=second, part=part, quantity=Decimal(5), at=NOON)

    assert [int(row.available) for row in store.kept(work_order=first)] == [8]
    assert [int(row.missing) for row in store.kept(work_order=first)] == [0]
    assert [int(row.available) for row in store.kept(work_order=second)] == [2]
    assert [int(row.missing) for row in store.kept(work_order=second)] == [3]


def test_an_order_that_is_done_keeps_nothing(part: Part, plant: Organization) -> None:
    first, second = _order(plant), _order(plant)
    store.reserve(work_order=first, part=part, quantity=Decimal(8), at=NOON)
    store.reserve(work_order=second, part=part, quantity=Decimal(5), at=NOON)

    assert store.release(work_order=first) == 1

    assert [row.missing for row in store.kept(work_order=second)] == [0]


def test_a_plan_reserves_its_parts_for_each_asset_once(part: Part, plant: Organization) -> None:
    plan = JobPlanFactory.create(organization=plant)
    JobPlanPartFactory.create(job_plan=plan, part=part, quantity=2)
    one, two = _order(plant, job_plan=plan), _order(plant, job_plan=plan)
    two.lines.create(organization=plant, asset=AssetFactory.create(organization=plant), position=2)

    for _ in range(2):
        store.reserve_plans(orders=[one, two, _order(plant)], at=NOON)

    found = PartReservation.objects.order_by("pk").values_list("work_order", "quantity")
    assert [(order, int(number)) for order, number in found] == [(one.pk, 2), (two.pk, 4)]


def test_planners_hear_once_when_a_part_becomes_low(
    plant: Organization, planner: Membership, technician: Membership
) -> None:
    part = PartFactory.create(organization=plant, number="SP-1", min_level=5)
    order = _order(plant)

    for minute in range(3):
        store.issue(
            work_order=order,
            part=part,
            quantity=Decimal(3),
            by=technician.user,
            at=NOON + dt.timedelta(minutes=minute),
        )

    note = Notification.objects.get()
    assert note.recipient == planner.user
    assert note.subject == "SP-1 Mechanical seal is low: 4 pcs free, the minimum is 5"


def test_planners_hear_when_reservations_leave_too_few_free(
    plant: Organization, planner: Membership
) -> None:
    part = PartFactory.create(organization=plant, min_level=5)
    store.reserve(work_order=_order(plant), part=part, quantity=Decimal(6), at=NOON)

    assert Notification.objects.filter(event=Notification.Event.PART_LOW).count() == 1


@pytest.mark.parametrize("quantity", ["0", "-1"])
def test_a_quantity_is_above_zero(quantity: str, part: Part, planner: Membership) -> None:
    with pytest.raises(StoreRefused, match="above 0"):
        store.receive(part=part, quantity=Decimal(quantity), by=planner.user, at=NOON)


def test_nobody_sets_the_stock_by_hand(part: Part) -> None:
    part.on_hand = Decimal(99)
    part.save()
    Part.objects.filter(pk=part.pk).update(on_hand=77)

    assert _stock(part) == 10


def test_a_new_part_begins_with_nothing(plant: Organization) -> None:
    part = Part.objects.create(organization=plant, number="X", name="X", on_hand=Decimal(5))

    assert _stock(part) == 0


def test_the_database_refuses_a_stock_below_zero(part: Part, order: WorkOrder) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        StockMovement.objects.create(
            organization=part.organization,
            part=part,
            kind=StockMovement.Kind.ISSUE,
            quantity=Decimal(-11),
            work_order=order,
            at=NOON,
            by=part.movements.get().by,
        )

    assert _stock(part) == 10


def test_a_movement_stays_as_it_was_written(part: Part) -> None:
    with pytest.raises(Exception, match="append_only"), connection.cursor() as cursor:
        cursor.execute("UPDATE stock_movements SET quantity = 1")
