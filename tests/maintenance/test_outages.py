"""Orders that need the same outage are offered together."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from assets.models import AssetRelationship
from maintenance.models import WorkOrder
from maintenance.queries.outages import together
from maintenance.services.course import TransitionRefused
from maintenance.services.outages import plan_together
from opssight.accounts.models import Membership, Organization
from tests.conftest import ApiFor
from tests.factories import NOON, AssetFactory, WorkOrderFactory

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
ORDERS = "/api/maintenance/work-orders"


@pytest.fixture
def line(plant: Organization) -> dict[str, Any]:
    """A feeder that a mill and, behind it, a sieve depend on; an order with an outage on each."""
    assets = {tag: AssetFactory.create(organization=plant, tag=tag) for tag in ("FEED", "MILL")}
    AssetRelationship.objects.create(
        organization=plant, source=assets["FEED"], target=assets["MILL"], kind="feeds"
    )
    orders = {
        tag: WorkOrderFactory.create(asset=asset, due_at=NOON, needs_outage=True)
        for tag, asset in assets.items()
    }
    orders["FEED"].planned_start, orders["FEED"].planned_end = NOON, NOON + 4 * HOUR
    orders["FEED"].save()
    return orders


def share(order: WorkOrder) -> str:
    return reverse("maintenance:share_outage", args=[order.pk])


def offered(order: WorkOrder) -> list[tuple[int, str]]:
    return [
        (one.order.pk, one.reason)
        for one in together(work_order=order, orders=WorkOrder.objects.all())
    ]


def test_what_stops_with_the_asset_is_offered_and_what_stops_it(line: dict[str, Any]) -> None:
    feed, mill = line["FEED"], line["MILL"]

    assert offered(feed) == [(mill.pk, "MILL stops when FEED does.")]
    assert offered(mill) == [(feed.pk, "MILL stops when FEED does.")]


def test_orders_of_the_same_asset_come_first(line: dict[str, Any]) -> None:
    other = WorkOrderFactory.create(
        asset=line["FEED"].asset, due_at=NOON + 24 * HOUR, needs_outage=True
    )

    assert [pk for pk, _ in offered(line["FEED"])] == [other.pk, line["MILL"].pk]


@pytest.mark.parametrize(
    "change",
    [
        {"needs_outage": False},
        {"status": WorkOrder.Status.CANCELLED},
        {"due_at": NOON + timedelta(days=61)},
    ],
)
def test_what_needs_no_outage_or_is_far_or_done_is_not_offered(
    line: dict[str, Any], change: dict[str, Any]
) -> None:
    WorkOrder.objects.filter(pk=line["MILL"].pk).update(**change)

    assert offered(line["FEED"]) == []


def test_the_others_get_the_planned_time(line: dict[str, Any]) -> None:
    assert plan_together(work_order=line["FEED"], others=[line["MILL"].pk]) == 1

    mill = WorkOrder.objects.get(pk=line["MILL"].pk)
    assert (mill.planned_start, mill.planned_end) == (NOON, NOON + 4 * HOUR)


def test_nothing_is_planned_when_one_was_begun(line: dict[str, Any]) -> None:
    third = WorkOrderFactory.create(asset=line["FEED"].asset, needs_outage=True)
    WorkOrder.objects.filter(pk=line["MILL"].pk).update(
        status=WorkOrder.Status.IN_PROGRESS, started_at=NOON
    )

    with pytest.raises(TransitionRefused, match="was begun"):
        plan_together(work_order=line["FEED"], others=[line["MILL"].pk, third.pk])

    third.refresh_from_db()
    assert third.planned_start is None


def test_an_order_without_a_planned_time_leads_nothing(line: dict[str, Any]) -> None:
    with pytest.raises(TransitionRefused, match="Plan when"):
        plan_together(work_order=line["MILL"], others=[line["FEED"].pk])


def test_a_planner_shares_the_outage_on_the_page(
    client: Client, planner: Membership, line: dict[str, Any]
) -> None:
    client.force_login(planner.user)
    page = client.get(line["FEED"].get_absolute_url()).text
    assert "In the same outage" in page

    answer = client.post(share(line["FEED"]), {"order": line["MILL"].pk})

    assert answer.status_code == 302
    assert WorkOrder.objects.get(pk=line["MILL"].pk).planned_start == NOON


def test_a_technician_does_not(
    client: Client, technician: Membership, line: dict[str, Any]
) -> None:
    client.force_login(technician.user)

    path = share(line["FEED"])

    assert client.post(path, {"order": line["MILL"].pk}).status_code == 403


def test_an_order_that_is_not_offered_is_not_planned(
    client: Client, planner: Membership, line: dict[str, Any]
) -> None:
    other = WorkOrderFactory.create(asset__organization=planner.organization, needs_outage=True)
    client.force_login(planner.user)

    answer = client.post(share(line["FEED"]), {"order": other.pk})

    assert answer.status_code == 422
    other.refresh_from_db()
    assert other.planned_start is None


def test_by_the_api(planner: Membership, api_for: ApiFor, line: dict[str, Any]) -> None:
    api, feed, mill = api_for(planner), line["FEED"], line["MILL"]

    [row] = api.get(f"{ORDERS}/{feed.pk}/outage/").data
    assert (row["work_order"], row["planned_start"]) == (mill.pk, None)
    refused = api.post(f"{ORDERS}/{mill.pk}/share-outage/", {"work_orders": [feed.pk]})
    assert (refused.status_code, refused.data["code"]) == (409, "no_planned_time")
    [row] = api.post(f"{ORDERS}/{feed.pk}/share-outage/", {"work_orders": [mill.pk]}).data
    assert row["planned_start"] == "2026-03-01T12:00:00Z"
    unknown = api.post(f"{ORDERS}/{feed.pk}/share-outage/", {"work_orders": [999_999]})
    assert unknown.status_code == 400
