"""Schedules that are due by a condition: a limit passed for a time, a risk above a level."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from assets.models import Asset
from maintenance import services
from maintenance.models import ConditionTrigger, MaintenanceSchedule, WorkOrder
from maintenance.services import Outcome
from opssight.accounts.models import Membership
from tests.factories import NOON, AssetFactory, ConditionTriggerFactory, SensorFactory
from tests.maintenance.test_schedule_meters_services import run

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def condition(membership: Membership, *, of_sensor: bool = True, **values) -> ConditionTrigger:
    values = {
        "schedule__mode": MaintenanceSchedule.Mode.NONE,
        "schedule__next_due_at": None,
        **values,
    }
    asset = AssetFactory.create(organization=membership.organization)
    if of_sensor:
        values["sensor"] = SensorFactory.create(asset=asset)
    made: ConditionTrigger = ConditionTriggerFactory.create(asset=asset, **values)
    return made


def look(trigger: ConditionTrigger, at: datetime) -> ConditionTrigger:
    """As the beat does it."""
    services.recalculate_due_dates(organization_id=trigger.organization_id, at=at)
    trigger.refresh_from_db()
    trigger.schedule.refresh_from_db()
    return trigger


def read(trigger: ConditionTrigger, values: Sequence[float], *, first: datetime) -> None:
    """Readings ten minutes apart."""
    assert trigger.sensor is not None
    run(trigger.sensor, values, first=first, step=10 * MINUTE)


def set_risk(trigger: ConditionTrigger, risk: float | None) -> None:
    Asset.objects.filter(pk=trigger.asset_id).update(current_risk=risk)


def do_the_work(trigger: ConditionTrigger, by: Membership, at: datetime) -> None:
    services.generate_due_work_orders(organization_id=trigger.organization_id, at=at)
    order = WorkOrder.objects.open().get()
    services.complete(work_order=order, by=by.user, at=at, outcome=Outcome())


class TestLimit:
    def test_is_due_once_the_limit_was_passed_for_long_enough(self, planner: Membership) -> None:
        trigger = condition(planner, above=60, for_minutes=30)
        read(trigger, [50, 61, 62, 63], first=NOON)
        assert look(trigger, NOON + 35 * MINUTE).met_at is None
        assert trigger.since == NOON + 10 * MINUTE

        read(trigger, [64], first=NOON + 40 * MINUTE)

        assert look(trigger, NOON + HOUR).met_at == NOON + 40 * MINUTE
        assert trigger.schedule.next_due_at == NOON + 40 * MINUTE + trigger.schedule.lead

    def test_its_order_is_made_at_once_and_has_the_lead_to_be_done_in(
        self, planner: Membership
    ) -> None:
        trigger = condition(planner, above=60, schedule__lead_days=3)
        read(trigger, [61], first=NOON)
        look(trigger, NOON + HOUR)

        services.generate_due_work_orders(organization_id=trigger.organization_id, at=NOON + HOUR)

        assert WorkOrder.objects.get().due_at == NOON + timedelta(days=3)

    def test_one_reading_within_the_limits_begins_anew(self, planner: Membership) -> None:
        trigger = condition(planner, above=60, for_minutes=30)
        read(trigger, [61, 62, 59, 61, 62, 63], first=NOON)

        assert look(trigger, NOON + HOUR).met_at is None
        assert trigger.since == NOON + 30 * MINUTE

    @pytest.mark.parametrize(
        ("limits", "values", "met"),
        [
            ({"above": 60}, [60], False),
            ({"above": 60}, [60.1], True),
            ({"above": None, "below": 10}, [10], False),
            ({"above": None, "below": 10}, [9.9], True),
            ({"above": 60, "below": 10}, [30], False),
            ({"above": 60, "below": 10}, [5], True),
            ({"above": 60, "below": 10}, [70], True),
        ],
    )
    def test_a_limit_is_passed_above_or_below_it(
        self, planner: Membership, limits, values, met
    ) -> None:
        trigger = condition(planner, **limits)
        read(trigger, values, first=NOON)

        assert (look(trigger, NOON).met_at is not None) is met

    def test_a_breach_that_came_and_went_between_two_looks_is_seen(
        self, planner: Membership
    ) -> None:
        trigger = condition(planner, above=60, for_minutes=20)
        read(trigger, [50, 61, 62, 63, 50, 50], first=NOON)

        assert look(trigger, NOON + HOUR).met_at == NOON + 30 * MINUTE
        assert trigger.since is None

    def test_many_looks_find_the_same_as_one(self, planner: Membership) -> None:
        one, many = (condition(planner, above=60, for_minutes=40) for _ in range(2))
        values = [50, 61, 62, 50, 61, 62, 63, 64, 65, 66, 50, 61]
        read(one, values, first=NOON)
        for number, value in enumerate(values):
            read(many, [value], first=NOON + number * 10 * MINUTE)
            look(many, NOON + number * 10 * MINUTE)

        look(one, NOON + 2 * HOUR)

        assert (one.met_at, one.since) == (many.met_at, many.since)
        assert one.met_at == NOON + 80 * MINUTE

    def test_stays_due_until_the_work_is_done_though_the_breach_is_over(
        self, technician: Membership
    ) -> None:
        trigger = condition(technician, above=60)
        read(trigger, [61, 50], first=NOON)
        assert look(trigger, NOON + HOUR).met_at == NOON

        do_the_work(trigger, technician, NOON + 2 * HOUR)

        assert look(trigger, NOON + 3 * HOUR).met_at is None
        assert trigger.schedule.next_due_at is None


class TestHysteresis:
    def test_the_breach_that_was_served_calls_for_nothing_more(
        self, technician: Membership
    ) -> None:
        trigger = condition(technician, above=60)
        read(trigger, [61, 62], first=NOON)
        look(trigger, NOON + HOUR)
        do_the_work(trigger, technician, NOON + HOUR)

        read(trigger, [63, 64], first=NOON + 2 * HOUR)
        assert look(trigger, NOON + 3 * HOUR).met_at is None

        read(trigger, [50, 61], first=NOON + 4 * HOUR)
        assert look(trigger, NOON + 5 * HOUR).met_at == NOON + 4 * HOUR + 10 * MINUTE

    def test_neither_does_one_whose_order_was_cancelled(self, planner: Membership) -> None:
        trigger = condition(planner, above=60)
        read(trigger, [61, 62], first=NOON)
        look(trigger, NOON + HOUR)
        services.generate_due_work_orders(organization_id=trigger.organization_id, at=NOON + HOUR)

        services.cancel(work_order=WorkOrder.objects.get(), by=planner.user, at=NOON + HOUR)

        read(trigger, [63], first=NOON + 2 * HOUR)
        assert look(trigger, NOON + 3 * HOUR).schedule.next_due_at is None

    def test_every_reading_of_one_breach_makes_one_order(self, planner: Membership) -> None:
        trigger = condition(planner, above=60)
        for number in range(20):
            now = NOON + number * 10 * MINUTE
            read(trigger, [61 + number], first=now)
            look(trigger, now)
            services.generate_due_work_orders(organization_id=trigger.organization_id, at=now)

        assert WorkOrder.objects.count() == 1


class TestRisk:
    def test_is_due_while_the_risk_is_above_the_level_for_long_enough(
        self, planner: Membership
    ) -> None:
        trigger = condition(planner, of_sensor=False, above=70, for_minutes=60)
        set_risk(trigger, 75)
        assert look(trigger, NOON).met_at is None
        set_risk(trigger, 80)
        assert look(trigger, NOON + HOUR).met_at == NOON + HOUR
        assert trigger.schedule.next_due_at == NOON + HOUR + trigger.schedule.lead

    def test_a_risk_that_falls_begins_anew(self, planner: Membership) -> None:
        trigger = condition(planner, of_sensor=False, above=70, for_minutes=60)
        for minutes, risk in ((0, 75), (30, 70), (60, 75), (90, None)):
            set_risk(trigger, risk)
            look(trigger, NOON + minutes * MINUTE)

        assert (trigger.since, trigger.met_at) == (None, None)

    def test_a_served_risk_calls_again_only_after_it_was_lower(
        self, technician: Membership
    ) -> None:
        trigger = condition(technician, of_sensor=False, above=70)
        set_risk(trigger, 75)
        look(trigger, NOON)
        do_the_work(trigger, technician, NOON)
        assert look(trigger, NOON + HOUR).met_at is None

        for hours, risk in ((2, 20), (3, 90)):
            set_risk(trigger, risk)
            look(trigger, NOON + hours * HOUR)

        assert trigger.met_at == NOON + 3 * HOUR


def test_looks_at_many_conditions_in_few_queries(
    planner: Membership, django_assert_max_num_queries
) -> None:
    for number in range(30):
        read(condition(planner, above=60), [61, number], first=NOON)

    with django_assert_max_num_queries(20):
        services.recalculate_due_dates(organization_id=planner.organization.pk, at=NOON + HOUR)

    assert ConditionTrigger.objects.exclude(met_at=None).count() == 30
