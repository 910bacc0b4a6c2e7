"""What schedules will ask for: labor by the week, parts by the month."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from assets.models import Asset
from maintenance.models import MaintenanceSchedule
from maintenance.queries.availability import Roster
from maintenance.queries.capacity import absent_share, capacity
from maintenance.services import dry_run
from opssight.accounts.models import Membership, Organization
from tests.conftest import ApiFor, ClientFor
from tests.factories import (
    AbsenceFactory,
    AssetFactory,
    AssetGroupFactory,
    AssetGroupMemberFactory,
    JobPlanFactory,
    JobPlanPartFactory,
    MembershipFactory,
    PartFactory,
    PartReservationFactory,
    ScheduleFactory,
    ShiftFactory,
    TechnicianFactory,
    WorkOrderFactory,
)

pytestmark = pytest.mark.django_db

MONDAY = dt.date(2026, 3, 2)
AT = dt.datetime(2026, 3, 2, 6, tzinfo=dt.UTC)
FORECAST = "/api/maintenance/schedules/forecast/"


def _at(*, month: int = 3, day: int, hour: int = 0) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, tzinfo=dt.UTC)


@pytest.fixture
def asset(plant: Organization) -> Asset:
    made: Asset = AssetFactory.create(organization=plant)
    return made


def monthly(asset: Asset, **values: Any) -> MaintenanceSchedule:
    made: MaintenanceSchedule = ScheduleFactory.create(
        **{
            "asset": asset,
            "mode": "fixed",
            "every": 1,
            "unit": "months",
            "starts_at": _at(day=10, hour=8),
            "next_due_at": _at(day=10, hour=8),
            "calendar_due_at": _at(day=10, hour=8),
            "estimated_minutes": 90,
            **values,
        }
    )
    return made


def run(plant: Organization, **days: Any) -> dry_run.Plan:
    return dry_run.dry_run(
        organization=plant,
        schedules=MaintenanceSchedule.objects.all(),
        period=dry_run.period_of(organization=plant, at=AT, **days),
        at=AT,
    )


class TestCapacity:
    def test_is_that_of_active_technicians(self, plant: Organization) -> None:
        TechnicianFactory.create(organization=plant, weekly_capacity_hours=40)
        TechnicianFactory.create(organization=plant, weekly_capacity_hours="38.5")
        TechnicianFactory.create(organization=plant, is_active=False)
        TechnicianFactory.create()

        [week] = capacity(organization_id=plant.pk, weeks=[MONDAY], zone=dt.UTC)

        assert (week.minutes, week.absent_minutes) == (4710, 0)

    def test_an_absence_takes_the_shifts_that_lie_in_it(self, plant: Organization) -> None:
        worker = TechnicianFactory.create(organization=plant, weekly_capacity_hours=20)
        for weekday in (0, 1):
            ShiftFactory.create(technician=worker, weekday=weekday, starts=dt.time(8), minutes=600)
        AbsenceFactory.create(technician=worker, starts_at=_at(day=3), ends_at=_at(day=3, hour=13))

        first, second = capacity(
            organization_id=plant.pk, weeks=[MONDAY, MONDAY + dt.timedelta(7)], zone=dt.UTC
        )

        assert (first.minutes, first.absent_minutes) == (900, 300)
        assert (second.minutes, second.absent_minutes) == (1200, 0)

    def test_without_shifts_a_day_off_is_a_fifth_of_the_week(self, plant: Organization) -> None:
        worker = TechnicianFactory.create(organization=plant, weekly_capacity_hours=40)
        AbsenceFactory.create(technician=worker, starts_at=_at(day=4), ends_at=_at(day=5))

        [week] = capacity(organization_id=plant.pk, weeks=[MONDAY], zone=dt.UTC)

        assert week.minutes == 4 * 8 * 60

    def test_a_night_shift_is_absent_past_midnight(self) -> None:
        night = [(6, dt.time(22), 480)]
        leave = (_at(day=9), _at(day=10))

        assert absent_share(Roster({1: night}, {1: [leave]}), 1, MONDAY, dt.UTC) == 0.75

    def test_takes_three_queries_however_many_there_are(
        self, plant: Organization, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        for number in range(1, 6):
            worker = TechnicianFactory.create(organization=plant)
            AbsenceFactory.create(technician=worker, starts_at=_at(day=number), ends_at=_at(day=9))
        with django_assert_num_queries(3):
            capacity(organization_id=plant.pk, weeks=[MONDAY], zone=dt.UTC)


class TestPlan:
    def test_counts_the_labor_of_each_week(self, plant: Organization, asset: Asset) -> None:
        TechnicianFactory.create(organization=plant, weekly_capacity_hours=1)
        monthly(asset)
        monthly(asset, estimated_minutes=30)
        plan = run(plant)

        assert len(plan.rows) == 24
        busy = [week for week in plan.weeks if week.minutes]
        assert [week.name for week in busy][:3] == ["2026-W11", "2026-W15", "2026-W19"]
        assert {(week.minutes, week.occurrences, week.load) for week in busy} == {(120, 2, 200)}
        assert all(week.is_overloaded for week in busy)
        assert (plan.weeks[0].name, len(plan.weeks)) == ("2026-W10", 53)
        assert plan.minutes == 12 * 120

    def test_what_is_overdue_is_planned_for_today(self, plant: Organization, asset: Asset) -> None:
        late = _at(month=2, day=10, hour=8)
        monthly(asset, starts_at=late, next_due_at=late, calendar_due_at=late)
        plan = run(plant, last=dt.date(2026, 3, 8))

        [row] = plan.rows
        assert (row.occurrence.due_at, row.planned_at, row.is_overdue) == (late, AT, True)
        assert plan.weeks[0].minutes == 90

    def test_a_later_period_leaves_out_what_is_overdue_now(
        self, plant: Organization, asset: Asset
    ) -> None:
        late = _at(month=2, day=10, hour=8)
        monthly(asset, starts_at=late, next_due_at=late, calendar_due_at=late)
        plan = run(plant, first=dt.date(2026, 4, 1), last=dt.date(2026, 4, 30))

        assert [row.occurrence.due_at for row in plan.rows] == [_at(month=4, day=10, hour=8)]

    def test_nobody_works_for_what_is_paused_or_retired(
        self, plant: Organization, asset: Asset
    ) -> None:
        monthly(asset, is_active=False)
        monthly(AssetFactory.create(organization=plant, status=Asset.Status.RETIRED))
        monthly(AssetFactory.create())

        assert run(plant).rows == []

    def test_parts_are_those_of_the_job_plan_for_each_asset_of_the_group(
        self, plant: Organization, asset: Asset
    ) -> None:
        group = AssetGroupFactory.create(organization=plant)
        AssetGroupMemberFactory.create(group=group, asset=asset)
        for status in (Asset.Status.IN_SERVICE, Asset.Status.RETIRED):
            other = AssetFactory.create(organization=plant, status=status)
            AssetGroupMemberFactory.create(group=group, asset=other)
        plan = JobPlanFactory.create(organization=plant)
        grease = PartFactory.create(organization=plant, number="G-1", on_hand=5)
        JobPlanPartFactory.create(job_plan=plan, part=grease, quantity=Decimal("1.5"))
        monthly(asset, group=group, job_plan=plan)

        [need] = run(plant, last=dt.date(2026, 5, 31)).parts

        assert need.months == {name: Decimal(3) for name in ("2026-03", "2026-04", "2026-05")}
        assert (need.total, need.free, need.short) == (Decimal(9), Decimal(5), Decimal(4))
        assert need.short_from == "2026-04"

    def test_an_order_that_was_made_has_its_parts_already(
        self, plant: Organization, asset: Asset
    ) -> None:
        plan = JobPlanFactory.create(organization=plant)
        grease = PartFactory.create(organization=plant, on_hand=1)
        JobPlanPartFactory.create(job_plan=plan, part=grease)
        schedule = monthly(asset, job_plan=plan)
        order = WorkOrderFactory.create(
            asset=asset, schedule=schedule, occurrence_at=schedule.next_due_at
        )
        PartReservationFactory.create(work_order=order, asset=asset, part=grease, quantity=1)

        forecast = run(plant, last=dt.date(2026, 4, 30))

        assert [row.work_order for row in forecast.rows] == [order, None]
        [need] = forecast.parts
        assert (need.free, need.months) == (Decimal(0), {"2026-04": Decimal(1)})

    def test_absorbed_work_is_shown_and_takes_nothing(
        self, plant: Organization, asset: Asset
    ) -> None:
        larger = monthly(asset, every=1, unit="years", estimated_minutes=300)
        monthly(asset, included_in=larger)

        plan = run(plant, last=dt.date(2026, 4, 30))

        absorbed = [row for row in plan.rows if row.absorbed_by is not None]
        assert [row.absorbed_by for row in absorbed] == [larger]
        assert (plan.absorbed, plan.minutes) == (1, 300 + 90)

    @pytest.mark.parametrize(
        ("first", "last", "field"),
        [
            (dt.date(2026, 3, 1), None, "from"),
            (dt.date(2030, 1, 1), None, "from"),
            (dt.date(2026, 4, 2), dt.date(2026, 4, 1), "to"),
            (dt.date(2026, 4, 1), dt.date(2028, 4, 1), "to"),
        ],
    )
    def test_days_out_of_order_or_too_many_are_refused(
        self, plant: Organization, first: Any, last: Any, field: str
    ) -> None:
        with pytest.raises(ValidationError) as refused:
            dry_run.period_of(organization=plant, at=AT, first=first, last=last)
        assert list(refused.value.message_dict) == [field]

    def test_too_much_is_refused_in_words(
        self, plant: Organization, asset: Asset, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monthly(asset)
        monthly(asset)
        for most, text in ((20, r"\['24 occurrences fit"), (3, "About 24 occurrences fit")):
            monkeypatch.setattr(dry_run, "MOST_OCCURRENCES", most)
            with pytest.raises(dry_run.TooMuch, match=text):
                run(plant)
        monkeypatch.setattr(dry_run, "MOST_SCHEDULES", 1)
        with pytest.raises(dry_run.TooMuch, match="More than 1 schedules fit"):
            run(plant)

    def test_takes_as_many_queries_for_thirty_schedules_as_for_three(
        self, plant: Organization
    ) -> None:
        plan = JobPlanFactory.create(organization=plant)
        JobPlanPartFactory.create(job_plan=plan, part=PartFactory.create(organization=plant))
        counts: list[int] = []
        for number in (3, 30):
            while MaintenanceSchedule.objects.count() < number:
                monthly(AssetFactory.create(organization=plant), job_plan=plan)
            with CaptureQueriesContext(connection) as queries:
                run(plant)
            counts.append(len(queries))
        assert counts[0] == counts[1] <= 15


class TestApi:
    def test_answers_occurrences_weeks_and_parts(
        self, planner: Membership, asset: Asset, api_for: ApiFor
    ) -> None:
        soon = timezone.now() + dt.timedelta(days=3)
        plan = JobPlanFactory.create(organization=planner.organization)
        JobPlanPartFactory.create(
            job_plan=plan, part=PartFactory.create(organization=planner.organization)
        )
        values = {"starts_at": soon, "next_due_at": soon, "calendar_due_at": soon}
        schedule = monthly(asset, job_plan=plan, **values)
        answer = api_for(planner).get(FORECAST)

        assert answer.status_code == 200, answer.data
        assert answer.data["schedules"] == 1
        assert len(answer.data["occurrences"]) == 12
        first = answer.data["occurrences"][0]
        assert (first["schedule"], first["minutes"], first["why"]) == (schedule.pk, 90, "calendar")
        assert sum(week["minutes"] for week in answer.data["weeks"]) == 12 * 90
        assert answer.data["parts"][0]["needed"] == "12.000"
        assert answer.data["parts"][0]["months"][0]["quantity"] == "1.000"

    def test_is_cut_by_site_asset_and_schedule(
        self, planner: Membership, asset: Asset, api_for: ApiFor
    ) -> None:
        schedule, other = (
            monthly(asset),
            monthly(AssetFactory.create(site=asset.site, organization=asset.organization)),
        )
        api = api_for(planner)
        for query, expected in (
            ({"site": asset.site_id}, {schedule.pk, other.pk}),
            ({"asset": asset.pk}, {schedule.pk}),
            ({"schedule": other.pk}, {other.pk}),
            ({"site": 0}, set()),
        ):
            found = api.get(FORECAST, query).data["occurrences"]
            assert {row["schedule"] for row in found} == expected

    def test_says_what_is_wrong_with_the_question(
        self, planner: Membership, api_for: ApiFor
    ) -> None:
        api = api_for(planner)
        for query, pointer in (
            ({"from": "soon"}, "/from"),
            ({"from": "2020-01-01"}, "/from"),
            ({"to": "2199-01-01"}, "/to"),
            ({"site": ""}, "/site"),
        ):
            answer = api.get(FORECAST, query)
            assert answer.status_code == 400
            assert answer.data["errors"][0]["pointer"] == pointer

    def test_shows_nothing_of_another_organization(
        self, stranger: Membership, asset: Asset, api_for: ApiFor
    ) -> None:
        monthly(asset)

        assert api_for(stranger).get(FORECAST).data["occurrences"] == []

    def test_of_two_organizations_it_is_that_of_what_was_chosen_or_the_one_asked_for(
        self, planner: Membership, asset: Asset, api_for: ApiFor, client_for: ClientFor
    ) -> None:
        second = MembershipFactory.create(user=planner.user, role=planner.role)
        there = AssetFactory.create(organization=second.organization)
        here, elsewhere = monthly(asset), monthly(there)
        foreign = AssetFactory.create()
        api, page = api_for(planner), client_for(planner)
        for query, expected in (
            ({}, {here.pk}),
            ({"asset": there.pk}, {elsewhere.pk}),
            ({"organization": second.organization_id}, {elsewhere.pk}),
            ({"organization": second.organization_id, "asset": asset.pk}, set()),
        ):
            found = api.get(FORECAST, query).data["occurrences"]
            assert {row["schedule"] for row in found} == expected

        refused = api.get(FORECAST, {"organization": foreign.organization_id})
        assert refused.status_code == 400
        assert refused.data["errors"][0]["pointer"] == "/organization"
        query = {"organization": second.organization_id, "site": asset.site_id}
        shown = page.get("/maintenance/schedules/plan/", query).text
        assert there.tag in shown
        assert f"technicians of {second.organization.name}" in shown
