"""The dry run: what schedules will call for, and that it is what they then do."""

from datetime import UTC, datetime, timedelta

import pytest

from assets.models import Asset, Reading, Sensor
from maintenance import services
from maintenance.models import MaintenanceSchedule, WorkOrder
from maintenance.scheduling.projection import Why
from maintenance.services import Outcome
from maintenance.services.occurrences import Occurrence, upcoming
from opssight.accounts.models import Membership, Organization
from tests.factories import (
    NOON,
    AssetFactory,
    AssetGroupFactory,
    AssetGroupMemberFactory,
    ConditionTriggerFactory,
    JobPlanFactory,
    MeterTriggerFactory,
    ScheduleFactory,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
YEAR = 365 * DAY
Mode = MaintenanceSchedule.Mode


def look(plant: Organization, *, start=NOON, days: int = 100, at=NOON) -> list[Occurrence]:
    rows = MaintenanceSchedule.objects.filter(organization=plant)
    return upcoming(schedules=rows, start=start, end=start + days * DAY, at=at)


def offsets(found: list[Occurrence]) -> list[int]:
    return [(one.due_at - NOON).days for one in found]


class TestCalendar:
    def test_a_fixed_one_is_certain_and_a_floating_one_assumes_that_each_is_done_on_time(
        self, plant: Organization
    ) -> None:
        for mode in (Mode.FIXED, Mode.FLOATING):
            ScheduleFactory.create(asset__organization=plant, mode=mode)

        found = look(plant)

        assert offsets(found) == [0, 0, 30, 30, 60, 60, 90, 90]
        assert [one.projected for one in found[2:4]] == [False, True]
        assert {one.why for one in found} == {Why.CALENDAR}

    def test_the_window_has_its_start_and_not_its_end(self, plant: Organization) -> None:
        ScheduleFactory.create(asset__organization=plant, mode=Mode.FIXED)

        assert offsets(look(plant, start=NOON + 30 * DAY, days=30)) == [30]

    def test_what_is_overdue_stands_at_its_date_and_what_was_missed_is_not_made_up_for(
        self, plant: Organization
    ) -> None:
        overdue = NOON - 40 * DAY
        for mode in (Mode.FIXED, Mode.FLOATING):
            ScheduleFactory.create(
                asset__organization=plant, mode=mode, starts_at=overdue, next_due_at=overdue
            )

        found = look(plant, start=NOON - 50 * DAY)

        assert offsets(found) == [-40, -40, 20, 30]

    def test_sleeping_and_ended_ones_and_those_of_retired_assets_call_for_nothing(
        self, plant: Organization
    ) -> None:
        ScheduleFactory.create(asset__organization=plant, is_active=False)
        ScheduleFactory.create(asset__organization=plant, asset__status="retired")
        ScheduleFactory.create(
            asset__organization=plant,
            ends_at=NOON - DAY,
            last_completed_at=NOON - 9 * DAY,
            calendar_due_at=None,
            starts_at=NOON - 300 * DAY,
        )

        assert look(plant) == []

    def test_one_that_was_never_calculated_begins_with_its_first_date(
        self, plant: Organization
    ) -> None:
        ScheduleFactory.create(asset__organization=plant, next_due_at=None)

        assert offsets(look(plant, days=31)) == [0, 30]


class TestTriggers:
    def test_a_meter_is_projected_again_and_again(self, plant: Organization) -> None:
        trigger = MeterTriggerFactory.create(
            asset__organization=plant,
            every=500,
            schedule__mode=Mode.NONE,
            schedule__next_due_at=None,
            daily_use=20,
            due_at=NOON + 10 * DAY,
        )

        found = look(plant)

        assert offsets(found) == [10, 35, 60, 85]
        assert {(one.why, one.projected) for one in found} == {(Why.METER, True)}
        assert {one.schedule for one in found} == {trigger.schedule_id}

    def test_a_reached_meter_is_certain_and_one_without_use_comes_once(
        self, plant: Organization
    ) -> None:
        MeterTriggerFactory.create(
            asset__organization=plant,
            schedule__mode=Mode.NONE,
            schedule__next_due_at=None,
            due_at=NOON - DAY,
            reached_at=NOON - DAY,
        )

        found = look(plant, start=NOON - 2 * DAY)

        assert [(one.due_at, one.projected) for one in found] == [(NOON - DAY, False)]

    def test_a_condition_that_is_met_comes_once(self, plant: Organization) -> None:
        ConditionTriggerFactory.create(
            asset__organization=plant,
            schedule__mode=Mode.NONE,
            schedule__next_due_at=None,
            schedule__lead_days=2,
            met_at=NOON,
        )

        found = look(plant)

        assert [(one.due_at, one.why) for one in found] == [(NOON + 2 * DAY, Why.CONDITION)]

    def test_whichever_comes_first_restarts_both_of_a_floating_schedule(
        self, plant: Organization
    ) -> None:
        MeterTriggerFactory.create(
            asset__organization=plant,
            every=500,
            schedule__next_due_at=NOON + 25 * DAY,
            daily_use=25,
            due_at=NOON + 10 * DAY,
        )

        found = look(plant, days=60)

        # After 10 days the meter takes 20 more each time, and the calendar 30.
        assert [((one.due_at - NOON).days, one.why) for one in found] == [
            (10, Why.METER),
            (30, Why.METER),
            (50, Why.METER),
        ]


class TestLarger:
    def test_shows_which_larger_service_stands_in(self, plant: Organization) -> None:
        asset = AssetFactory.create(organization=plant)
        quarterly = ScheduleFactory.create(asset=asset, mode=Mode.FIXED, every=90)
        monthly = ScheduleFactory.create(asset=asset, mode=Mode.FIXED, included_in=quarterly)

        found = [one for one in look(plant) if one.schedule == monthly.pk]

        assert [one.absorbed_by for one in found] == [quarterly.pk, None, None, quarterly.pk]

    def test_also_one_that_was_not_asked_for(self, plant: Organization) -> None:
        asset = AssetFactory.create(organization=plant)
        yearly = ScheduleFactory.create(asset=asset, mode=Mode.FIXED, every=365)
        monthly = ScheduleFactory.create(asset=asset, mode=Mode.FIXED, included_in=yearly)
        rows = MaintenanceSchedule.objects.filter(pk=monthly.pk)

        found = upcoming(schedules=rows, start=NOON, end=NOON + 31 * DAY, at=NOON)

        assert [one.absorbed_by for one in found] == [yearly.pk, None]


class TestMinutes:
    def test_are_those_of_the_plan_at_each_asset_unless_the_schedule_says_its_own(
        self, plant: Organization
    ) -> None:
        group = AssetGroupFactory.create(organization=plant)
        for status in ("in_service", "in_service", "retired"):
            asset = AssetFactory.create(organization=plant, status=status)
            AssetGroupMemberFactory.create(group=group, asset=asset)
        plan = JobPlanFactory.create(organization=plant, estimated_minutes=20)
        leading = Asset.objects.filter(groups=group).order_by("pk").first()
        for minutes in (60, 45):
            ScheduleFactory.create(
                asset=leading, group=group, job_plan=plan, estimated_minutes=minutes
            )
        outside = AssetFactory.create(organization=plant)
        ScheduleFactory.create(asset=outside, group=group, job_plan=plan)

        found = [one.minutes for one in look(plant, days=1)]
        services.generate_due_work_orders(organization_id=plant.pk, at=NOON)

        assert found == [40, 45, 60]
        made = WorkOrder.objects.order_by("schedule")
        assert list(made.values_list("estimated_minutes", flat=True)) == found


@pytest.mark.crawl
def test_what_is_foretold_is_what_happens(technician: Membership, plant: Organization) -> None:
    """A year lived day by day makes the orders that the dry run showed on its first day."""
    asset = AssetFactory.create(organization=plant, site__timezone="Europe/Berlin")
    start = datetime(2026, 1, 12, 7, tzinfo=UTC)
    plan = {"asset": asset, "starts_at": start, "next_due_at": start, "lead_days": 0}
    yearly = ScheduleFactory.create(**plan, mode="fixed", every=1, unit="years")
    quarterly = ScheduleFactory.create(
        **plan, mode="fixed", rule="FREQ=MONTHLY;INTERVAL=3;BYDAY=2MO", included_in=yearly
    )
    ScheduleFactory.create(**plan, mode="floating", every=1, unit="months", included_in=quarterly)
    ScheduleFactory.create(
        **plan,
        mode="fixed",
        rule="FREQ=WEEKLY;BYDAY=MO",
        holidays="DE-BY",
        on_holiday="after",
        pause_from="08-01",
        pause_to="08-23",
    )
    oil = ScheduleFactory.create(asset=asset, mode="none", starts_at=start, lead_days=0)
    MaintenanceSchedule.objects.filter(pk=oil.pk).update(next_due_at=None)
    meter = MeterTriggerFactory.create(asset=asset, schedule=oil, every=250)
    for day in range(-40, 360):
        moment = start - DAY / 4 + day * DAY
        Reading.objects.create(sensor=meter.sensor, time=moment, value=10 * (day + 40))
    Sensor.objects.filter(pk=meter.sensor_id).update(last_time=start + YEAR)
    services.recalculate_due_dates(organization_id=plant.pk, at=start)

    found = upcoming(
        schedules=MaintenanceSchedule.objects.filter(organization=plant),
        start=start - DAY,
        end=start + 300 * DAY,
        at=start,
    )
    for day in range(0, 300, 3):
        now = start + day * DAY
        services.recalculate_due_dates(organization_id=plant.pk, at=now)
        services.generate_due_work_orders(organization_id=plant.pk, at=now)
        for order in WorkOrder.objects.open():
            services.complete(
                work_order=order, by=technician.user, at=order.due_at, outcome=Outcome()
            )

    def told(schedule: int) -> list[str]:
        mine = [one for one in found if one.schedule == schedule and one.absorbed_by is None]
        return [f"{one.due_at:%m-%d}" for one in mine]

    def made(schedule: int) -> list[str]:
        rows = WorkOrder.objects.filter(schedule=schedule).order_by("due_at")
        return [f"{due:%m-%d}" for due in rows.values_list("due_at", flat=True)]

    for schedule in MaintenanceSchedule.objects.order_by("pk"):
        assert made(schedule.pk) == told(schedule.pk), schedule.rule or schedule.mode
