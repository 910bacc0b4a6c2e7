"""The store over the API."""

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from maintenance.models import Part, PartReservation, StockMovement, WorkOrder
from maintenance.services import store
from opssight.accounts.models import Membership, Organization
from tests.conftest import ApiFor
from tests.factories import NOON, PartFactory, WorkOrderFactory

pytestmark = pytest.mark.django_db
PARTS = "/api/maintenance/parts/"
MOVEMENTS = "/api/maintenance/stock-movements/"
RESERVATIONS = "/api/maintenance/reservations/"


@pytest.fixture
def part(plant: Organization) -> Part:
    return PartFactory.create(organization=plant, number="SP-1", min_level=5)


@pytest.fixture
def order(plant: Organization) -> WorkOrder:
    order: WorkOrder = WorkOrderFactory.create(asset__organization=plant)
    return order


@pytest.fixture
def keeping(planner: Membership, api_for: ApiFor) -> APIClient:
    return api_for(planner)


@pytest.fixture
def working(technician: Membership, api_for: ApiFor) -> APIClient:
    return api_for(technician)


def _post(api: APIClient, path: str, **body: Any) -> Any:
    return api.post(path, body, format="json")


def test_a_part_is_added_with_nothing_in_stock(keeping: APIClient) -> None:
    answer = _post(keeping, PARTS, number="N-1", name="V-belt", unit_cost="9.50", on_hand="7")

    assert answer.status_code == 201
    assert answer.data["on_hand"] == answer.data["free"] == "0.000"


def test_a_part_says_what_is_reserved_and_free(
    keeping: APIClient, part: Part, order: WorkOrder
) -> None:
    store.reserve(work_order=order, part=part, quantity=Decimal(8), at=NOON)

    [row] = keeping.get(PARTS, {"low": "true"}).data["results"]

    assert (row["on_hand"], row["reserved"], row["free"]) == ("10.000", "8.000", "2.000")
    assert keeping.get(PARTS, {"low": "false"}).data["results"] == []


def test_a_number_is_given_once(keeping: APIClient, part: Part) -> None:
    answer = _post(keeping, PARTS, number="SP-1", name="x")

    assert answer.status_code == 400
    assert answer.data["errors"][0]["pointer"] == "/number"


def test_a_part_that_moved_stays(keeping: APIClient, part: Part) -> None:
    assert keeping.delete(f"{PARTS}{part.pk}/").status_code == 409


def test_a_delivery_a_count_a_use_and_a_return_are_movements(
    keeping: APIClient, working: APIClient, part: Part, order: WorkOrder
) -> None:
    _post(keeping, f"{MOVEMENTS}receive/", part=part.pk, quantity="5", unit_cost="130.00")
    _post(keeping, f"{MOVEMENTS}count/", part=part.pk, counted="12")
    used = {"part": part.pk, "work_order": order.pk}
    issued = _post(working, f"{MOVEMENTS}issue/", **used, quantity="3")
    returned = _post(working, f"{MOVEMENTS}return/", **used, quantity="1")

    part.refresh_from_db()
    assert part.on_hand == 10
    assert issued.data["quantity"] == "-3.000"
    assert issued.data["unit_cost"] == "130.00"
    assert [row["quantity"] for row in returned.data["movements"]] == ["1.000"]
    kinds = [row["kind"] for row in keeping.get(MOVEMENTS, {"part": part.pk}).data["results"]]
    assert sorted(kinds) == ["count", "count", "issue", "receipt", "return"]


def test_a_count_that_agrees_has_nothing_to_answer(keeping: APIClient, part: Part) -> None:
    assert _post(keeping, f"{MOVEMENTS}count/", part=part.pk, counted="10").status_code == 204


def test_more_than_there_is_is_answered_with_the_numbers(
    working: APIClient, part: Part, order: WorkOrder
) -> None:
    answer = _post(working, f"{MOVEMENTS}issue/", part=part.pk, work_order=order.pk, quantity="11")

    assert answer.status_code == 409
    assert answer.data["detail"].startswith("10 pcs of SP-1 are in stock.")
    assert answer.data["errors"][0]["pointer"] == "/quantity"


