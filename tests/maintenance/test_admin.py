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
        values: dict[str, Any] = {"skills": "", "hourly_cost": 60, "weekly_capacity_hours": 40}
        for rows in ("shifts", "absences"):
            values |= {f"{rows}-TOTAL_FORMS": 0, f"{rows}-INITIAL_FORMS": 0}
        client.post(f"{TECHNICIANS}{worker.pk}/change/", values)

        worker.refresh_from_db()
        assert not worker.is_active
        assert client.post(f"{TECHNICIANS}{worker.pk}/delete/", {"post": "x"}).status_code == 403


class TestManyWorkOrders:
    def _post(self, client: Client, name: str, orders: list[WorkOrder], **values: Any) -> Any:
        body = {"action": name, "_selected_action": [row.pk for row in orders], **values}
        return client.post(ORDERS, body, follow=True)

    def test_drafts_are_approved_and_the_others_said_why_not(
        self, client: Client, asset: Asset
    ) -> None:
        draft = WorkOrderFactory.create(asset=asset, status="draft")
        done = MaintenanceRecordFactory.create(asset=asset).work_order
        foreign = WorkOrderFactory.create(status="draft")

        body = self._post(client, "approve", [draft, done, foreign]).content.decode()

        for row in (draft, foreign):
            row.refresh_from_db()
        assert (draft.status, foreign.status) == ("approved", "draft")
        assert "Work orders changed: 1." in body
        assert f"{done.number}: Nothing was changed" in body

    def test_many_are_given_to_one_technician_who_is_told(
        self, client: Client, asset: Asset, worker: Technician
    ) -> None:
        orders = [WorkOrderFactory.create(asset=asset) for _ in range(2)]
        foreign = TechnicianFactory.create()

        asked = self._post(client, "assign", orders).content.decode()
        wrong = self._post(client, "assign", orders, apply="yes", technician=foreign.pk)
        self._post(client, "assign", orders, apply="yes", technician=worker.pk)

        assert all(row.number in asked for row in orders)
        assert f'value="{worker.pk}"' in asked
        assert f'value="{foreign.pk}"' not in asked
        assert wrong.status_code == 422
        states = WorkOrder.objects.values_list("technician", "status")
        assert set(states) == {(worker.pk, "scheduled")}
        assert Notification.objects.filter(recipient=worker.user).exists()

    def test_many_are_moved_by_days(self, client: Client, asset: Asset) -> None:
        orders = [WorkOrderFactory.create(asset=asset) for _ in range(2)]
        due = orders[0].due_at

        nothing = self._post(client, "reschedule", orders, apply="yes", days=0)
        self._post(client, "reschedule", orders, apply="yes", days=7)

        assert nothing.status_code == 422
        assert set(WorkOrder.objects.values_list("due_at", flat=True)) == {
            due + dt.timedelta(days=7)
        }

    def test_a_technician_that_is_changed_on_the_page_is_told_too(
        self, client: Client, asset: Asset, worker: Technician
    ) -> None:
        order = WorkOrderFactory.create(asset=asset)
        client.post(f"{ORDERS}{order.pk}/change/", order_values(asset, technician=worker.pk))

        order.refresh_from_db()
        assert (order.technician, order.status) == (worker, "scheduled")
        assert Notification.objects.filter(recipient=worker.user).exists()
