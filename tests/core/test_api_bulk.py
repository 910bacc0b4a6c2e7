"""Many writes in one request are many single writes, no more and no less."""

import json
from typing import Any

import pytest

from assets.models import Sensor, Site, UptimeEvent
from maintenance.models import MaintenanceRecord, WorkOrder
from opssight.accounts.models import Membership
from opssight.api import router
from tests.conftest import ApiFor
from tests.factories import (
    NOON,
    AssetFactory,
    MembershipFactory,
    SensorFactory,
    SiteFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db
URL = "/api/sites/bulk/"


def _create(code: str) -> dict[str, Any]:
    return {"op": "create", "data": {"code": code, "name": f"Site {code}"}}


def test_each_operation_is_answered_like_the_single_call(
    planner: Membership, api_for: ApiFor
) -> None:
    kept, gone = SiteFactory.create_batch(2, organization=planner.organization)
    AssetFactory.create(site=kept, organization=planner.organization)
    api = api_for(planner)

    answer = api.post(
        URL,
        {
            "operations": [
                _create("N"),
                {"op": "update", "id": kept.pk, "data": {"name": "South"}},
                {"op": "delete", "id": gone.pk},
                _create("N"),
                {"op": "delete", "id": kept.pk},
                {"op": "update", "id": 0x7FFFFFFF, "data": {}},
            ]
        },
    )

    assert answer.status_code == 200
    assert (answer.data["succeeded"], answer.data["failed"]) == (3, 3)
    results = answer.data["results"]
    assert [item["status"] for item in results] == [201, 200, 204, 400, 409, 404]
    read = api.get(f"/api/sites/{kept.pk}/")
    assert (results[1]["data"], results[1]["etag"]) == (read.data, read["ETag"])
    assert results[3]["problem"]["errors"][0]["pointer"] == "/code"
    assert results[4]["problem"]["code"] == "conflict"
    assert not Site.objects.filter(pk=gone.pk).exists()


def test_all_or_nothing_names_each_fault_and_does_nothing(
    planner: Membership, api_for: ApiFor
) -> None:
    operations = [_create("N"), _create("N"), {"op": "delete", "id": 0x7FFFFFFF}]

    answer = api_for(planner).post(URL, {"operations": operations, "atomic": True})

    assert (answer.status_code, answer.data["code"]) == (422, "bulk_refused")
    assert [error["pointer"] for error in answer.data["errors"]] == [
        "/operations/1/data/code",
        "/operations/2",
    ]
    assert not Site.objects.exists()


@pytest.mark.crawl
def test_all_or_nothing_does_all(planner: Membership, api_for: ApiFor) -> None:
    operations = [_create(str(number)) for number in range(500)]

    answer = api_for(planner).post(URL, {"operations": operations, "atomic": True})

    assert answer.data["succeeded"] == 500
    assert Site.objects.count() == 500


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, "/operations"),
        ({"operations": []}, "/operations"),
        ({"operations": [_create("N")] * 501}, "/operations"),
        ({"operations": [{"op": "drop"}]}, "/operations/0/op"),
        ({"operations": [{"op": "delete"}]}, "/operations/0/id"),
        ({"operations": [{"op": "create", "data": []}]}, "/operations/0/data"),
        ({"operations": "x"}, "/operations"),
    ],
)
def test_a_body_that_makes_no_sense_is_refused_as_a_whole(
    body: dict[str, Any], pointer: str, planner: Membership, api_for: ApiFor
) -> None:
    answer = api_for(planner).post(URL, body)

    assert answer.status_code == 400
    assert answer.data["errors"][0]["pointer"] == pointer
    assert not Site.objects.exists()


def test_an_operation_can_be_bound_to_the_state_that_was_read(
    planner: Membership, api_for: ApiFor
) -> None:
    site = SiteFactory.create(organization=planner.organization)
    api = api_for(planner)
    tag = api.get(f"/api/sites/{site.pk}/")["ETag"]
    change = {"op": "update", "id": site.pk, "if_match": tag, "data": {"name": "South"}}

    answer = api.post(URL, {"operations": [change, change]})

    assert [item["status"] for item in answer.data["results"]] == [200, 412]