@pytest.mark.parametrize(("action", "name"), [("receive", "quantity"), ("count", "counted")])
def test_a_technician_keeps_no_store(
    action: str, name: str, working: APIClient, part: Part
) -> None:
    body = {"part": part.pk, name: "1"}

    assert working.post(f"{MOVEMENTS}{action}/", body, format="json").status_code == 403


def test_a_viewer_takes_nothing(
    viewer: Membership, api_for: ApiFor, part: Part, order: WorkOrder
) -> None:
    body = {"part": part.pk, "work_order": order.pk, "quantity": "1"}
    for action in ("issue", "return"):
        assert _post(api_for(viewer), f"{MOVEMENTS}{action}/", **body).status_code == 403
    assert _post(api_for(viewer), RESERVATIONS, **body).status_code == 403


def test_movements_are_only_added_to(keeping: APIClient, part: Part) -> None:
    path = f"{MOVEMENTS}{StockMovement.objects.get().pk}/"

    for method in (keeping.put, keeping.patch, keeping.delete):
        assert method(path, {}, format="json").status_code == 405
    assert keeping.post(MOVEMENTS, {}, format="json").status_code == 405


def test_a_part_of_another_plant_does_not_exist(keeping: APIClient, order: WorkOrder) -> None:
    foreign = PartFactory.create()
    body = {"part": foreign.pk, "work_order": order.pk, "quantity": "1"}

    for path in (f"{MOVEMENTS}issue/", RESERVATIONS):
        answer = _post(keeping, path, **body)
        assert answer.status_code == 400
        assert answer.data["errors"][0]["code"] == "does_not_exist"


def test_parts_are_reserved_changed_and_let_go(
    working: APIClient, part: Part, order: WorkOrder
) -> None:
    made = _post(working, RESERVATIONS, part=part.pk, work_order=order.pk, quantity="12")
    path = f"{RESERVATIONS}{made.data['id']}/"
    assert (made.data["quantity"], made.data["available"]) == ("12.000", "10.000")
    assert len(working.get(RESERVATIONS, {"missing": "true"}).data["results"]) == 1

    changed = working.patch(path, {"quantity": "4"}, format="json")
    assert (changed.data["quantity"], changed.data["available"]) == ("4.000", "4.000")

    assert working.delete(path).status_code == 204
    assert not PartReservation.objects.exists()


def test_an_order_reserves_a_part_once(working: APIClient, part: Part, order: WorkOrder) -> None:
    body = {"part": part.pk, "work_order": order.pk, "quantity": "1"}
    _post(working, RESERVATIONS, **body)

    answer = _post(working, RESERVATIONS, **body)

    assert answer.status_code == 400
    assert answer.data["errors"][0]["detail"] == "The order has a reservation of this part."


@pytest.mark.parametrize("quantity", ["0", "-1", 3, "nan"])
def test_a_quantity_is_a_number_above_zero_as_text(
    quantity: Any, working: APIClient, part: Part, order: WorkOrder
) -> None:
    body = {"part": part.pk, "work_order": order.pk, "quantity": quantity}

    for path in (f"{MOVEMENTS}issue/", RESERVATIONS):
        assert _post(working, path, **body).status_code == 400


def test_a_part_of_the_plant_sees_its_own_orders_movements(
    plant: Organization, planner: Membership, api_for: ApiFor, part: Part, order: WorkOrder
) -> None:
    store.issue(work_order=order, part=part, quantity=Decimal(1), by=planner.user, at=NOON)
    Membership.objects.filter(pk=planner.pk).update(coverage=Membership.Coverage.PART)

    rows = api_for(Membership.objects.get(pk=planner.pk)).get(MOVEMENTS).data["results"]

    assert [row["kind"] for row in rows] == ["count"]
