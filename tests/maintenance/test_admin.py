import datetime as dt
from typing import Any

import pytest
from django.test import Client

from assets.models import Asset
from maintenance.models import Technician, WorkOrder
from notifications.models import Notification
from opssight.accounts.models import Membership
from tests.conftest import ClientFor
from tests.factories import (
    AssetFactory,
    MaintenanceRecordFactory,
    MembershipFactory,
    TechnicianFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db

ORDERS = "/admin/maintenance/workorder/"
TECHNICIANS = "/admin/maintenance/technician/"


@pytest.fixture
def client(planner: Membership, client_for: ClientFor) -> Client:
    planner.organization.timezone = "Europe/Berlin"
    planner.organization.save()
    return client_for(planner)


@pytest.fixture
def asset(planner: Membership) -> Asset:
    return AssetFactory.create(organization=planner.organization)


@pytest.fixture
def worker(technician: Membership) -> Technician:
    return TechnicianFactory.create(organization=technician.organization, user=technician.user)


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200, answer
    return {name: list(lines) for name, lines in answer.context["adminform"].form.errors.items()}


def order_values(asset: Asset, **values: Any) -> dict[str, Any]:
    return {
        "asset": asset.pk,
        "title": "Replace the seal",
        "maintenance_type": "corrective",
        "priority": "high",
        "due_at_0": "2026-03-02",
        "due_at_1": "08:00",
        **values,
    }


class TestWorkOrder:
    def test_a_new_one_gets_number_status_and_tells_the_people(
        self, client: Client, planner: Membership, asset: Asset, worker: Technician
    ) -> None:
        values = order_values(asset, technician=worker.pk)
        answer = client.post(f"{ORDERS}add/", values, follow=True)

        order = WorkOrder.objects.get()
        assert order.number.startswith("WO-")
        assert order.number in answer.content.decode()
        assert order.status == WorkOrder.Status.SCHEDULED
        assert order.created_by == planner.user
        assert order.due_at == dt.datetime(2026, 3, 2, 7, tzinfo=dt.UTC)
        told = set(Notification.objects.values_list("recipient__username", flat=True))
        assert told == {"planner", "technician"}

    def test_an_asset_of_another_organization_is_no_choice(self, client: Client) -> None:
        assert "asset" in errors(client.post(f"{ORDERS}add/", order_values(AssetFactory.create())))

    def test_an_open_one_can_be_planned_anew_and_nothing_else(
        self, client: Client, asset: Asset
    ) -> None:
        order = WorkOrderFactory.create(asset=asset)
        values = order_values(asset, status="completed", number="WO-1", title="Two seals")
        assert client.post(f"{ORDERS}{order.pk}/change/", values).status_code == 302

        changed = WorkOrder.objects.get()
        assert changed.title == "Two seals"
        assert (changed.status, changed.number) == (order.status, order.number)

    def test_a_completed_one_is_read_only_and_says_so(self, client: Client, asset: Asset) -> None:
        record = MaintenanceRecordFactory.create(asset=asset)
        path = f"{ORDERS}{record.work_order_id}/change/"
        page = client.get(path)
        assert page.status_code == 200
        assert 'name="_save"' not in page.content.decode()

        answer = client.post(path, order_values(asset), follow=True)
        assert "Nothing was saved" in answer.content.decode()
        assert "is completed" in answer.content.decode()
        assert WorkOrder.objects.get().title == record.work_order.title
        assert client.post(f"{ORDERS}{record.work_order_id}/delete/").status_code == 403

    def test_history_can_only_be_read(self, client: Client, asset: Asset) -> None:
        record = MaintenanceRecordFactory.create(asset=asset)
        path = f"/admin/maintenance/maintenancerecord/{record.pk}"

        assert client.get(f"{path}/change/").status_code == 200
        assert client.post(f"{path}/change/", {"notes": "x"}).status_code == 403
        assert client.post(f"{path}/delete/", {"post": "yes"}).status_code == 403


class TestTechnician:
    def test_is_made_of_a_member_once(self, client: Client, technician: Membership) -> None:
        values = {
            "user": technician.user.pk,
            "skills": "bearings, alignment",
            "hourly_cost": 60,
            "weekly_capacity_hours": 40,
            "is_active": "on",
        }
        assert client.post(f"{TECHNICIANS}add/", values).status_code == 302
        made = Technician.objects.get()
        assert made.skills == ["bearings", "alignment"]
        assert made.organization == technician.organization
        assert "user" in errors(client.post(f"{TECHNICIANS}add/", values))

    def test_people_of_other_organizations_are_no_choice(self, client: Client) -> None:
        foreign = MembershipFactory.create().user
        values = {"user": foreign.pk, "hourly_cost": 1, "weekly_capacity_hours": 400}
        found = errors(client.post(f"{TECHNICIANS}add/", values))

        assert "user" in found
        assert "168 hours" in found["weekly_capacity_hours"][0]

    def test_is_switched_off_instead_of_deleted(self, client: Client, worker: Technician) -> None:
        values = {"skills": "", "hourly_cost": 60, "weekly_capacity_hours": 40}
        client.post(f"{TECHNICIANS}{worker.pk}/change/", values)

        worker.refresh_from_db()
        assert not worker.is_active
        assert client.post(f"{TECHNICIANS}{worker.pk}/delete/", {"post": "x"}).status_code == 403
