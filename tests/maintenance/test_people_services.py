"""Shifts, absences and service levels: when people work, and by when work is to be begun."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from pytest_django import DjangoAssertNumQueries

from assets.models import Asset
from maintenance import services
from maintenance.models import Shift, Technician, Urgency, WorkOrder
from maintenance.queries.availability import Presence, presence, working_spans
from maintenance.services import levels, reminders
from notifications.models import Notification, WebhookEvent
from opssight.accounts.models import Organization, User
from tests.factories import (
    NOON,
    AbsenceFactory,
    AssetFactory,
    MembershipFactory,
    ServiceLevelFactory,
    ShiftFactory,
    TechnicianFactory,
    WebhookFactory,
)

pytestmark = pytest.mark.django_db

HOUR = dt.timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def asset(plant: Organization) -> Asset:
    made: Asset = AssetFactory.create(organization=plant)
    return made


@pytest.fixture
def technician(plant: Organization) -> Technician:
    made: Technician = TechnicianFactory.create(organization=plant)
    return made


def create(asset: Asset, **values: object) -> WorkOrder:
    return services.create_work_order(
        asset=asset,
        title="Replace the seal",
        by=None,
        at=NOON,
        **values,  # type: ignore[arg-type]
    )


def shift(technician: Technician, weekday: int, hour: int, minutes: int) -> Shift:
    made: Shift = ShiftFactory.create(
        technician=technician, weekday=weekday, starts=dt.time(hour), minutes=minutes
    )
    return made


class TestShifts:
    def test_one_past_sundays_midnight_takes_the_first_hours_of_monday(
        self, technician: Technician
    ) -> None:
        shift(technician, Shift.Weekday.SUNDAY, 22, 480)
        early = Shift(technician=technician, weekday=0, starts=dt.time(5), minutes=60)
        early.organization_id = technician.organization_id

        with pytest.raises(ValidationError, match="goes on past midnight"):
            early.validate_constraints()
        with pytest.raises(IntegrityError), transaction.atomic():
            early.save()

    def test_shifts_that_touch_and_those_of_others_are_fine(self, technician: Technician) -> None:
        shift(technician, Shift.Weekday.SUNDAY, 22, 480)
        shift(technician, Shift.Weekday.MONDAY, 6, 480)
        shift(technician, Shift.Weekday.SUNDAY, 14, 480)
        shift(TechnicianFactory.create(organization=technician.organization), 6, 22, 480)

        assert Shift.objects.count() == 4


class TestWorkingSpans:
    def test_are_shifts_on_the_clock_of_the_organization_less_absences(
        self, technician: Technician, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        # The clock goes forward on 2026-03-29 in Berlin: the night shift still lasts 8 hours.
        shift(technician, Shift.Weekday.SATURDAY, 22, 480)
        shift(technician, Shift.Weekday.MONDAY, 8, 240)
        shift(technician, Shift.Weekday.MONDAY, 12, 240)
        usual = TechnicianFactory.create(organization=technician.organization)
        monday = dt.datetime(2026, 3, 30, tzinfo=BERLIN)
        AbsenceFactory.create(
            technician=technician,
            starts_at=monday + 9 * HOUR,
            ends_at=monday + 10 * HOUR,
        )

        with django_assert_num_queries(2):
            spans = working_spans(
                technicians=[technician.pk, usual.pk],
                start=monday - 24 * HOUR,
                end=monday + 24 * HOUR,
                zone=BERLIN,
            )

        def utc(day: int, hour: int) -> dt.datetime:
            return dt.datetime(2026, 3, day, hour, tzinfo=dt.UTC)

        assert spans[technician.pk] == [
            # Asked from Sunday's midnight on, which was an hour ahead in winter.
            (utc(28, 23), utc(29, 5)),
            (utc(30, 6), utc(30, 7)),
            (utc(30, 8), utc(30, 14)),
        ]
        assert spans[usual.pk] == [(utc(30, 6), utc(30, 14))]


def test_an_absence_that_is_to_come_ends_the_presence_and_one_that_lasts_is_away(
    technician: Technician,
) -> None:
    nine = dt.datetime(2026, 3, 30, 9, tzinfo=dt.UTC)
    AbsenceFactory.create(
        technician=technician, starts_at=nine + HOUR, ends_at=nine + dt.timedelta(days=1)
    )

    def at(moment: dt.datetime) -> Presence:
        return presence(technicians=[technician.pk], at=moment, zone=dt.UTC)[technician.pk]

    assert at(nine) == Presence("here", nine + HOUR)
    assert at(nine + HOUR) == Presence("away", nine + dt.timedelta(days=1))


class TestServiceLevels:
    def test_give_an_order_without_a_date_its_dates(self, asset: Asset) -> None:
        ServiceLevelFactory.create(
            organization=asset.organization, priority="high", respond_hours=4, complete_hours=24
        )
        ServiceLevelFactory.create(priority="low")

        order = create(asset, priority=Urgency.HIGH)
        dated = create(asset, priority=Urgency.HIGH, due_at=NOON + 2 * HOUR)
        other = create(asset, priority=Urgency.LOW)

        assert (order.respond_by, order.due_at) == (NOON + 4 * HOUR, NOON + 24 * HOUR)
        assert (dated.respond_by, dated.due_at) == (NOON + 4 * HOUR, NOON + 2 * HOUR)
        assert (other.respond_by, other.due_at) == (None, NOON + levels.WITHOUT_LEVEL)

    def test_are_those_of_the_new_priority_once_it_changes(self, asset: Asset) -> None:
        for priority, hours in (("high", 24), ("critical", 8)):
            ServiceLevelFactory.create(
                organization=asset.organization,
                priority=priority,
                respond_hours=hours // 8,
                complete_hours=hours,
            )
        order = create(asset, priority=Urgency.HIGH)
        dated = create(asset, priority=Urgency.HIGH, due_at=NOON + 100 * HOUR)

        for row in (order, dated):
            row.priority = Urgency.CRITICAL
            row.save()
            levels.renew(work_order=row)

        assert (order.respond_by, order.due_at) == (NOON + HOUR, NOON + 8 * HOUR)
        assert (dated.respond_by, dated.due_at) == (NOON + HOUR, NOON + 100 * HOUR)

        order.priority = Urgency.LOW
        levels.renew(work_order=order)

        assert (order.respond_by, order.complete_by) == (None, None)
        assert order.due_at == NOON + 8 * HOUR


class TestResponse:
    def test_is_due_then_missed_or_met(self, asset: Asset) -> None:
        ServiceLevelFactory.create(organization=asset.organization, priority="medium")
        order, begun, late = create(asset), create(asset), create(asset)
        WorkOrder.objects.filter(pk=begun.pk).update(started_at=NOON + HOUR)
        WorkOrder.objects.filter(pk=late.pk).update(started_at=NOON + 5 * HOUR)
        after = NOON + 6 * HOUR

        def stands(row: WorkOrder, at: dt.datetime) -> str:
            row.refresh_from_db()
            return row.response(at)

        assert stands(order, NOON) == "due"
        assert [stands(row, after) for row in (order, begun, late)] == ["missed", "met", "missed"]
        assert list(WorkOrder.objects.response_due(NOON)) == [order]
        assert set(WorkOrder.objects.response_missed(after)) == {order, late}


def told(event: str) -> list[tuple[str, str]]:
    """Who was told what: the user's name and the words up to the colon."""
    rows = Notification.objects.filter(event=event).order_by("pk")
    return [(row.recipient.username, row.subject.split(":")[0]) for row in rows]


