import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from assets.models import Asset, Sensor
from maintenance import services
from maintenance.models import (
    ConditionTrigger,
    MaintenanceSchedule,
    MeterTrigger,
    Technician,
    WorkOrder,
)
from notifications.models import Notification
from opssight.accounts.models import Membership
from tests.conftest import ClientFor
from tests.factories import (
    NOON,
    AssetFactory,
    ScheduleFactory,
    SensorFactory,
    TechnicianFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db

SCHEDULES = "/admin/maintenance/maintenanceschedule/"
METERS = "/admin/maintenance/metertrigger/"
CONDITIONS = "/admin/maintenance/conditiontrigger/"


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
        "priority": "medium",
        "mode": schedule.mode,
        "every": schedule.every,
        "unit": schedule.unit,
        "starts_at_0": f"{starts:%Y-%m-%d}",
        "starts_at_1": f"{starts:%H:%M:%S}",
        "next_due_at_0": f"{next_due:%Y-%m-%d}",
        "next_due_at_1": f"{next_due:%H:%M:%S}",
        "on_holiday": "keep",
        "lead_days": 7,
        "grace_days": 1,
        "absorb_days": 7,
        "estimated_minutes": 60,
        "is_active": "on",
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
        services.recalculate_due_dates(organization_id=schedule.organization_id, at=NOON)

        assert client.post(f"{SCHEDULES}{used.pk}/delete/", {"post": "yes"}).status_code == 403
        assert client.post(f"{SCHEDULES}{schedule.pk}/delete/", {"post": "yes"}).status_code == 302
        assert MaintenanceSchedule.objects.get() == used

    def test_deleting_the_last_one_leaves_no_due_date(
        self, client: Client, schedule: MaintenanceSchedule
    ) -> None:
        services.recalculate_due_dates(organization_id=schedule.organization_id, at=NOON)
        client.post(f"{SCHEDULES}{schedule.pk}/delete/", {"post": "yes"})

        assert Asset.objects.get(pk=schedule.asset_id).next_due_at is None

    def test_a_rule_needs_a_fixed_calendar_and_names_days(
        self, client: Client, schedule: MaintenanceSchedule
    ) -> None:
        rule = "FREQ=MONTHLY;BYDAY=2TU"
        assert "rule" in errors(self.change(client, schedule, mode="floating", rule=rule))
        assert "rule" in errors(self.change(client, schedule, rule="FREQ=HOURLY"))
        assert self.change(client, schedule, rule=rule).status_code == 302

        assert (schedule.rule, schedule.next_due_at) == (
            rule,
            dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC),
        )

    def test_days_are_left_out(self, client: Client, schedule: MaintenanceSchedule) -> None:
        days = {"excluded_dates": "2026-03-01,2026-12-24"}
        assert self.change(client, schedule, **days).status_code == 302

        assert schedule.excluded_dates == [dt.date(2026, 3, 1), dt.date(2026, 12, 24)]


class TestTriggers:
    def test_a_meter_belongs_to_the_asset_of_its_schedule(
        self, client: Client, schedule: MaintenanceSchedule
    ) -> None:
        sensor = SensorFactory.create(asset=schedule.asset, kind=Sensor.Kind.COUNTER)
        values = {"schedule": schedule.pk, "sensor": sensor.pk, "every": 500, "counts_from": 0}
        assert client.post(f"{METERS}add/", values).status_code == 302

        meter = MeterTrigger.objects.get()
        assert (meter.asset, meter.organization) == (schedule.asset, schedule.organization)
        assert client.post(f"{METERS}{meter.pk}/delete/", {"post": "yes"}).status_code == 302
        assert not MeterTrigger.objects.exists()

    def test_a_condition_says_its_limit(
        self, client: Client, schedule: MaintenanceSchedule
    ) -> None:
        values = {"schedule": schedule.pk, "for_minutes": 30}
        assert "above" in errors(client.post(f"{CONDITIONS}add/", values))
        assert client.post(f"{CONDITIONS}add/", {**values, "above": 60}).status_code == 302

        assert ConditionTrigger.objects.get().asset == schedule.asset

    def test_a_schedule_of_another_organization_is_no_choice(self, client: Client) -> None:
        foreign = ScheduleFactory.create()
        values = {"schedule": foreign.pk, "for_minutes": 30, "above": 60}

        assert "schedule" in errors(client.post(f"{CONDITIONS}add/", values))
