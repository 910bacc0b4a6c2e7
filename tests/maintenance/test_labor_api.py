"""Time and other costs over the API."""

from decimal import Decimal
from typing import Any

import pytest
from rest_framework.test import APIClient

from maintenance.models import LaborEntry, OtherCost, Technician, WorkOrder
from opssight.accounts.models import Membership, Organization
from tests.conftest import ApiFor
from tests.factories import (
    NOON,
    LaborEntryFactory,
    OtherCostFactory,
    TechnicianFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db
LABOR = "/api/maintenance/labor-entries/"
COSTS = "/api/maintenance/other-costs/"


@pytest.fixture
def worker(technician: Membership) -> Technician:
    return TechnicianFactory.create(
        organization=technician.organization, user=technician.user, hourly_cost=60
    )


@pytest.fixture
def order(plant: Organization, worker: Technician) -> WorkOrder:
    order: WorkOrder = WorkOrderFactory.create(
        asset__organization=plant, status=WorkOrder.Status.IN_PROGRESS, started_at=NOON
    )
    return order


@pytest.fixture
def working(technician: Membership, api_for: ApiFor) -> APIClient:
    return api_for(technician)


def _post(api: APIClient, path: str, **body: Any) -> Any:
    return api.post(path, body, format="json")


def test_a_timer_is_started_and_stopped(working: APIClient, order: WorkOrder) -> None:
    started = _post(working, f"{LABOR}start/", work_order=order.pk)
    assert (started.status_code, started.data["minutes"]) == (201, None)
    assert len(working.get(LABOR, {"running": "true"}).data["results"]) == 1

    stopped = _post(working, f"{LABOR}{started.data['id']}/stop/")

    assert (stopped.data["minutes"], stopped.data["cost"]) == (1, "1.00")


def test_a_second_timer_is_refused(working: APIClient, order: WorkOrder) -> None:
    _post(working, f"{LABOR}start/", work_order=order.pk)

    answer = _post(working, f"{LABOR}start/", work_order=order.pk)

    assert answer.status_code == 409
    assert f"runs on {order.number}" in answer.data["detail"]


def test_time_is_written_down_corrected_and_deleted(working: APIClient, order: WorkOrder) -> None:
    made = _post(working, LABOR, work_order=order.pk, minutes=30, note="Greased.")
    path = f"{LABOR}{made.data['id']}/"
    assert (made.data["hourly_cost"], made.data["cost"]) == ("60.00", "30.00")

    assert working.patch(path, {"minutes": 20}, format="json").data["cost"] == "20.00"
    assert LaborEntry.objects.get().note == "Greased."
    assert working.delete(path).status_code == 204


def test_an_order_that_is_done_is_answered_in_words(working: APIClient, order: WorkOrder) -> None:
    WorkOrder.objects.filter(pk=order.pk).update(status=WorkOrder.Status.CANCELLED)

    answer = _post(working, LABOR, work_order=order.pk, minutes=30)

    assert answer.status_code == 409
    assert "Add a follow-up order" in answer.data["detail"]


def test_a_draft_is_begun_by_nobody(working: APIClient, order: WorkOrder) -> None:
    WorkOrder.objects.filter(pk=order.pk).update(status=WorkOrder.Status.DRAFT, started_at=None)

    assert _post(working, f"{LABOR}start/", work_order=order.pk).status_code == 409
    assert not LaborEntry.objects.exists()


def test_the_time_of_a_colleague_is_theirs(
    working: APIClient, order: WorkOrder, plant: Organization
) -> None:
    other = TechnicianFactory.create(organization=plant)
    entry = LaborEntryFactory.create(work_order=order, asset=order.asset, technician=other)
    path = f"{LABOR}{entry.pk}/"

    body = {"work_order": order.pk, "technician": other.pk, "minutes": 5}
    assert _post(working, LABOR, **body).status_code == 403
    assert working.patch(path, {"minutes": 5}, format="json").status_code == 403
    assert _post(working, f"{path}stop/").status_code == 403
    assert working.delete(path).status_code == 403


def test_a_planner_writes_down_the_time_of_anybody(
    planner: Membership, api_for: ApiFor, order: WorkOrder, worker: Technician
) -> None:
    body = {"work_order": order.pk, "technician": worker.pk, "minutes": 5}

    assert _post(api_for(planner), LABOR, **body).status_code == 201


def test_who_is_no_technician_says_whose_time_it_is(
    planner: Membership, api_for: ApiFor, order: WorkOrder
) -> None:
    answer = _post(api_for(planner), LABOR, work_order=order.pk, minutes=5)

    assert answer.status_code == 400
    assert answer.data["errors"][0]["pointer"] == "/technician"


@pytest.mark.parametrize("minutes", [0, -1, "5", None, 10_000_000])
def test_minutes_are_a_sensible_number(minutes: Any, working: APIClient, order: WorkOrder) -> None:
    assert _post(working, LABOR, work_order=order.pk, minutes=minutes).status_code == 400


def test_a_technician_of_another_plant_does_not_exist(
    planner: Membership, api_for: ApiFor, order: WorkOrder
) -> None:
    foreign = TechnicianFactory.create()
    body = {"work_order": order.pk, "technician": foreign.pk, "minutes": 5}

    assert _post(api_for(planner), LABOR, **body).data["errors"][0]["code"] == "does_not_exist"


def test_other_costs_are_added_changed_and_deleted(working: APIClient, order: WorkOrder) -> None:
    made = _post(working, COSTS, work_order=order.pk, what="Crane", amount="400.00")
    path = f"{COSTS}{made.data['id']}/"
    assert made.status_code == 201

    working.patch(path, {"amount": "410.50"}, format="json")
    assert OtherCost.objects.get().amount == Decimal("410.50")

    assert working.delete(path).status_code == 204


def test_costs_of_a_done_order_stay(
    working: APIClient, order: WorkOrder, technician: Membership
) -> None:
    cost = OtherCostFactory.create(work_order=order, asset=order.asset)
    WorkOrder.objects.filter(pk=order.pk).update(
        status=WorkOrder.Status.COMPLETED, completed_at=NOON, completed_by=technician.user
    )

    for answer in (
        working.patch(f"{COSTS}{cost.pk}/", {"amount": "1.00"}, format="json"),
        working.delete(f"{COSTS}{cost.pk}/"),
        _post(working, COSTS, work_order=order.pk, what="x", amount="1.00"),
    ):
        assert answer.status_code == 409


def test_a_viewer_writes_nothing(viewer: Membership, api_for: ApiFor, order: WorkOrder) -> None:
    api = api_for(viewer)

    assert _post(api, LABOR, work_order=order.pk, minutes=5).status_code == 403
    assert _post(api, f"{LABOR}start/", work_order=order.pk).status_code == 403
    assert _post(api, COSTS, work_order=order.pk, what="x", amount="1").status_code == 403
