"""Time, parts and costs on the page of an order."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from maintenance.models import LaborEntry, OtherCost, Part, PartReservation, Technician, WorkOrder
from maintenance.services import store
from opssight.accounts.models import Membership, Organization
from tests.conftest import ClientFor
from tests.factories import (
    NOON,
    LaborEntryFactory,
    OtherCostFactory,
    PartFactory,
    TechnicianFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db
Status = WorkOrder.Status
HTMX: dict[str, Any] = {"HTTP_HX_REQUEST": "true"}


@pytest.fixture
def worker(technician: Membership) -> Technician:
    return TechnicianFactory.create(
        organization=technician.organization, user=technician.user, hourly_cost=60
    )


@pytest.fixture
def order(plant: Organization, worker: Technician) -> WorkOrder:
    order: WorkOrder = WorkOrderFactory.create(
        asset__organization=plant, status=Status.IN_PROGRESS, started_at=NOON
    )
    return order


@pytest.fixture
def part(plant: Organization) -> Part:
    return PartFactory.create(organization=plant, number="SP-1", unit_cost=12)


@pytest.fixture
def working(technician: Membership, client_for: ClientFor) -> Client:
    return client_for(technician)


def _url(name: str, row: Any) -> str:
    return reverse(f"maintenance:{name}", args=[row.pk])


# -- Time ----------------------------------------------------------------------------------------


def test_a_technician_starts_and_stops_the_own_timer(working: Client, order: WorkOrder) -> None:
    started = working.post(_url("start_timer", order), **HTMX)
    assert "Stop my timer" in started.text

    stopped = working.post(_url("stop_timer", LaborEntry.objects.get()), **HTMX)

    assert "Start my timer" in stopped.text
    assert "costs-changed" in stopped["HX-Trigger"]
    assert LaborEntry.objects.get().minutes == 1


def test_a_timer_that_begins_the_order_shows_the_whole_page_anew(
    working: Client, order: WorkOrder
) -> None:
    WorkOrder.objects.filter(pk=order.pk).update(status=Status.APPROVED, started_at=None)

    answer = working.post(_url("start_timer", order), **HTMX)

    assert answer["HX-Redirect"] == order.get_absolute_url()


def test_a_timer_on_another_order_is_named(
    working: Client, order: WorkOrder, worker: Technician, plant: Organization
) -> None:
    other = WorkOrderFactory.create(asset__organization=plant, status=Status.IN_PROGRESS)
    LaborEntryFactory.create(
        work_order=other, asset=other.asset, technician=worker, minutes=None, started_at=NOON
    )

    assert other.number in working.get(_url("order_labor", order)).text
    refused = working.post(_url("start_timer", order), **HTMX)

    assert refused.status_code == 409
    assert f"runs on {other.number}" in refused.text


def test_a_forgotten_timer_asks_for_its_minutes(
    working: Client, order: WorkOrder, worker: Technician
) -> None:
    entry = LaborEntryFactory.create(
        work_order=order,
        asset=order.asset,
        technician=worker,
        minutes=None,
        started_at=timezone.now() - dt.timedelta(hours=20),
    )
    assert "over 16 hours" in working.get(_url("order_labor", order)).text

    assert working.post(_url("stop_timer", entry), **HTMX).status_code == 409
    working.post(_url("stop_timer", entry), {"minutes": "95"}, **HTMX)

    entry.refresh_from_db()
    assert entry.minutes == 95


def test_time_is_written_down_corrected_and_removed(working: Client, order: WorkOrder) -> None:
    working.post(_url("order_labor", order), {"minutes": "30", "note": "Greased."}, **HTMX)
    entry = LaborEntry.objects.get()
    assert (entry.minutes, entry.note) == (30, "Greased.")

    working.post(_url("change_labor", entry), {"minutes": "20", "note": ""}, **HTMX)
    entry.refresh_from_db()
    assert entry.minutes == 20

    working.post(_url("remove_labor", entry), **HTMX)
    assert not LaborEntry.objects.exists()


def test_without_javascript_time_leads_back_to_the_order(working: Client, order: WorkOrder) -> None:
    answer = working.post(_url("order_labor", order), {"minutes": "30"})

    assert answer["Location"] == order.get_absolute_url()


def test_wrong_minutes_are_said_at_their_field(working: Client, order: WorkOrder) -> None:
    answer = working.post(_url("order_labor", order), {"minutes": "0"}, **HTMX)

    assert answer.status_code == 422
    assert "greater than or equal to 1" in answer.text


def test_a_planner_writes_down_the_time_of_anybody(
    planner: Membership, client_for: ClientFor, order: WorkOrder, worker: Technician
) -> None:
    values = {"technician": worker.pk, "minutes": "45"}

    client_for(planner).post(_url("order_labor", order), values, **HTMX)

    assert LaborEntry.objects.get().technician == worker


def test_nobody_else_touches_the_time_of_a_colleague(
    working: Client, order: WorkOrder, plant: Organization
) -> None:
    entry = LaborEntryFactory.create(
        work_order=order,
        asset=order.asset,
        technician=TechnicianFactory.create(organization=plant),
    )

    for name in ("stop_timer", "change_labor", "remove_labor"):
        assert working.post(_url(name, entry), {"minutes": "1"}).status_code == 403


# -- Parts ---------------------------------------------------------------------------------------


def test_a_technician_takes_gives_back_and_reserves(
    working: Client, order: WorkOrder, part: Part
) -> None:
    def book(do: str, quantity: str) -> None:
        values = {"do": do, "part": "sp-1", "quantity": quantity}
        assert working.post(_url("order_parts", order), values, **HTMX).status_code == 200

    book("take", "3")
    book("give_back", "1")
    book("reserve", "5")

    part.refresh_from_db()
    assert part.on_hand == 8
    assert PartReservation.objects.get().quantity == 5


def test_more_than_there_is_is_refused_with_the_numbers(
    working: Client, order: WorkOrder, part: Part
) -> None:
    values = {"do": "take", "part": "SP-1", "quantity": "11"}

    answer = working.post(_url("order_parts", order), values, **HTMX)

    assert answer.status_code == 409
    assert "10 pcs of SP-1 are in stock" in answer.text


def test_an_unknown_number_is_said_at_its_field(working: Client, order: WorkOrder) -> None:
    values = {"do": "take", "part": "NO", "quantity": "1"}

    answer = working.post(_url("order_parts", order), values, **HTMX)

    assert answer.status_code == 422
    assert "No part has the number NO" in answer.text


def test_a_shortage_is_shown_with_what_to_do(working: Client, order: WorkOrder, part: Part) -> None:
    store.reserve(work_order=order, part=part, quantity=Decimal(12), at=NOON)

    page = working.get(_url("order_parts", order)).text

    assert "2 pcs of SP-1" in " ".join(page.split())
    assert "wait for material" in page


def test_a_reservation_is_let_go(working: Client, order: WorkOrder, part: Part) -> None:
    row = store.reserve(work_order=order, part=part, quantity=Decimal(2), at=NOON)

    working.post(_url("release_part", row), **HTMX)

    assert not PartReservation.objects.exists()


# -- Costs ---------------------------------------------------------------------------------------


def test_the_costs_are_added_up(
    working: Client, order: WorkOrder, part: Part, worker: Technician, technician: Membership
) -> None:
    store.issue(work_order=order, part=part, quantity=Decimal(2), by=technician.user, at=NOON)
    LaborEntryFactory.create(
        work_order=order, asset=order.asset, technician=worker, minutes=30, hourly_cost=60
    )

    working.post(_url("order_costs", order), {"what": "Crane", "amount": "100.50"}, **HTMX)

    page = " ".join(working.get(_url("order_costs", order)).text.split())
    assert "<strong>154.50 " in page
    assert "30 of" in page


def test_another_cost_is_removed(working: Client, order: WorkOrder) -> None:
    cost = OtherCostFactory.create(work_order=order, asset=order.asset)

    working.post(_url("remove_cost", cost), **HTMX)

    assert not OtherCost.objects.exists()


# -- Who may -------------------------------------------------------------------------------------


def test_a_viewer_reads_everything_and_books_nothing(
    viewer: Membership, client_for: ClientFor, order: WorkOrder
) -> None:
    client = client_for(viewer)

    for name in ("order_labor", "order_parts", "order_costs"):
        assert client.get(_url(name, order)).status_code == 200
        assert "<form" not in client.get(_url(name, order), **HTMX).text
        assert client.post(_url(name, order)).status_code == 403
    assert client.post(_url("start_timer", order)).status_code == 403


def test_the_order_of_another_plant_does_not_exist(
    stranger: Membership, client_for: ClientFor, order: WorkOrder
) -> None:
    client = client_for(stranger)

    for name in ("order_labor", "order_parts", "order_costs"):
        assert client.get(_url(name, order)).status_code == 404
        assert client.post(_url(name, order)).status_code == 404


def test_the_page_of_the_order_holds_all_three(working: Client, order: WorkOrder) -> None:
    page = working.get(order.get_absolute_url()).text

    for part in ("order-labor", "order-parts", "order-costs"):
        assert f'id="{part}"' in page
