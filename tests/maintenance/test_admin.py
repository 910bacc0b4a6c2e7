import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from assets.models import Asset
from maintenance import services
from maintenance.models import MaintenanceSchedule, Technician, WorkOrder
from notifications.models import Notification
from opssight.accounts.models import Membership
from tests.conftest import ClientFor
from tests.factories import (
    NOON,
    AssetFactory,
    MaintenanceRecordFactory,
    MembershipFactory,
    ScheduleFactory,
    TechnicianFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db

SCHEDULES = "/admin/maintenance/maintenanceschedule/"
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
def schedule(asset: Asset) -> MaintenanceSchedule:
    made: MaintenanceSchedule = ScheduleFactory.create(
        asset=asset, mode="fixed", every=30, unit="days", starts_at=NOON, next_due_at=NOON
    )
    return made


@pytest.fixture
def worker(technician: Membership) -> Technician:
    return TechnicianFactory.create(organization=technician.organization, user=technician.user)


def errors(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200, answer
    return {name: list(lines) for name, lines in answer.context["adminform"].form.errors.items()}


def schedule_values(schedule: MaintenanceSchedule, **values: Any) -> dict[str, Any]:
    next_due = timezone.localtime(schedule.next_due_at, schedule.organization.zone)
    starts = timezone.localtime(schedule.starts_at, schedule.organization.zone)
    return {
        "asset": schedule.asset_id,
        "title": schedule.title,
        "maintenance_type": "preventive",
        "mode": schedule.mode,
        "every": schedule.every,
        "unit": schedule.unit,
        "starts_at_0": f"{starts:%Y-%m-%d}",
        "starts_at_1": f"{starts:%H:%M:%S}",
        "next_due_at_0": f"{next_due:%Y-%m-%d}",
        "next_due_at_1": f"{next_due:%H:%M:%S}",
        "lead_days": 7,
        "estimated_minutes": 60,
        "is_active": "on",
        **values,
    }


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


class TestSchedule:
    def change(self, client: Client, schedule: MaintenanceSchedule, **values: Any) -> Any:
        answer = client.post(
            f"{SCHEDULES}{schedule.pk}/change/", schedule_values(schedule, **values)
        )
        schedule.refresh_from_db()
        schedule.asset.refresh_from_db()
        return answer

    def test_a_new_one_is_due_at_its_start(
        self, client: Client, schedule: MaintenanceSchedule
    ) -> None:
        values = schedule_values(schedule, title="New", next_due_at_0="", next_due_at_1="")
        assert client.post(f"{SCHEDULES}add/", values).status_code == 302

        new = MaintenanceSchedule.objects.get(title="New")
        assert new.next_due_at == new.starts_at == NOON
        assert new.organization == schedule.organization

    def test_another_interval_moves_the_due_date(
        self, client: Client, schedule: MaintenanceSchedule
    ) -> None:
        done = NOON + dt.timedelta(hours=2)
        MaintenanceSchedule.objects.filter(pk=schedule.pk).update(
            last_completed_at=done, next_due_at=NOON + dt.timedelta(days=30)
        )
        schedule.refresh_from_db()

        assert self.change(client, schedule, every=10).status_code == 302

        assert schedule.next_due_at == NOON + dt.timedelta(days=10)
        assert schedule.asset.next_due_at == schedule.next_due_at

    def test_a_due_date_set_by_hand_stays(
        self, client: Client, schedule: MaintenanceSchedule
    ) -> None:
        self.change(client, schedule, every=10, next_due_at_0="2026-03-20")

        assert schedule.next_due_at == dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
        assert schedule.asset.next_due_at == schedule.next_due_at

    def test_another_title_moves_nothing(
        self, client: Client, schedule: MaintenanceSchedule
    ) -> None:
        self.change(client, schedule, title="Grease all bearings")

        assert (schedule.title, schedule.next_due_at) == ("Grease all bearings", NOON)

    def test_an_interval_of_nothing_is_refused(
        self, client: Client, schedule: MaintenanceSchedule
    ) -> None:
        assert "every" in errors(self.change(client, schedule, every=0))

    def test_its_asset_stays(self, client: Client, schedule: MaintenanceSchedule) -> None:
        asset = schedule.asset
        other = AssetFactory.create(organization=schedule.organization)
        self.change(client, schedule, asset=other.pk)

        assert schedule.asset == asset

    def test_an_inactive_technician_is_refused_but_may_stay(
        self, client: Client, schedule: MaintenanceSchedule, worker: Technician
    ) -> None:
        worker.is_active = False
        worker.save()
        refused = self.change(client, schedule, technician=worker.pk)
        assert "is not active" in errors(refused)["technician"][0]

        MaintenanceSchedule.objects.filter(pk=schedule.pk).update(technician=worker)
        assert self.change(client, schedule, technician=worker.pk).status_code == 302

    def test_a_technician_of_another_organization_is_no_choice(
        self, client: Client, schedule: MaintenanceSchedule
    ) -> None:
        foreign = TechnicianFactory.create()

        assert "technician" in errors(self.change(client, schedule, technician=foreign.pk))

    def test_is_paused_and_resumed_from_the_list(
        self, client: Client, schedule: MaintenanceSchedule
    ) -> None:
        for action, active, due in (("pause", False, None), ("resume", True, NOON)):
            chosen = {"action": action, "_selected_action": schedule.pk}
            answer = client.post(SCHEDULES, chosen, follow=True)
            schedule.refresh_from_db()
            schedule.asset.refresh_from_db()
            assert (schedule.is_active, schedule.asset.next_due_at) == (active, due)
            assert f"Schedules {action}d: 1." in answer.content.decode()

    def test_only_the_chosen_ones_make_their_due_orders_and_only_once(
        self, client: Client, schedule: MaintenanceSchedule, planner: Membership
    ) -> None:
        ScheduleFactory.create(asset=schedule.asset)
        chosen = {"action": "make_due_orders", "_selected_action": schedule.pk}
        for made in (1, 0):
            answer = client.post(SCHEDULES, chosen, follow=True)
            assert f"Work orders made: {made}." in answer.content.decode()

        assert WorkOrder.objects.get().schedule == schedule
        assert Notification.objects.filter(recipient=planner.user).count() == 1

    def test_actions_reach_no_other_organization(
        self, client: Client, schedule: MaintenanceSchedule
    ) -> None:
        foreign = ScheduleFactory.create()
        for action in ("pause", "make_due_orders"):
            client.post(SCHEDULES, {"action": action, "_selected_action": foreign.pk})

        foreign.refresh_from_db()
        assert foreign.is_active
        assert not WorkOrder.objects.exists()

    def test_is_deleted_only_while_no_order_came_from_it(
        self, client: Client, schedule: MaintenanceSchedule
    ) -> None:
        used = ScheduleFactory.create(asset=schedule.asset)
        WorkOrderFactory.create(asset=schedule.asset, schedule=used, occurrence_at=NOON)
        services.recalculate_due_dates(organization_id=schedule.organization_id)

        assert client.post(f"{SCHEDULES}{used.pk}/delete/", {"post": "yes"}).status_code == 403
        assert client.post(f"{SCHEDULES}{schedule.pk}/delete/", {"post": "yes"}).status_code == 302
        assert MaintenanceSchedule.objects.get() == used

    def test_deleting_the_last_one_leaves_no_due_date(
        self, client: Client, schedule: MaintenanceSchedule
    ) -> None:
        services.recalculate_due_dates(organization_id=schedule.organization_id)
        client.post(f"{SCHEDULES}{schedule.pk}/delete/", {"post": "yes"})

        assert Asset.objects.get(pk=schedule.asset_id).next_due_at is None


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
