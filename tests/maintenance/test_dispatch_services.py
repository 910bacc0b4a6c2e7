"""Orders are given to people and moved in time, each for itself, and each person is told once."""

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from maintenance.models import Technician, WorkOrder
from maintenance.services import dispatch
from maintenance.services.dispatch import Assignment, Outcome, state_of
from notifications.models import Notification, WebhookEvent
from opssight.accounts.models import Membership, Organization
from opssight.accounts.permissions import Role
from tests.factories import (
    NOON,
    AssetFactory,
    MembershipFactory,
    TechnicianFactory,
    WebhookFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)
DAY = dt.timedelta(days=1)
Status = WorkOrder.Status
Person = Callable[..., Technician]


@pytest.fixture
def person(plant: Organization) -> Person:
    def make(role: Role = Role.TECHNICIAN, coverage: str = "whole", **values: object) -> Technician:
        member = MembershipFactory.create(organization=plant, role=role, coverage=coverage)
        made: Technician = TechnicianFactory.create(organization=plant, user=member.user, **values)
        return made

    return make


def _order(plant: Organization, **values: object) -> WorkOrder:
    made: WorkOrder = WorkOrderFactory.create(asset__organization=plant, **values)
    return made


def _told(event: str = "work_order_assigned") -> list[tuple[int, str]]:
    rows = Notification.objects.filter(event=event).order_by("pk")
    return list(rows.values_list("recipient", "subject"))


def _reasons(outcomes: list[Outcome]) -> list[str]:
    return [one.reason for one in outcomes]


