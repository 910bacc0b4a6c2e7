from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from assets.models import Reading
from assets.services.readings import ingest
from telemetry.api import asset_readings
from telemetry.api.asset_readings import LARGEST_BATCH
from telemetry.services import pressure
from tests.conftest import WALLS
from tests.factories import (
    NOON,
    AssetFactory,
    MembershipFactory,
    SensorFactory,
    TelemetryPolicyFactory,
)

pytestmark = pytest.mark.django_db

NOTHING = {"accepted": 0, "inserted": 0, "updated": 0, "held": 0, "dropped": 0, "rejected": []}


@pytest.fixture
def sensor(plant):
    asset = AssetFactory.create(organization=plant)
    return SensorFactory.create(asset=asset, key="vibration", physical_high=200)


def url(sensor) -> str:
    return f"/api/assets/{sensor.asset_id}/readings"


def one(**changes):
    return {"sensor": "vibration", "time": "2026-03-01T12:00:00Z", "value": 1.5, **changes}


@pytest.mark.parametrize("ending", ["", "/"])
def test_stores_a_batch_and_sending_it_again_changes_nothing(planner, api_for, sensor, ending):
    api = api_for(planner)
    batch = {
        "readings": [one(), one(time="2026-03-01T13:00:00+01:00"), one(time="2026-03-02T12:00Z")]
    }

    first = api.post(url(sensor) + ending, batch)
    again = api.post(url(sensor) + ending, batch)

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == {**NOTHING, "accepted": 3, "inserted": 2}
    assert again.json() == {**NOTHING, "accepted": 3}
    assert Reading.objects.count() == 2


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (one(sensor=["vibration"]), "['vibration'] is no name"),
        (one(value="1.5"), "'1.5' is not a number"),
        (one(value=None), "None is not a number"),
        (one(value=250.0), "impossible"),
        (one(unit="bar"), "send one unit of a name at a time"),
        (one(value=10**400), "too large"),
        (one(time="2026-03-01T12:00:00"), "has no time zone"),
        (one(time="2026-13-01T12:00:00Z"), "is not a time"),
        (one(time="1969-12-31T00:00:00Z"), "before 1970"),
        (one(time="2999-01-01T00:00:00Z"), "in the future"),
        (one(time="0001-01-01T00:00:00+23:59"), "before 1970"),
        ({"sensor": "vibration"}, "needs sensor, time and value"),
        ("vibration", "needs sensor, time and value"),
    ],
)
def test_lists_refused_readings_and_stores_the_others(planner, api_for, sensor, entry, reason):
    answer = api_for(planner).post(url(sensor), {"readings": [one(), entry]})

    assert answer.status_code == 200
    assert (answer.json()["accepted"], answer.json()["inserted"]) == (1, 1)
    [rejected] = answer.json()["rejected"]
    assert rejected["index"] == 1
    assert reason in rejected["reason"]


def test_a_sensor_that_the_asset_does_not_have_is_treated_by_the_policy(planner, api_for, sensor):
    api, batch = api_for(planner), {"readings": [one(sensor="flow", unit="l/min"), one()]}

    assert api.post(url(sensor), batch).json() == {
        **NOTHING,
        "accepted": 2,
        "inserted": 1,
        "held": 1,
    }

    TelemetryPolicyFactory.create(organization=sensor.organization, unknown="reject")
    [rejected] = api.post(url(sensor), batch).json()["rejected"]
    assert (rejected["index"], "stands for no sensor" in rejected["reason"]) == (0, True)


@pytest.mark.parametrize("body", [[], {}, {"readings": {}}, {"readings": [one()] * 10_001}])
def test_a_body_that_is_no_batch_is_a_problem(planner, api_for, sensor, body):
    answer = api_for(planner).post(url(sensor), body)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "/readings"
    assert not Reading.objects.exists()


def test_a_full_batch_is_taken(planner, api_for, sensor):
    begin = NOON - timedelta(days=20)
    batch = [one(time=(begin + timedelta(minutes=i)).isoformat()) for i in range(LARGEST_BATCH)]
    assert api_for(planner).post(url(sensor), {"readings": batch}).json()["inserted"] == 10_000


