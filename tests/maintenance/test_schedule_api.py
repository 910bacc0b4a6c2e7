"""Schedules, meters and conditions over the API."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from assets.models import Asset, Sensor
from maintenance.models import ConditionTrigger, MaintenanceSchedule, MeterTrigger
from maintenance.services.schedules import refresh, set_due
from opssight.accounts.models import Membership, Organization
from tests.conftest import ApiFor
from tests.factories import (
    NOON,
    AssetFactory,
    AssetGroupFactory,
    ConditionTriggerFactory,
    JobPlanFactory,
    MeterTriggerFactory,
    ReadingFactory,
    ScheduleFactory,
    SensorFactory,
)

pytestmark = pytest.mark.django_db

SCHEDULES = "/api/maintenance/schedules/"
METERS = "/api/maintenance/schedule-meters/"
CONDITIONS = "/api/maintenance/schedule-conditions/"
START = "2026-03-02T06:00:00Z"


@pytest.fixture
def asset(plant: Organization) -> Asset:
    made: Asset = AssetFactory.create(organization=plant)
    return made


@pytest.fixture
def schedule(asset: Asset) -> MaintenanceSchedule:
    made: MaintenanceSchedule = ScheduleFactory.create(asset=asset)
    return made


@pytest.fixture
def api(planner: Membership, api_for: ApiFor) -> APIClient:
    return api_for(planner)


def counter(asset: Asset, **values: Any) -> Sensor:
    made: Sensor = SensorFactory.create(asset=asset, kind=Sensor.Kind.COUNTER, unit="h", **values)
    return made


def pointers(answer: Any) -> dict[str, str]:
    assert answer.status_code == 400, answer.data
    return {error["pointer"]: error["detail"] for error in answer.data["errors"]}


class TestSchedules:
    def body(self, asset: Asset, **values: Any) -> dict[str, Any]:
        return {
            "asset": asset.pk,
            "title": "Grease bearings",
            "mode": "fixed",
            "starts_at": START,
            **values,
        }

    def test_one_with_everything_is_made_and_read_back(self, api: APIClient, asset: Asset) -> None:
        group = AssetGroupFactory.create(organization=asset.organization)
        plan = JobPlanFactory.create(organization=asset.organization)
        larger = ScheduleFactory.create(asset=asset)
        body = self.body(
            asset,
            group=group.pk,
            job_plan=plan.pk,
            included_in=larger.pk,
            rule="FREQ=MONTHLY;BYDAY=2TU",
            ends_at="2030-12-31T00:00:00Z",
            excluded_dates=["2026-12-24"],
            holidays="DE-BY",
            on_holiday="after",
            pause_from="12-20",
            pause_to="01-06",
            grace_days=3,
            absorb_days=10,
            priority="high",
        )
        answer = api.post(SCHEDULES, body, format="json")

        assert answer.status_code == 201, answer.data
        assert {name: answer.data[name] for name in body} == body
        assert answer.data["next_due_at"] == "2026-03-10T06:00:00Z"

    @pytest.mark.parametrize(
        ("values", "field"),
        [
            ({"rule": "FREQ=HOURLY"}, "/rule"),
            ({"rule": "every Tuesday"}, "/rule"),
            ({"rule": "FREQ=MONTHLY;BYDAY=2TU", "mode": "floating"}, "/rule"),
            ({"holidays": "Atlantis"}, "/holidays"),
            ({"on_holiday": "skip"}, "/holidays"),
            ({"pause_from": "12-20"}, "/pause_to"),
            ({"pause_from": "02-30", "pause_to": "03-02"}, "/pause_from"),
            ({"every": 0}, "/every"),
            ({"excluded_dates": ["Christmas"]}, "/excluded_dates/0"),
            ({"priority": "urgent"}, "/priority"),
            ({"group": 0}, "/group"),
            ({"included_in": 0}, "/included_in"),
        ],
    )
    def test_says_what_is_wrong_by_its_field(
        self, api: APIClient, asset: Asset, values: dict[str, Any], field: str
    ) -> None:
        assert field in pointers(api.post(SCHEDULES, self.body(asset, **values), format="json"))
        assert not MaintenanceSchedule.objects.exists()

    def test_services_do_not_include_each_other(self, api: APIClient, asset: Asset) -> None:
        larger = ScheduleFactory.create(asset=asset)
        smaller = ScheduleFactory.create(asset=asset, included_in=larger)
        answer = api.patch(f"{SCHEDULES}{larger.pk}/", {"included_in": smaller.pk}, format="json")

        assert "/included_in" in pointers(answer)

    def test_another_rule_moves_the_due_date(
        self, api: APIClient, schedule: MaintenanceSchedule
    ) -> None:
        answer = api.patch(
            f"{SCHEDULES}{schedule.pk}/",
            {"mode": "fixed", "rule": "FREQ=WEEKLY;BYDAY=MO", "starts_at": START},
            format="json",
        )

        assert answer.status_code == 200, answer.data
        assert answer.data["next_due_at"] == START

    def test_a_paused_one_no_longer_decides_the_date_of_its_asset(
        self, api: APIClient, asset: Asset
    ) -> None:
        made = api.post(SCHEDULES, self.body(asset), format="json").data
        asset.refresh_from_db()
        assert asset.next_due_at is not None

        api.patch(f"{SCHEDULES}{made['id']}/", {"is_active": False}, format="json")

        asset.refresh_from_db()
        assert asset.next_due_at is None

    def test_filters(self, api: APIClient, asset: Asset) -> None:
        plan = JobPlanFactory.create(organization=asset.organization)
        group = AssetGroupFactory.create(organization=asset.organization)
        larger = ScheduleFactory.create(asset=asset, job_plan=plan, group=group)
        smaller = ScheduleFactory.create(asset=asset, included_in=larger, priority="high")
        for query, found in (
            ({"job_plan": plan.pk}, [larger.pk]),
            ({"group": group.pk}, [larger.pk]),
            ({"included_in": larger.pk}, [smaller.pk]),
            ({"priority": "high"}, [smaller.pk]),
        ):
            assert [row["id"] for row in api.get(SCHEDULES, query).data["results"]] == found


class TestMeters:
    def test_are_added_changed_and_removed(
        self, api: APIClient, schedule: MaintenanceSchedule
    ) -> None:
        sensor = counter(schedule.asset)
        body = {"schedule": schedule.pk, "sensor": sensor.pk, "every": 500}
        made = api.post(METERS, body, format="json")
        assert made.status_code == 201, made.data
        assert (made.data["asset"], made.data["unit"]) == (schedule.asset_id, "h")

        path = f"{METERS}{made.data['id']}/"
        assert api.patch(path, {"every": 250}, format="json").data["every"] == 250
        assert api.delete(path).status_code == 204
        assert not MeterTrigger.objects.exists()

    def test_another_sensor_counts_from_what_it_shows(
        self, api: APIClient, schedule: MaintenanceSchedule
    ) -> None:
        read_at = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
        old, new = counter(schedule.asset), counter(schedule.asset)
        for sensor, value in ((old, 600), (new, 40)):
            ReadingFactory.create(sensor=sensor, time=read_at, value=value)
            Sensor.objects.filter(pk=sensor.pk).update(last_time=read_at, last_value=value)
        body = {"schedule": schedule.pk, "sensor": old.pk, "every": 500, "counts_from": 0}
        made = api.post(METERS, body, format="json").data
        path = f"{METERS}{made['id']}/"

        moved = api.patch(path, {"sensor": new.pk}, format="json").data
        again = api.patch(path, {"sensor": new.pk, "every": 250}, format="json").data
        back = api.patch(path, {"sensor": old.pk, "counts_from": 550}, format="json").data

        assert made["reached_at"] is not None
        assert (moved["counts_from"], moved["reached_at"]) == (40, None)
        assert (again["counts_from"], again["every"]) == (40, 250)
        assert (back["counts_from"], back["reached_at"]) == (550, None)

    def test_one_that_is_reached_makes_its_schedule_due(
        self, api: APIClient, schedule: MaintenanceSchedule
    ) -> None:
        sensor = counter(schedule.asset)
        MaintenanceSchedule.objects.update(mode="none", next_due_at=None, calendar_due_at=None)
        read_at = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
        ReadingFactory.create(sensor=sensor, time=read_at, value=600)
        Sensor.objects.update(last_time=read_at, last_value=600)
        body = {"schedule": schedule.pk, "sensor": sensor.pk, "every": 500, "counts_from": 0}
        made = api.post(METERS, body, format="json")

        assert made.data["reached_at"] is not None, made.data
        schedule.refresh_from_db()
        assert schedule.next_due_at is not None

    def test_say_what_is_wrong(self, api: APIClient, schedule: MaintenanceSchedule) -> None:
        gauge = SensorFactory.create(asset=schedule.asset)
        foreign = counter(AssetFactory.create())
        taken = MeterTriggerFactory.create(schedule=schedule, asset=schedule.asset)
        right = {"schedule": schedule.pk, "sensor": counter(schedule.asset).pk, "every": 1}
        for wrong, field in (
            ({"sensor": gauge.pk}, "/sensor"),
            ({"sensor": foreign.pk}, "/sensor"),
            ({"sensor": taken.sensor_id}, "/sensor"),
            ({"every": 0}, "/every"),
            ({"every": -5}, "/every"),
            ({"schedule": 0}, "/schedule"),
        ):
            answer = api.post(METERS, {**right, **wrong}, format="json")
            assert field in pointers(answer), wrong

    def test_keep_their_schedule(self, api: APIClient, schedule: MaintenanceSchedule) -> None:
        meter = MeterTriggerFactory.create(schedule=schedule, asset=schedule.asset)
        other = ScheduleFactory.create(asset=schedule.asset)
        answer = api.patch(f"{METERS}{meter.pk}/", {"schedule": other.pk}, format="json")

        assert "/schedule" in pointers(answer)

    def test_are_found_by_schedule_and_expanded(
        self, api: APIClient, schedule: MaintenanceSchedule
    ) -> None:
        meter = MeterTriggerFactory.create(schedule=schedule, asset=schedule.asset)
        MeterTriggerFactory.create(asset=schedule.asset)
        query: dict[str, Any] = {"schedule": schedule.pk, "expand": "schedule,sensor"}
        found = api.get(METERS, query)

        [row] = found.data["results"]
        assert row["id"] == meter.pk
        assert row["expanded"]["sensor"]["kind"] == "counter"


class TestConditions:
    def test_another_sensor_is_looked_at_anew(
        self, api: APIClient, schedule: MaintenanceSchedule
    ) -> None:
        met = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
        row = ConditionTriggerFactory.create(
            schedule=schedule, asset=schedule.asset, since=met, met_at=met, read_at=met
        )
        other = SensorFactory.create(asset=schedule.asset)

        answer = api.patch(f"{CONDITIONS}{row.pk}/", {"sensor": other.pk}, format="json")

        assert (answer.status_code, answer.data["since"], answer.data["met_at"]) == (
            200,
            None,
            None,
        )

    def test_a_risk_or_a_sensor(self, api: APIClient, schedule: MaintenanceSchedule) -> None:
        sensor = SensorFactory.create(asset=schedule.asset)
        for body in ({"above": 60}, {"sensor": sensor.pk, "below": 2, "for_minutes": 30}):
            answer = api.post(CONDITIONS, {"schedule": schedule.pk, **body}, format="json")
            assert answer.status_code == 201, answer.data
        assert ConditionTrigger.objects.filter(asset=schedule.asset).count() == 2

    def test_say_what_is_wrong(self, api: APIClient, schedule: MaintenanceSchedule) -> None:
        for body in ({}, {"below": 3}, {"above": "high"}):
            answer = api.post(CONDITIONS, {"schedule": schedule.pk, **body}, format="json")
            assert "/above" in pointers(answer)


@pytest.mark.parametrize("role", ["technician", "viewer"])
@pytest.mark.parametrize("path", [SCHEDULES, METERS, CONDITIONS])
def test_planners_alone_write(
    role: str, path: str, request: pytest.FixtureRequest, api_for: ApiFor
) -> None:
    member: Membership = request.getfixturevalue(role)

    assert api_for(member).get(path).status_code == 200
    assert api_for(member).post(path, {}, format="json").status_code == 403


def test_a_stranger_finds_nothing(
    schedule: MaintenanceSchedule, stranger: Membership, api_for: ApiFor
) -> None:
    meter = MeterTriggerFactory.create(schedule=schedule, asset=schedule.asset)
    api = api_for(stranger)

    for path in (f"{METERS}{meter.pk}/", f"{SCHEDULES}{schedule.pk}/"):
        assert api.get(path).status_code == 404
        assert api.delete(path).status_code == 404
    body = {"schedule": schedule.pk, "sensor": meter.sensor_id, "every": 5}
    assert "/schedule" in pointers(api.post(METERS, body, format="json"))


def test_a_date_that_was_set_by_hand_stays_until_the_calendar_is_another_one(
    api: APIClient, schedule: MaintenanceSchedule
) -> None:
    chosen = NOON + dt.timedelta(days=4)
    set_due(schedule=schedule, due_at=chosen, at=NOON)
    path = f"{SCHEDULES}{schedule.pk}/"

    kept = api.patch(path, {"title": "New", "every": schedule.every}, format="json")
    moved = api.patch(path, {"every": schedule.every + 1}, format="json")

    assert (kept.status_code, kept.data["title"]) == (200, "New")
    assert kept.data["next_due_at"] == kept.data["calendar_due_at"] == "2026-03-05T12:00:00Z"
    assert moved.data["next_due_at"] != kept.data["next_due_at"]


def test_a_new_meter_counts_from_what_its_counter_shows(
    api: APIClient, schedule: MaintenanceSchedule
) -> None:
    known, silent = (counter(schedule.asset, key=key) for key in ("known", "silent"))
    now = timezone.now()
    ReadingFactory.create(sensor=known, time=now - dt.timedelta(days=1), value=12_000)
    body = {"schedule": schedule.pk, "every": 500}

    answers = [
        api.post(METERS, {**body, "sensor": sensor.pk}, format="json") for sensor in (known, silent)
    ]
    ReadingFactory.create(sensor=silent, time=now, value=7_300)
    refresh(schedules=[schedule.pk], at=now)

    assert [answer.data["counts_from"] for answer in answers] == [12_000, None]
    assert [answer.data["reached_at"] for answer in answers] == [None, None]
    late = MeterTrigger.objects.get(sensor=silent)
    assert (late.counts_from, late.reached_at) == (7_300, None)