class TestReminders:
    @pytest.fixture
    def planner(self, plant: Organization) -> User:
        member = MembershipFactory.create(
            organization=plant, role="planner", user__username="planner"
        )
        user: User = member.user
        return user

    @pytest.fixture
    def hand(self, plant: Organization) -> Technician:
        member = MembershipFactory.create(
            organization=plant, role="technician", user__username="hand"
        )
        made: Technician = TechnicianFactory.create(organization=plant, user=member.user)
        return made

    def test_each_hears_once_of_the_own_work_and_of_a_new_date_anew(
        self, asset: Asset, planner: User, hand: Technician
    ) -> None:
        mine = create(asset, technician=hand, due_at=NOON + 48 * HOUR)
        nobodys = create(asset, due_at=NOON + 30 * HOUR)
        create(asset, technician=hand, due_at=NOON + 20 * HOUR)
        WebhookFactory.create(organization=asset.organization, events=["work_order.overdue"])

        def remind(hours: int) -> int:
            return reminders.remind(organization_id=asset.organization_id, at=NOON + hours * HOUR)

        assert [remind(3), remind(7), remind(8)] == [0, 1, 0]
        assert told("work_order_due_soon") == [("planner", f"{nobodys.number} is due March 2, 18")]
        # What was given less than a day is overdue one day, and was never told as due soon.
        assert [remind(25), remind(25), remind(49)] == [2, 0, 2]
        assert told("work_order_due_soon")[1:] == [("hand", f"{mine.number} is due March 3, 12")]
        assert [name for name, _ in told("work_order_overdue")] == ["hand", "planner", "hand"]
        assert WebhookEvent.objects.filter(event="work_order.overdue").count() == 3

        WorkOrder.objects.filter(pk=mine.pk).update(due_at=NOON + 50 * HOUR)
        assert [remind(51), remind(52)] == [1, 0]

    def test_a_response_is_missed_until_work_begins(
        self, asset: Asset, planner: User, hand: Technician
    ) -> None:
        ServiceLevelFactory.create(
            organization=asset.organization, priority="medium", complete_hours=900
        )
        order = create(asset, technician=hand)
        begun = create(asset, technician=hand)
        WorkOrder.objects.filter(pk=begun.pk).update(started_at=NOON, status="in_progress")
        gone = create(asset, technician=hand)
        WorkOrder.objects.filter(pk=gone.pk).update(status="cancelled")

        assert reminders.remind(organization_id=asset.organization_id, at=NOON + 5 * HOUR) == 1
        assert told("response_missed") == [
            ("hand", f"{order.number} was to be begun by March 1, 16")
        ]

    def test_many_are_told_in_one_message_and_drafts_to_planners(
        self, asset: Asset, planner: User, hand: Technician
    ) -> None:
        for _ in range(12):
            create(asset, technician=hand, due_at=NOON + HOUR)
        create(asset, technician=hand, due_at=NOON + HOUR, is_draft=True)

        assert reminders.remind(organization_id=asset.organization_id, at=NOON + 2 * HOUR) == 13
        assert [subject for name, subject in told("work_order_overdue") if name == "hand"] == [
            "12 work orders are overdue"
        ]
        assert [name for name, _ in told("work_order_overdue")].count("planner") == 1