def test_a_body_without_end_is_not_read(planner, api_for, sensor, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = api_for(planner).post(url(sensor), {"readings": [one()] * 10})
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("role", "code"),
    [("admin", 200), ("planner", 200), ("integration", 200), ("technician", 403), ("viewer", 403)],
)
def test_writing_needs_the_permission(plant, api_for, sensor, role, code):
    member = MembershipFactory.create(organization=plant, role=role)
    assert api_for(member).post(url(sensor), {"readings": [one()]}).status_code == code


def test_a_stranger_finds_no_asset(stranger, api_for, sensor):
    api = api_for(stranger)
    assert api.post(url(sensor), {"readings": [one()]}).status_code == 404
    assert api.get(url(sensor)).status_code == 404
    assert not Reading.objects.exists()


def test_nobody_writes_without_signing_in(client, sensor):
    assert client.post(url(sensor), {}, content_type="application/json").status_code == 401


def test_reads_the_last_seven_days(viewer, api_for, sensor):
    now = timezone.now()
    ingest(rows=[(sensor.pk, now - timedelta(days=d), float(d)) for d in (1, 6, 8)])

    [found] = api_for(viewer).get(url(sensor)).json()["sensors"]

    assert (found["key"], found["unit"], found["bucket_seconds"]) == ("vibration", "mm/s", None)
    assert found["mean"] == [6.0, 1.0]


def test_reads_a_window_in_buckets(viewer, api_for, sensor):
    ingest(rows=[(sensor.pk, NOON + timedelta(minutes=i), float(i)) for i in range(100)])
    query = {"from": NOON.isoformat(), "to": "2026-03-02T00:00:00Z", "max_points": 10}

    [found] = api_for(viewer).get(url(sensor), query).json()["sensors"]

    assert len(found["times"]) == 10
    assert (found["low"][0], found["mean"][0], found["high"][0]) == (0.0, 4.5, 9.0)
    assert found["bucket_seconds"] == pytest.approx(594, abs=1)


def test_reads_only_the_sensors_asked_for(viewer, api_for, sensor):
    SensorFactory.create(asset=sensor.asset, key="other")
    body = api_for(viewer).get(url(sensor), {"sensor": "other"}).json()
    assert [s["key"] for s in body["sensors"]] == ["other"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"from": "yesterday"}, "/from"),
        ({"from": "2026-03-01T12:00:00Z", "to": "2026-03-01T12:00:00Z"}, "/from"),
        ({"max_points": "0"}, "/max_points"),
        ({"max_points": "2001"}, "/max_points"),
        ({"max_points": "ten"}, "/max_points"),
        ({"sensor": "nonsense"}, "/sensor"),
    ],
)
def test_a_bad_query_is_a_problem(viewer, api_for, sensor, query, pointer):
    answer = api_for(viewer).get(url(sensor), query)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("sensors", [1, 20])
def test_reading_takes_as_many_queries_for_one_sensor_as_for_twenty(
    viewer, api_for, sensor, sensors, django_assert_max_num_queries
):
    SensorFactory.create_batch(sensors - 1, asset=sensor.asset)
    api = api_for(viewer)
    with django_assert_max_num_queries(7 + WALLS):
        assert api.get(url(sensor), {"from": "2026-03-01"}).status_code == 200


def test_no_more_is_taken_in_at_once_than_is_allowed(planner, api_for, sensor, monkeypatch):
    monkeypatch.setattr(pressure, "WAIT_FOR_A_SLOT", 0.01)
    api = api_for(planner)
    with ExitStack() as slots:
        for _ in range(settings.INGEST_AT_ONCE):
            slots.enter_context(pressure.slot())
        answer = api.post(url(sensor), {"readings": [one()]})

    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert answer.json()["code"] == "busy"
    assert not Reading.objects.exists()
    assert api.post(url(sensor), {"readings": [one()]}).status_code == 200


def test_a_database_that_is_behind_asks_the_sender_to_come_again(
    planner, api_for, sensor, monkeypatch
):
    def wait_in_vain(**_):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '10ms'; SELECT pg_sleep(1)")

    monkeypatch.setattr(asset_readings, "take", wait_in_vain)
    answer = api_for(planner).post(url(sensor), {"readings": [one()]})

    assert (answer.status_code, answer["Retry-After"]) == (503, "2")
    assert "Send the same again" in answer.json()["detail"]