class TestAssign:
    def test_each_status_takes_a_technician_in_its_own_way(
        self, plant: Organization, planner: Membership, person: Person
    ) -> None:
        """What is over is refused, and hinders no other; the technician hears of it once."""
        statuses = [Status.DRAFT, Status.APPROVED, Status.SCHEDULED, Status.WAITING]
        orders = [_order(plant, status=status) for status in statuses]
        orders.append(_order(plant, status=Status.IN_PROGRESS, started_at=NOON))
        orders.append(_order(plant, status=Status.CANCELLED))
        one = person()

        outcomes = dispatch.assign(orders=orders, technician=one, by=planner.user, at=NOON)

        assert [(out.done, out.order.status) for out in outcomes] == [
            (True, "draft"),
            (True, "scheduled"),
            (True, "scheduled"),
            (True, "waiting"),
            (True, "in_progress"),
            (False, "cancelled"),
        ]
        assert outcomes[-1].reason == "Nothing was changed: the work order is already cancelled."
        assert set(WorkOrder.objects.open().values_list("technician", flat=True)) == {one.pk}
        [step] = orders[1].transitions.all()
        assert (step.from_status, step.to_status, step.by) == (
            "approved",
            "scheduled",
            planner.user,
        )
        assert not orders[2].transitions.exists()
        assert _told() == [(one.user_id, "5 work orders are yours")]

    def test_webhooks_hear_whose_it_is_each_time_that_changes(
        self, plant: Organization, planner: Membership, person: Person
    ) -> None:
        WebhookFactory.create(organization=plant, events=["work_order.assigned"])
        order, one, other = _order(plant), person(), person()

        for number, technician in enumerate((one, one, other, one, None)):
            at = NOON + number * HOUR
            order.refresh_from_db()
            dispatch.assign(orders=[order], technician=technician, by=planner.user, at=at)

        rows = WebhookEvent.objects.order_by("created_at")
        told = [row.payload["data"] for row in rows]
        assert [(row["technician_before"], row["technician"]) for row in told] == [
            (None, one.pk),
            (one.pk, other.pk),
            (other.pk, one.pk),
            (one.pk, None),
        ]

    def test_to_nobody_takes_it_out_of_the_plan_and_tells_who_had_it(
        self, plant: Organization, planner: Membership, person: Person
    ) -> None:
        one = person()
        times = {"planned_start": NOON, "planned_end": NOON + HOUR}
        planned = _order(plant, status=Status.SCHEDULED, technician=one, **times)
        begun = _order(plant, status=Status.IN_PROGRESS, technician=one, started_at=NOON)

        outcomes = dispatch.assign(
            orders=[planned, begun], technician=None, by=planner.user, at=NOON
        )

        planned.refresh_from_db()
        begun.refresh_from_db()
        assert (planned.status, planned.technician, planned.planned_start) == (
            "approved",
            None,
            None,
        )
        assert _reasons(outcomes)[1].startswith("Work on it was begun.")
        assert begun.technician == one
        text = f"{planned.number} is not yours any more: {planned.title} on {planned.asset.tag}"
        assert _told() == [(one.user_id, text)]

    def test_refuses_whoever_may_not_do_it(
        self, plant: Organization, planner: Membership, person: Person, stranger: Membership
    ) -> None:
        order = _order(plant, asset__tag="P-1")
        elsewhere = TechnicianFactory.create(organization=stranger.organization, user=stranger.user)
        cases = {
            person(is_active=False): "is not active",
            person(role=Role.VIEWER): "may not execute work orders",
            person(coverage="part"): "P-1 is not in the part of the plant",
            TechnicianFactory.create(organization=plant): "may not execute work orders",
            elsewhere: "another organization",
        }
        for technician, words in cases.items():
            [outcome] = dispatch.assign(
                orders=[order], technician=technician, by=planner.user, at=NOON
            )
            assert not outcome.done
            assert words in outcome.reason
        order.refresh_from_db()
        assert (order.technician, order.status) == (None, "approved")

    def test_a_plan_that_was_overtaken_is_refused(
        self, plant: Organization, planner: Membership, person: Person
    ) -> None:
        """Both orders were read before; one was given to somebody else since."""
        first, second = _order(plant), _order(plant)
        seen = [state_of(first), state_of(second)]
        dispatch.assign(orders=[first], technician=person(), by=planner.user, at=NOON)
        one = person()
        rows = [WorkOrder.objects.get(pk=row.pk) for row in (first, second)]
        wanted = [Assignment(row, one, state=state) for row, state in zip(rows, seen, strict=True)]

        outcomes = dispatch.assign_each(assignments=wanted, by=planner.user, at=NOON)

        assert [out.done for out in outcomes] == [False, True]
        assert "changed in the meantime: it is scheduled, with" in outcomes[0].reason
        # Who read the row itself before is refused as well.
        [late] = dispatch.assign(orders=[first], technician=one, by=planner.user, at=NOON)
        assert not late.done

    def test_the_end_follows_from_the_estimate_within_the_shifts(
        self, plant: Organization, planner: Membership, person: Person
    ) -> None:
        """From 14:00 two hours are left on Friday; clocks change on the Sunday after."""
        plant.timezone = "Europe/Berlin"
        plant.save()
        order = _order(plant, estimated_minutes=240)
        friday = dt.datetime(2026, 3, 27, 14, tzinfo=ZoneInfo("Europe/Berlin"))

        [outcome] = dispatch.assign(
            orders=[order], technician=person(), by=planner.user, at=NOON, planned_start=friday
        )

        monday = dt.datetime(2026, 3, 30, 10, tzinfo=ZoneInfo("Europe/Berlin"))
        assert outcome.order.planned_end == monday.astimezone(dt.UTC)

    def test_what_speaks_against_the_plan_is_said_and_done_all_the_same(
        self, plant: Organization, planner: Membership, person: Person
    ) -> None:
        """On Sunday at noon nobody works; another order lies there, and it was due before."""
        one = person(skills=["welding"])
        times = {"planned_start": NOON, "planned_end": NOON + HOUR}
        other = _order(plant, technician=one, status=Status.SCHEDULED, **times)
        order = _order(plant, skills=["Welding", "Rigging"])
        monday = _order(plant, skills=["Welding"], due_at=NOON + 5 * DAY)

        [outcome] = dispatch.assign(
            orders=[order], technician=one, by=planner.user, at=NOON, planned_start=NOON
        )
        [fine] = dispatch.assign(
            orders=[monday],
            technician=one,
            by=planner.user,
            at=NOON,
            planned_start=NOON + 21 * HOUR,
        )

        assert outcome.done
        assert outcome.clashes == [
            f"{one} lacks Rigging.",
            f"{one} is not at work in all of that time.",
            f"{one} has {other.number} at the same time.",
            "It is due before that, Sun 1 Mar 12:00.",
        ]
        assert fine.clashes == []

    def test_work_without_a_planned_end_stands_in_the_way_as_long_as_its_labor(
        self, plant: Organization, planner: Membership, person: Person
    ) -> None:
        """On Monday at ten, an hour after two hours of work were begun that have no end."""
        one = person()
        nine = NOON + 21 * HOUR
        other = _order(
            plant,
            technician=one,
            status=Status.SCHEDULED,
            planned_start=nine,
            estimated_minutes=120,
        )
        order = _order(
            plant, planned_start=nine + HOUR, estimated_minutes=60, due_at=NOON + 5 * DAY
        )
        late = _order(plant, planned_start=nine + 6 * HOUR, estimated_minutes=120, due_at=nine)

        [after], [never] = (
            dispatch.assign(orders=[row], technician=one, by=planner.user, at=NOON)
            for row in (order, late)
        )

        assert after.clashes == [f"{one} has {other.number} at the same time."]
        assert never.clashes == [
            f"{one} is not at work in all of that time.",
            "It is due before that, Mon 2 Mar 09:00.",
        ]

    @pytest.mark.parametrize(
        ("start", "end", "words"),
        [
            (dt.datetime(9999, 12, 31, 23, tzinfo=dt.UTC), None, "ten years"),
            (dt.datetime.min.replace(tzinfo=ZoneInfo("Asia/Tokyo")), None, "ten years"),
            (NOON, NOON + 400 * DAY, "within a year"),
            (NOON, NOON, "after the start"),
            (None, NOON, "planned start"),
        ],
    )
    def test_a_time_that_cannot_be_meant_is_refused(
        self,
        plant: Organization,
        planner: Membership,
        person: Person,
        start: dt.datetime | None,
        end: dt.datetime | None,
        words: str,
    ) -> None:
        [outcome] = dispatch.assign(
            orders=[_order(plant)],
            technician=person(),
            by=planner.user,
            at=NOON,
            planned_start=start,
            planned_end=end,
        )
        assert words in outcome.reason

    def test_a_hundred_orders_take_few_queries(
        self, plant: Organization, planner: Membership, person: Person
    ) -> None:
        asset = AssetFactory.create(organization=plant)
        for _ in range(100):
            WorkOrderFactory.create(asset=asset)
        orders = list(WorkOrder.objects.all())
        one = person()

        with CaptureQueriesContext(
            connection,
        ) as queries:
            outcomes = dispatch.assign(
                orders=orders, technician=one, by=planner.user, at=NOON, planned_start=NOON
            )

        assert all(outcome.done for outcome in outcomes)
        assert len(queries) <= 15


