"""The orders that schedules make: what is on them, once each, or none at all."""

from datetime import timedelta
from unittest.mock import patch

import pytest

from assets.models import Asset
from maintenance import services
from maintenance.models import (
    MaintenanceSchedule,
    PartReservation,
    Urgency,
    WorkOrder,
    WorkOrderAsset,
    WorkOrderTask,
    WorkOrderTransition,
)
from maintenance.services import generation
from notifications.models import Notification, WebhookEvent
from opssight.accounts.models import Membership, Organization
from tests.factories import (
    NOON,
    AssetFactory,
    AssetGroupFactory,
    AssetGroupMemberFactory,
    JobPlanFactory,
    JobPlanPartFactory,
    JobPlanTaskFactory,
    ScheduleFactory,
    ServiceLevelFactory,
    WebhookFactory,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def generate(plant: Organization, at=NOON) -> int:
    return services.generate_due_work_orders(organization_id=plant.pk, at=at)


@pytest.fixture
def plan(plant: Organization):
    plan = JobPlanFactory.create(
        organization=plant,
        estimated_minutes=90,
        skills=["pumps"],
        permits=["hot work"],
        tools=["torque wrench"],
        safety_notes="Lock out.",
        needs_signature=True,
        needs_outage=True,
    )
    JobPlanTaskFactory.create(job_plan=plan, text="Guard in place?")
    JobPlanPartFactory.create(job_plan=plan, quantity=2)
    return plan


class TestContent:
    def test_carries_what_the_job_plan_says(self, plant: Organization, plan) -> None:
        ScheduleFactory.create(
            asset__organization=plant, job_plan=plan, priority=Urgency.HIGH, instructions=""
        )

        assert generate(plant) == 1

        order = WorkOrder.objects.get()
        assert (order.title, order.priority, order.job_plan) == ("Grease bearings", "high", plan)
        assert (order.skills, order.permits, order.tools) == (
            ["pumps"],
            ["hot work"],
            ["torque wrench"],
        )
        assert (order.safety_notes, order.needs_signature, order.needs_outage) == (
            "Lock out.",
            True,
            True,
        )
        assert order.estimated_minutes == 90
        assert [task.text for task in order.tasks.all()] == ["Guard in place?"]
        assert PartReservation.objects.get(work_order=order).quantity == 2

    def test_keeps_that_a_schedule_created_it(self, plant: Organization) -> None:
        ScheduleFactory.create(asset__organization=plant)
        generate(plant)

        row = WorkOrderTransition.objects.get()
        assert (row.from_status, row.to_status, row.by, row.at) == ("", "approved", None, NOON)

    def test_is_to_be_begun_so_many_hours_after_it_falls_due(self, plant: Organization) -> None:
        ServiceLevelFactory.create(organization=plant, priority=Urgency.MEDIUM, respond_hours=8)
        ahead = ScheduleFactory.create(asset__organization=plant, next_due_at=NOON + 5 * DAY)
        late = ScheduleFactory.create(asset__organization=plant, next_due_at=NOON - 5 * DAY)
        other = ScheduleFactory.create(asset__organization=plant, priority=Urgency.LOW)

        generate(plant)

        by = {order.schedule_id: order.respond_by for order in WorkOrder.objects.all()}
        assert by == {ahead.pk: NOON + 5 * DAY + 8 * HOUR, late.pk: NOON + 8 * HOUR, other.pk: None}


class TestGroup:
    def group(self, plant: Organization, *statuses: Asset.Status):
        group = AssetGroupFactory.create(organization=plant)
        for number, status in enumerate(statuses):
            asset = AssetFactory.create(organization=plant, tag=f"P-{number}", status=status)
            AssetGroupMemberFactory.create(group=group, asset=asset)
        return group

    def lines(self) -> list[str]:
        rows = WorkOrderAsset.objects.order_by("position")
        return list(rows.values_list("asset__tag", flat=True))

    def test_one_order_has_a_line_for_each_asset_that_is_not_retired(
        self, plant: Organization, plan
    ) -> None:
        in_service, retired = Asset.Status.IN_SERVICE, Asset.Status.RETIRED
        group = self.group(plant, in_service, retired, in_service)
        leading = AssetFactory.create(organization=plant, tag="LEAD")
        ScheduleFactory.create(asset=leading, group=group, job_plan=plan)

        assert generate(plant) == 1

        assert self.lines() == ["LEAD", "P-0", "P-2"]
        assert WorkOrder.objects.get().estimated_minutes == 3 * 90
        assert WorkOrderTask.objects.count() == 3

    def test_a_member_that_leads_has_one_line(self, plant: Organization) -> None:
        group = self.group(plant, Asset.Status.IN_SERVICE, Asset.Status.IN_SERVICE)
        ScheduleFactory.create(asset=Asset.objects.get(tag="P-1"), group=group)

        generate(plant)

        assert self.lines() == ["P-1", "P-0"]

    def test_another_leads_when_the_leading_one_is_retired(self, plant: Organization) -> None:
        group = self.group(plant, Asset.Status.RETIRED, Asset.Status.IN_SERVICE)
        ScheduleFactory.create(asset=Asset.objects.get(tag="P-0"), group=group)

        assert generate(plant) == 1

        assert self.lines() == ["P-1"]
        assert WorkOrder.objects.get().asset.tag == "P-1"

    def test_a_group_of_retired_assets_needs_no_work(self, plant: Organization) -> None:
        group = self.group(plant, Asset.Status.RETIRED, Asset.Status.RETIRED)
        ScheduleFactory.create(asset=Asset.objects.get(tag="P-0"), group=group)

        assert generate(plant) == 0

    def test_the_members_show_when_it_is_due(self, plant: Organization) -> None:
        group = self.group(plant, Asset.Status.IN_SERVICE)
        ScheduleFactory.create(asset__organization=plant, group=group)

        services.recalculate_due_dates(organization_id=plant.pk, at=NOON)

        assert Asset.objects.get(tag="P-0").next_due_at == NOON


class TestOnce:
    def test_more_schedules_than_fit_in_a_batch_make_one_order_each(
        self, plant: Organization
    ) -> None:
        asset = AssetFactory.create(organization=plant)
        for _ in range(7):
            ScheduleFactory.create(asset=asset)

        with patch.object(generation, "SCHEDULES_PER_BATCH", 3):
            assert [generate(plant), generate(plant)] == [7, 0]

    def test_a_hundred_orders_take_as_many_queries_as_ten(
        self, plant: Organization, plan, django_assert_max_num_queries
    ) -> None:
        for _ in range(30):
            ScheduleFactory.create(asset__organization=plant, job_plan=plan)

        with django_assert_max_num_queries(40):
            assert generate(plant) == 30

    def test_an_edited_due_date_while_an_order_is_open_makes_no_second_one(
        self, plant: Organization
    ) -> None:
        schedule = ScheduleFactory.create(asset__organization=plant)
        generate(plant)
        services.schedules.set_due(schedule=schedule, due_at=NOON + DAY, at=NOON)

        assert generate(plant) == 0


@pytest.mark.parametrize(
    "step",
    [
        "WorkOrder.objects.bulk_create",
        "WorkOrderAsset.objects.bulk_create",
        "course.record_creation",
        "checklists.apply_plans",
        "store.reserve_plans",
        "notify",
        "publish",
    ],
)
def test_a_failure_at_any_step_leaves_nothing_behind(
    planner: Membership, plant: Organization, plan, step: str
) -> None:
    WebhookFactory.create(organization=plant)
    schedule = ScheduleFactory.create(asset__organization=plant, job_plan=plan)
    before = MaintenanceSchedule.objects.values().get()

    broken = patch(f"maintenance.services.generation.{step}", side_effect=ZeroDivisionError)
    with broken, pytest.raises(ZeroDivisionError):
        generate(plant)

    for model in (
        WorkOrder,
        WorkOrderAsset,
        WorkOrderTask,
        WorkOrderTransition,
        PartReservation,
        Notification,
        WebhookEvent,
    ):
        assert not model.objects.exists(), model
    assert MaintenanceSchedule.objects.values().get() == before
    assert generate(plant) == 1
    assert WorkOrder.objects.get().schedule == schedule
