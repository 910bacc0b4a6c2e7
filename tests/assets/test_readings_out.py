"""Readings out: the series of one sensor, and files of single readings."""

import csv
import io
import json
from datetime import timedelta

import pytest

from assets.queries import reading_files
from assets.services.readings import ingest
from opssight.audit.models import Action, AuditEntry
from opssight.core.walls import Actor
from tests.factories import NOON, AssetFactory, SensorFactory

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
pytestmark = pytest.mark.django_db
WINDOW = {"from": NOON.isoformat(), "to": (NOON + HOUR).isoformat()}


@pytest.fixture
def sensor(plant):
    asset = AssetFactory.create(organization=plant, tag="P-101A")
    one = SensorFactory.create(asset=asset, key="vibration", unit="mm/s", expected_interval=MINUTE)
    ingest(rows=[(one.pk, NOON + i * MINUTE, i - 5.25) for i in range(30)])
    return one


def test_reads_the_series_of_one_sensor_with_its_gaps(viewer, api_for, sensor):
    ingest(rows=[(sensor.pk, NOON + 45 * MINUTE, 1.0)])

    body = api_for(viewer).get(f"/api/sensors/{sensor.pk}/readings", WINDOW).json()

    assert (body["asset"], body["sensor"], body["key"]) == (sensor.asset_id, sensor.pk, "vibration")
    assert (body["resolution"], body["bucket_seconds"]) == ("raw", None)
    assert body["mean"][:2] == body["low"][:2] == [-5.25, -4.25]
    assert body["gaps"] == [{"start": "2026-03-01T12:29:00Z", "end": "2026-03-01T12:45:00Z"}]


def test_a_resolution_can_be_asked_for(viewer, api_for, sensor):
    url = f"/api/assets/{sensor.asset_id}/readings"

    [found] = api_for(viewer).get(url, {**WINDOW, "resolution": "hour"}).json()["sensors"]

    assert (found["resolution"], found["bucket_seconds"]) == ("hour", 3600.0)
    assert (found["low"], found["mean"], found["high"]) == ([-5.25], [9.25], [23.75])


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"resolution": "minute"}, "/resolution"),
        ({"from": "0001-01-01T00:00:00Z"}, "/from"),
        ({"to": "9999-12-31T23:59:59Z"}, "/to"),
        ({"format": "csv", "max_points": "5"}, "/max_points"),
        ({"format": "ndjson", "resolution": "raw"}, "/resolution"),
    ],
)
def test_a_bad_query_is_a_problem(viewer, api_for, sensor, query, pointer):
    answer = api_for(viewer).get(f"/api/sensors/{sensor.pk}/readings", query)
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["errors"][0]["pointer"] == pointer


@pytest.mark.parametrize("chunk", [7, 15, 10_000])
@pytest.mark.parametrize("how", [{"format": "csv"}, {"HTTP_ACCEPT": "text/csv"}])
def test_a_file_has_every_reading_once(viewer, api_for, sensor, chunk, how, monkeypatch):
    monkeypatch.setattr(reading_files, "CHUNK", chunk)
    other = SensorFactory.create(asset=sensor.asset, key="=1+1", unit="")
    ingest(rows=[(other.pk, NOON + timedelta(microseconds=5), 1e-7), (other.pk, NOON + HOUR, 2)])
    query = {**WINDOW, **{k: v for k, v in how.items() if k == "format"}}
    headers = {k: v for k, v in how.items() if k != "format"}

    answer = api_for(viewer).get(f"/api/assets/{sensor.asset_id}/readings", query, **headers)

    assert (answer.status_code, answer.streaming) == (200, True)
    assert answer["Content-Type"].startswith("text/csv")
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode())))
    assert rows[:3] == [
        ["asset", "sensor", "time", "value", "unit"],
        ["P-101A", "'=1+1", "2026-03-01T12:00:00.000005Z", "1e-07", ""],
        ["P-101A", "vibration", "2026-03-01T12:00:00Z", "-5.25", "mm/s"],
    ]
    assert len(rows) == 32
    [entry] = AuditEntry.objects.filter(action=Action.EXPORT)
    assert (entry.organization_id, entry.label) == (sensor.organization_id, "Readings as CSV")


def test_lines_of_json_can_be_sent_back_as_they_are(viewer, api_for, sensor):
    url = f"/api/sensors/{sensor.pk}/readings"
    answer = api_for(viewer).get(url, WINDOW, HTTP_ACCEPT="application/x-ndjson")

    lines = [json.loads(line) for line in answer.getvalue().splitlines()]

    assert len(lines) == 30
    assert lines[0] == {
        "asset": "P-101A",
        "sensor": "vibration",
        "time": "2026-03-01T12:00:00Z",
        "value": -5.25,
        "unit": "mm/s",
    }


def test_the_walls_stand_while_a_file_is_sent(sensor, stranger):
    """Even where a sensor was found in a scope that holds no more."""
    mine = Actor(user=1, organizations=frozenset({sensor.organization_id}))
    theirs = Actor(user=2, organizations=frozenset({stranger.organization_id}))
    end = NOON + HOUR

    assert len(list(reading_files.as_ndjson([sensor], NOON, end, actor=mine))) == 1
    assert list(reading_files.as_ndjson([sensor], NOON, end, actor=theirs)) == []


def test_a_stranger_finds_no_sensor_to_read(stranger, api_for, sensor):
    for query in ({}, {"format": "csv"}):
        answer = api_for(stranger).get(f"/api/sensors/{sensor.pk}/readings", query)
        assert answer.status_code == 404
    assert not AuditEntry.objects.filter(action=Action.EXPORT).exists()
