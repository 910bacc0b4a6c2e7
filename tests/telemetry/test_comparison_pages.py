from datetime import timedelta

import pytest

from assets.services.readings import ingest
from telemetry.models import Comparison, ComparisonLine
from tests.factories import (
    NOON,
    AssetFactory,
    ComparisonFactory,
    ComparisonLineFactory,
    SensorFactory,
    UptimeEventFactory,
)

HOUR = timedelta(hours=1)
URL = "/telemetry/comparisons/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def sensor(plant):
    asset = AssetFactory.create(organization=plant, tag="P-1")
    found = SensorFactory.create(asset=asset, key="flow", unit="L/s")
    ingest(rows=[(found.pk, NOON + minute * HOUR / 60, 5.0 + minute) for minute in range(60)])
    return found


@pytest.fixture
def client(viewer, client_for):
    return client_for(viewer)


def _form(**more):
    return {
        "name": "Pumps",
        "align": "clock",
        "start": "2026-03-01T12:00",
        "end": "2026-03-01T13:00",
        "minutes_before": 60,
        "minutes_after": 30,
        "scale": "own",
        **more,
    }


def test_a_comparison_is_made_and_filled_without_javascript(client, sensor):
    assert b"No comparisons yet" in client.get(URL).content
    answer = client.post(f"{URL}new/", _form(), follow=True)
    row = Comparison.objects.get()
    assert b"No lines yet" in answer.content
    assert b'value="P-1/flow"' in answer.content

    page = client.post(f"{URL}{row.pk}/lines/new/", {"sensor": "P-1/flow"}, follow=True)
    data = client.get(f"{URL}{row.pk}/data/").json()

    assert page.status_code == 200
    assert "64 L/s" in page.content.decode()
    assert len(data["lines"][0]["points"]) == 60
    again = client.post(f"{URL}{row.pk}/lines/new/", {"sensor": "P-1/flow"})
    assert again.status_code == 422
    assert "has this line already" in again.content.decode()
    removed = f"{URL}lines/{ComparisonLine.objects.get().pk}/remove/"
    assert b"No lines yet" in client.post(removed, follow=True).content
    client.post(f"{URL}{row.pk}/delete/")
    assert not Comparison.objects.exists()


def test_a_line_is_aligned_on_a_failure_of_its_asset(client, sensor):
    failure = UptimeEventFactory.create(
        asset=sensor.asset,
        state="down",
        cause="failure",
        reason="Seal leak",
        started_at=NOON + HOUR / 2,
        ended_at=NOON + HOUR,
    )
    client.post(f"{URL}new/", _form(align="event", start="", end=""))
    row = Comparison.objects.get()
    line = f"{URL}{row.pk}/lines/new/"

    assert "Failure: Seal leak" in client.get(line, {"sensor": "P-1/flow"}).content.decode()
    refused = client.post(line, {"sensor": "P-1/flow", "event": "other"})
    assert refused.status_code == 422
    page = client.post(line, {"sensor": "P-1/flow", "event": "0"}, follow=True)

    assert "Failure: Seal leak" in page.content.decode()
    [kept] = row.lines.all()
    assert kept.anchor_at == failure.started_at
    data = client.get(f"{URL}{row.pk}/data/").json()
    assert (data["around"], data["lines"][0]["points"][0][0]) == (True, -1800.0)
    closer = client.get(f"{URL}{row.pk}/data/", {"from": -90, "to": 31}).json()
    assert closer["window"] == {"start": -90.0, "end": 31.0}
    assert [point[:2] for point in closer["lines"][0]["points"]] == [[-60.0, 34.0], [0.0, 35.0]]


@pytest.mark.parametrize(
    "change",
    [{"start": ""}, {"end": "2026-03-01T11:00"}, {"end": "9999-12-31T23:59"}, {"name": ""}],
)
def test_what_is_wrong_is_said_and_nothing_is_made(client, change):
    answer = client.post(f"{URL}new/", _form(**change))
    assert answer.status_code == 422
    assert b"field-error" in answer.content
    assert not Comparison.objects.exists()


def test_a_shared_comparison_is_seen_and_not_changed(plant, planner, client, sensor):
    shared, hidden = (
        ComparisonFactory.create(
            organization=plant, created_by=planner.user, name=name, is_shared=name == "Ours"
        )
        for name in ("Ours", "Mine alone")
    )
    ComparisonLineFactory.create(comparison=shared, sensor=sensor)

    page = client.get(URL).content.decode()
    assert "Ours" in page
    assert "Mine alone" not in page
    one = client.get(f"{URL}{shared.pk}/").content.decode()
    assert "Shared by a colleague" in one
    assert "Add a line" not in one
    assert client.get(f"{URL}{hidden.pk}/").status_code == 404
    assert client.post(f"{URL}{shared.pk}/delete/").status_code == 403
    assert client.post(f"{URL}lines/{shared.lines.get().pk}/remove/").status_code == 404
    assert Comparison.objects.count() == 2
