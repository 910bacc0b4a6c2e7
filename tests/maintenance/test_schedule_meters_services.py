"""Schedules that are due by a counter."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.models import Reading, Sensor, Site
from maintenance import services
from maintenance.models import MaintenanceSchedule, MeterTrigger, WorkOrder
from maintenance.scheduling.intervals import wall
from maintenance.services import Outcome, meters, schedules
from opssight.accounts.models import Membership
from tests.factories import NOON, MeterTriggerFactory, ReadingFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
Mode = MaintenanceSchedule.Mode


def run(sensor: Sensor, values: Sequence[float], *, first: datetime, step: timedelta = DAY) -> None:
    """Readings at equal steps; the sensor shows the last one."""
    rows = [
        Reading(sensor=sensor, time=first + number * step, value=value)
        for number, value in enumerate(values)
    ]
    Reading.objects.bulk_create(rows)
    Sensor.objects.filter(pk=sensor.pk).update(last_time=rows[-1].time, last_value=rows[-1].value)


def meter(membership: Membership, **values) -> MeterTrigger:
    values = {
        "schedule__mode": Mode.NONE,
        "schedule__next_due_at": None,
        "schedule__starts_at": datetime(2026, 1, 1, 8, tzinfo=UTC),
        **values,
    }
    made: MeterTrigger = MeterTriggerFactory.create(
        asset__organization=membership.organization, **values
    )
    return made


def refresh(trigger: MeterTrigger, at: datetime = NOON) -> MeterTrigger:
    """As the beat does it."""
    services.recalculate_due_dates(organization_id=trigger.organization_id, at=at)
    trigger.refresh_from_db()
    trigger.schedule.refresh_from_db()
    trigger.schedule.asset.refresh_from_db()
    return trigger


class TestProjection:
    def test_is_due_on_the_day_on_which_recent_use_reaches_the_amount(
        self, planner: Membership
    ) -> None:
        trigger = meter(planner, every=500)
        run(trigger.sensor, [n * 10.0 for n in range(41)], first=NOON - 40 * DAY)  # 400 h, 10 a day

        refresh(trigger)

        assert trigger.daily_use == pytest.approx(10)
        assert trigger.due_at == datetime(2026, 3, 11, 8, tzinfo=UTC)
        assert trigger.reached_at is None
        assert trigger.schedule.next_due_at == trigger.due_at
        assert trigger.schedule.asset.next_due_at == trigger.due_at

    @pytest.mark.parametrize(
        ("zone", "day", "due"),
        [
            ("Europe/Berlin", date(2026, 3, 29), datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
            ("Europe/Berlin", date(2026, 10, 25), datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
            ("America/New_York", date(2028, 2, 29), datetime(2028, 2, 29, 7, 30, tzinfo=UTC)),
            ("Asia/Kathmandu", date(2026, 12, 31), datetime(2026, 12, 30, 20, 45, tzinfo=UTC)),
        ],
    )
    def test_keeps_the_wall_time_of_its_start(
        self, planner: Membership, zone: str, day: date, due: datetime
    ) -> None:
        """A time that the clock skips moves forward; of one that it repeats it is the first."""
        there = ZoneInfo(zone)
        starts_at = datetime(2025, 1, 1, 2, 30, tzinfo=there)
        trigger = meter(planner, every=150, schedule__starts_at=starts_at)
        Site.objects.update(timezone=zone)
        at = datetime.combine(day, time(12), tzinfo=there) - 10 * DAY
        run(trigger.sensor, [n * 10.0 for n in range(6)], first=at - 5 * DAY)

        assert refresh(trigger, at=at).due_at == due
        assert wall(day, time(2, 30), there) == due  # as a calendar does it

    def test_only_the_last_thirty_days_count_as_recent(self, planner: Membership) -> None:
        trigger = meter(planner, every=5000)
        values = [n * 100.0 for n in range(30)] + [2900.0 + n * 10 for n in range(1, 41)]
        run(trigger.sensor, values, first=NOON - 69 * DAY)

        assert refresh(trigger).daily_use == pytest.approx(10)

    def test_a_day_without_readings_does_not_change_the_use(self, planner: Membership) -> None:
        trigger = meter(planner, every=500)
        run(trigger.sensor, [0, 20, 40, 60], first=NOON - 7 * DAY, step=2 * DAY)

        assert refresh(trigger).daily_use == pytest.approx(10)

    def test_is_not_in_sight_without_use_or_with_too_little_known(
        self, planner: Membership
    ) -> None:
        idle, new, slow, empty = (meter(planner, every=500) for _ in range(4))
        run(idle.sensor, [100.0] * 10, first=NOON - 9 * DAY)
        run(new.sensor, [100.0, 101.0], first=NOON - DAY / 24, step=DAY / 24)
        run(slow.sensor, [100.0 + n / 1000 for n in range(10)], first=NOON - 9 * DAY)

        for trigger in (idle, new, slow, empty):
            refresh(trigger)
            assert (trigger.due_at, trigger.schedule.next_due_at) == (None, None)

    def test_a_counter_that_fell_silent_is_due_today_at_the_latest_once_it_would_be_reached(
        self, planner: Membership
    ) -> None:
        trigger = meter(planner, every=500)
        run(trigger.sensor, [n * 10.0 for n in range(46)], first=NOON - 55 * DAY)  # 450 h

        refresh(trigger)

        assert trigger.due_at == datetime(2026, 3, 1, 8, tzinfo=UTC)
        assert trigger.reached_at is None

    def test_writes_only_what_changes(self, planner: Membership) -> None:
        trigger = meter(planner, every=500)
        run(trigger.sensor, [n * 10.0 for n in range(41)], first=NOON - 40 * DAY)
        pk = trigger.organization_id

        assert [meters.follow_meters(organization_id=pk, at=NOON) for _ in range(2)] == [1, 0]
        run(trigger.sensor, [400.1], first=NOON + timedelta(minutes=10))
        later = NOON + timedelta(minutes=20)
        assert meters.follow_meters(organization_id=pk, at=later) == 0

    def test_a_sleeping_schedule_is_left_alone(self, planner: Membership) -> None:
        trigger = meter(planner, every=5, schedule__is_active=False)
        run(trigger.sensor, [10.0], first=NOON)

        assert refresh(trigger).reached_at is None


class TestReached:
    def test_is_due_from_the_reading_that_reached_it(self, planner: Membership) -> None:
        trigger = meter(planner, every=500)
        run(trigger.sensor, [480.0], first=NOON - DAY)
        refresh(trigger, NOON - DAY)
        run(trigger.sensor, [490, 499, 500, 501], first=NOON - DAY / 2, step=DAY / 24)

        refresh(trigger)

        assert trigger.reached_at == trigger.due_at == NOON - DAY / 2 + DAY / 12
        assert trigger.schedule.next_due_at == trigger.reached_at

    def test_stays_when_more_readings_come(self, planner: Membership) -> None:
        trigger = meter(planner, every=500)
        run(trigger.sensor, [500.0], first=NOON)
        refresh(trigger)
        run(trigger.sensor, [600.0], first=NOON + DAY)

        assert refresh(trigger, NOON + 2 * DAY).reached_at == NOON

    def test_whichever_comes_first_calendar_or_meter(self, planner: Membership) -> None:
        calendar = NOON + 5 * DAY
        trigger = meter(
            planner, every=500, schedule__mode=Mode.FIXED, schedule__next_due_at=calendar
        )
        run(trigger.sensor, [400.0], first=NOON)
        assert refresh(trigger).schedule.next_due_at == calendar

        run(trigger.sensor, [501.0], first=NOON + DAY)
        assert refresh(trigger, NOON + 2 * DAY).schedule.next_due_at == NOON + DAY

    def test_in_the_yearly_pause_it_waits_for_the_day_after(self, planner: Membership) -> None:
        trigger = meter(
            planner, every=500, schedule__pause_from="02-20", schedule__pause_to="03-09"
        )
        run(trigger.sensor, [500.0], first=NOON)

        assert refresh(trigger).schedule.next_due_at == datetime(2026, 3, 10, 8, tzinfo=UTC)

    def test_after_the_end_of_the_schedule_it_calls_for_nothing(self, planner: Membership) -> None:
        trigger = meter(planner, every=500, schedule__ends_at=NOON - DAY)
        run(trigger.sensor, [500.0], first=NOON)

        assert refresh(trigger).schedule.next_due_at is None


class TestResets:
    def test_a_reset_counter_counts_on(self, planner: Membership) -> None:
        trigger = meter(planner, every=500)
        run(trigger.sensor, [300.0], first=NOON - 2 * DAY)
        refresh(trigger, NOON - 2 * DAY)
        run(trigger.sensor, [310, 0, 5, 189], first=NOON - DAY, step=DAY / 24)
        assert refresh(trigger, NOON - DAY / 2).reached_at is None  # 310 + 189

        run(trigger.sensor, [190.0], first=NOON)

        assert refresh(trigger).reached_at == NOON

    def test_a_rollover_is_no_negative_use(self, planner: Membership) -> None:
        trigger = meter(planner, every=100_000)
        values = [(99_950.0 + 10 * n) % 100_000 for n in range(20)]
        run(trigger.sensor, values, first=NOON - 19 * DAY)

        use = refresh(trigger).daily_use

        assert use == pytest.approx(10, rel=0.1)

    @settings(
        max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )
    @given(st.lists(st.integers(1, 240), min_size=1, max_size=20))
    def test_a_counter_with_an_end_counts_on_beyond_it(
        self, planner: Membership, rises: list[int]
    ) -> None:
        trigger = meter(planner, every=sum(rises))
        Sensor.objects.filter(pk=trigger.sensor_id).update(rolls_over_at=1000)
        shown = [float(900 + total) % 1000 for total in accumulate(rises, initial=0)]
        first = NOON - len(rises) * DAY / 48
        run(trigger.sensor, [900.0], first=first)
        MeterTrigger.objects.filter(pk=trigger.pk).update(counts_from=900)
        refresh(trigger, first)

        run(trigger.sensor, shown[1:], first=first + DAY / 48, step=DAY / 48)

        assert refresh(trigger, NOON - DAY / 96).reached_at is None
        assert refresh(trigger).reached_at == NOON

    def test_a_small_correction_downward_is_no_reset(self, planner: Membership) -> None:
        trigger = meter(planner, every=500)
        run(trigger.sensor, [490.0], first=NOON - DAY)
        refresh(trigger, NOON - DAY)
        run(trigger.sensor, [480, 495], first=NOON - DAY / 2, step=DAY / 24)

        assert refresh(trigger).reached_at is None
        assert trigger.counts_from == 0


class TestServed:
    def work(self, trigger: MeterTrigger, by: Membership, *, at: datetime) -> None:
        services.generate_due_work_orders(organization_id=trigger.organization_id, at=at)
        order = WorkOrder.objects.open().get(schedule=trigger.schedule)
        services.complete(work_order=order, by=by.user, at=at, outcome=Outcome())
        trigger.refresh_from_db()
        trigger.schedule.refresh_from_db()

    def test_fixed_it_counts_on_from_the_multiple(self, technician: Membership) -> None:
        trigger = meter(technician, every=500, schedule__mode=Mode.FIXED)
        MaintenanceSchedule.objects.update(calendar_due_at=NOON + 300 * DAY)
        run(trigger.sensor, [n * 10.0 for n in range(54)], first=NOON - 53 * DAY)  # 530 h

        refresh(trigger)
        self.work(trigger, technician, at=NOON)

        assert trigger.counts_from == 500
        assert trigger.reached_at is None
        assert trigger.schedule.next_due_at == datetime(2026, 4, 17, 8, tzinfo=UTC)  # 470 h to go
        assert trigger.schedule.calendar_due_at == NOON + 300 * DAY

    def test_floating_it_counts_from_the_reading_at_completion(
        self, technician: Membership
    ) -> None:
        trigger = meter(technician, every=500, schedule__mode=Mode.FLOATING)
        MaintenanceSchedule.objects.update(calendar_due_at=NOON + 300 * DAY, every=1, unit="years")
        run(trigger.sensor, [n * 10.0 for n in range(54)], first=NOON - 53 * DAY)

        refresh(trigger)
        self.work(trigger, technician, at=NOON)

        assert trigger.counts_from == 530
        # The work was done: the calendar starts anew too.
        assert trigger.schedule.calendar_due_at == datetime(2027, 3, 1, 8, tzinfo=UTC)

    def test_done_ahead_of_the_projection_a_fixed_meter_goes_on_with_the_next_multiple(
        self, technician: Membership
    ) -> None:
        trigger = meter(technician, every=500, schedule__mode=Mode.FIXED)
        MaintenanceSchedule.objects.update(calendar_due_at=NOON + 300 * DAY)
        run(trigger.sensor, [n * 10.0 for n in range(46)], first=NOON - 45 * DAY)  # 450 h

        refresh(trigger)
        self.work(trigger, technician, at=NOON)

        assert trigger.counts_from == 500

    def test_a_service_by_the_calendar_early_in_a_cycle_leaves_a_fixed_meter(
        self, technician: Membership
    ) -> None:
        trigger = meter(
            technician, every=500, schedule__mode=Mode.FIXED, schedule__next_due_at=NOON
        )
        run(trigger.sensor, [100.0], first=NOON)

        refresh(trigger)
        self.work(trigger, technician, at=NOON)

        assert trigger.counts_from == 0

    def test_a_cancelled_order_waits_for_the_next_multiple(self, planner: Membership) -> None:
        trigger = meter(planner, every=500)
        run(trigger.sensor, [530.0], first=NOON)
        refresh(trigger)
        services.generate_due_work_orders(organization_id=trigger.organization_id, at=NOON)

        services.cancel(work_order=WorkOrder.objects.get(), by=planner.user, at=NOON)

        assert refresh(trigger).counts_from == 500
        assert trigger.schedule.next_due_at is None
        made = services.generate_due_work_orders(organization_id=trigger.organization_id, at=NOON)
        assert made == 0

    @pytest.mark.crawl
    def test_a_whole_life_of_a_counter_makes_one_order_for_each_multiple(
        self, technician: Membership
    ) -> None:
        trigger = meter(technician, every=500, schedule__lead_days=0)
        for day in range(200):
            now = NOON + day * DAY
            ReadingFactory.create(sensor=trigger.sensor, time=now, value=20.0 * day)
            Sensor.objects.filter(pk=trigger.sensor_id).update(last_time=now, last_value=20 * day)
            services.recalculate_due_dates(organization_id=trigger.organization_id, at=now)
            services.generate_due_work_orders(organization_id=trigger.organization_id, at=now)
            for order in WorkOrder.objects.open():
                services.complete(work_order=order, by=technician.user, at=now, outcome=Outcome())

        # 3,980 h by then; a few are done hours ahead, on the morning of the projected day.
        assert WorkOrder.objects.count() in (7, 8)


def test_a_trigger_that_is_added_counts_at_once(planner: Membership) -> None:
    trigger = meter(planner, every=500)
    run(trigger.sensor, [500.0], first=NOON)

    schedules.refresh(schedules=[trigger.schedule_id], at=NOON)

    trigger.schedule.refresh_from_db()
    assert trigger.schedule.next_due_at == NOON