def test_each_operation_asks_for_its_own_permission(
    planner: Membership, technician: Membership, viewer: Membership, api_for: ApiFor
) -> None:
    order = WorkOrderFactory.create(asset__organization=planner.organization)
    operations = [
        {"op": "update", "id": order.pk, "data": {"status": "in_progress"}},
        {"op": "update", "id": order.pk, "data": {"title": "Mine now"}},
        {
            "op": "create",
            "data": {"asset": order.asset_id, "title": "x", "due_at": NOON.isoformat()},
        },
        {"op": "update", "id": order.pk, "data": {"status": "completed", "notes": "Done."}},
        {"op": "delete", "id": order.pk},
    ]
    url = "/api/maintenance/work-orders/bulk/"

    answer = api_for(technician).post(url, {"operations": operations})

    assert [item["status"] for item in answer.data["results"]] == [200, 403, 403, 200, 405]
    assert MaintenanceRecord.objects.get().performed_by == technician.user
    assert WorkOrder.objects.get().title == order.title
    assert api_for(viewer).post(url, {"operations": operations}).status_code == 403


def test_rows_of_others_do_not_exist(
    planner: Membership, stranger: Membership, api_for: ApiFor
) -> None:
    site = SiteFactory.create(organization=planner.organization)
    asset = AssetFactory.create(site=site, organization=planner.organization)
    operations = [
        {"op": "update", "id": site.pk, "data": {"name": "Mine"}},
        {"op": "delete", "id": site.pk},
    ]

    answer = api_for(stranger).post(URL, {"operations": operations})
    sensors = api_for(stranger).post(
        "/api/sensors/bulk/",
        {"operations": [{"op": "create", "data": {"asset": asset.pk, "key": "x"}}]},
    )

    assert [item["status"] for item in answer.data["results"]] == [404, 404]
    assert sensors.data["results"][0]["status"] == 400
    assert not Sensor.objects.exists()


def test_who_may_write_elsewhere_only_is_refused_here(
    viewer: Membership, planner: Membership, api_for: ApiFor
) -> None:
    MembershipFactory.create(user=viewer.user, role="planner")
    site = SiteFactory.create(organization=viewer.organization)

    answer = api_for(viewer).post(
        URL, {"operations": [{"op": "update", "id": site.pk, "data": {"name": "Mine"}}]}
    )

    assert answer.data["results"][0]["status"] == 403


def test_what_the_database_refuses_spoils_only_its_own_operation(
    planner: Membership, api_for: ApiFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opssight.core.tenancy.TenantModel.validate_constraints", lambda *_: None)
    asset = AssetFactory.create(organization=planner.organization)
    event = {"asset": asset.pk, "state": "down", "started_at": NOON.isoformat()}

    answer = api_for(planner).post(
        "/api/uptime-events/bulk/",
        {"operations": [{"op": "create", "data": event}] * 2},
    )

    assert [item["status"] for item in answer.data["results"]] == [201, 409]
    assert UptimeEvent.objects.count() == 1


def test_a_body_of_the_single_call_with_hostile_values_fails_nothing(
    planner: Membership, api_for: ApiFor
) -> None:
    sensor = SensorFactory.create(asset__organization=planner.organization)
    hostile: list[Any] = ["a\0b", "\ud800", 10**30, {"a": []}, None]
    operations = [{"op": "update", "id": sensor.pk, "data": {"key": value}} for value in hostile]

    answer = api_for(planner).post(
        "/api/sensors/bulk/",
        json.dumps({"operations": operations}),
        content_type="application/json",
    )

    assert answer.status_code == 200
    assert answer.content
    assert all(item["status"] in (200, 400) for item in answer.data["results"])


def test_every_list_that_can_be_written_takes_many() -> None:
    for prefix, viewset, _ in router.registry:
        # Files are sent one by one.
        if getattr(viewset, "file_actions", ()):
            continue
        if hasattr(viewset, "create") and hasattr(viewset, "serializer_class"):
            assert hasattr(viewset, "bulk"), prefix