class TestReschedule:
    def test_days_are_days_of_the_wall_clock(
        self, plant: Organization, planner: Membership, person: Person
    ) -> None:
        """Over the change of the clock the hour stays, and so does the planned length."""
        plant.timezone = "Europe/Berlin"
        plant.save()
        zone = ZoneInfo("Europe/Berlin")
        start = dt.datetime(2026, 3, 28, 22, tzinfo=zone)
        one = person()
        order = _order(
            plant,
            status=Status.SCHEDULED,
            technician=one,
            due_at=dt.datetime(2026, 3, 28, 17, tzinfo=zone),
            planned_start=start,
            planned_end=dt.datetime(2026, 3, 28, 23, tzinfo=zone),
        )
        begun = _order(plant, status="in_progress", started_at=NOON, planned_start=NOON)

        outcomes = dispatch.reschedule(
            orders=[order, begun], by=planner.user, at=NOON, shift_days=1
        )

        assert all(outcome.done for outcome in outcomes)
        order.refresh_from_db()
        begun.refresh_from_db()
        assert order.due_at == dt.datetime(2026, 3, 29, 17, tzinfo=zone)
        assert order.planned_start == dt.datetime(2026, 3, 29, 22, tzinfo=zone)
        assert order.planned_end == dt.datetime(2026, 3, 29, 23, tzinfo=zone)
        assert (begun.planned_start, begun.due_at) == (NOON, NOON + DAY)
        assert [pk for pk, _ in _told()] == [one.user_id]

    def test_a_planned_start_schedules_and_what_was_begun_keeps_its_own(
        self, plant: Organization, planner: Membership, person: Person
    ) -> None:
        approved = _order(plant, technician=person(), estimated_minutes=30)
        alone = _order(plant, planned_start=NOON, planned_end=NOON + 3 * HOUR)
        begun = _order(plant, status="in_progress", started_at=NOON)

        outcomes = dispatch.reschedule(
            orders=[approved, alone, begun], by=planner.user, at=NOON, planned_start=NOON + DAY
        )

        assert [(out.done, out.order.status) for out in outcomes] == [
            (True, "scheduled"),
            (True, "approved"),
            (False, "in_progress"),
        ]
        ends = [out.order.planned_end for out in outcomes[:2]]
        assert ends == [NOON + DAY + HOUR / 2, NOON + DAY + 3 * HOUR]
        assert "its planned time stays" in outcomes[2].reason

    def test_nobody_is_told_of_their_own_change(self, plant: Organization, person: Person) -> None:
        one = person()
        order = _order(plant, technician=one)

        dispatch.reschedule(orders=[order], by=one.user, at=NOON, due_at=NOON + DAY)

        assert _told() == []
        order.refresh_from_db()
        assert order.due_at == NOON + DAY
