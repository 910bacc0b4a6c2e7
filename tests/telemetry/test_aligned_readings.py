from datetime import timedelta
from typing import Any

import pytest

from assets.services.readings import ingest
from opssight.accounts.permissions import Role
from tests.factories import NOON, AssetFactory, MembershipFactory, SensorFactory

MINUTE = timedelta(minutes=1)
URL = "/api/readings"
pytestmark = pytest.mark.django_db


@pytest.fixture
def sensors(plant):
    found = [
        SensorFactory.create(asset=AssetFactory.create(organization=plant), key=key)
        for key in ("flow", "level")
    ]
    ingest(rows=[(found[0].pk, NOON + i * MINUTE, float(i)) for i in range(120)])
    ingest(rows=[(found[1].pk, NOON + 65 * MINUTE, 7.0)])
    return found


def test_sensors_of_several_assets_come_in_common_buckets(viewer, api_for, sensors):
    window = {"from": "2026-03-01T14:00:00+02:00", "to": "2026-03-01T14:00:00Z", "max_points": 5}
    ids = [sensor.pk for sensor in sensors]

    body = api_for(viewer).get(URL, {"sensor": ids, **window}).json()

    assert body["bucket_seconds"] == 1800.0
    assert body["times"] == [
        f"2026-03-01T{time}:00Z" for time in ("12:00", "12:30", "13:00", "13:30")
    ]
    assert [row["sensor"] for row in body["sensors"]] == ids
    assert body["sensors"][0]["mean"] == [14.5, 44.5, 74.5, 104.5]
    assert body["sensors"][1]["high"] == [None, None, 7.0, None]


@pytest.mark.parametrize("wrong", ["none", "many", "nonsense", "unknown", "foreign"])
def test_what_is_no_sensor_of_the_reader_is_refused_alike(viewer, api_for, sensors, wrong):
    choices: dict[str, list[Any]] = {
        "none": [],
        "many": list(range(1, 22)),
        "nonsense": ["flow"],
        "unknown": [sensors[0].pk, 2**60],
        "foreign": [sensors[0].pk, SensorFactory.create().pk],
    }
    ids = choices[wrong]
    answer = api_for(viewer).get(URL, {"sensor": ids})
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert error["pointer"].startswith("/sensor")
    if wrong in ("unknown", "foreign"):
        assert error["detail"] == f"Id {ids[1]} does not exist in your organization."


def test_who_may_not_see_readings_reads_none(plant, api_for, sensors):
    requester = MembershipFactory.create(organization=plant, role=Role.REQUESTER)
    assert api_for(requester).get(URL, {"sensor": [sensors[0].pk]}).status_code == 403
