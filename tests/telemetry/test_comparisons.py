"""Sensors laid over each other: kept, shared, scaled, aligned on events."""

from datetime import timedelta

import pytest

from assets.services.readings import ingest
from opssight.accounts.models import Membership
from opssight.accounts.permissions import Role
from telemetry.models import Comparison
from tests.factories import (
    NOON,
    AccessScopeFactory,
    AssetFactory,
    ComparisonFactory,
    ComparisonLineFactory,
    MembershipFactory,
    SensorFactory,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
URL = "/api/comparisons/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def sensors(plant):
    found = [
        SensorFactory.create(
            asset=AssetFactory.create(organization=plant, tag=tag), key="flow", unit=unit
        )
        for tag, unit in (("P-1", "m³/h"), ("P-2", "L/s"))
    ]
    rows = [(found[0].pk, NOON + i * MINUTE, float(i)) for i in range(60)]
    rows += [(found[1].pk, NOON + DAY + i * MINUTE, 1000.0 - i) for i in range(60)]
    ingest(rows=rows)
    return found


def _clock(sensors, **more):
    return {
        "name": "Both pumps",
        "start": NOON.isoformat(),
        "end": (NOON + HOUR).isoformat(),
        "lines": [{"sensor": sensor.pk} for sensor in sensors],
        **more,
    }


def test_a_comparison_is_kept_with_its_lines(viewer, api_for, sensors):
    api = api_for(viewer)

    made = api.post(URL, _clock(sensors))
    assert made.status_code == 201, made.json()
    row = f"{URL}{made.json()['id']}/"
    changed = api.patch(row, {"name": "One pump", "lines": [{"sensor": sensors[1].pk}]})

    assert changed.json()["name"] == "One pump"
    assert [line["sensor"] for line in changed.json()["lines"]] == [sensors[1].pk]
    assert api.get(row).json()["created_by"] == viewer.user_id
    assert api.delete(row).status_code == 204


def test_lines_of_different_units_meet_between_lowest_and_highest(viewer, api_for, sensors):
    api = api_for(viewer)
    end = (NOON + 2 * DAY).isoformat()
    pk = api.post(URL, _clock(sensors, scale="range", end=end)).json()["id"]

    body = api.get(f"{URL}{pk}/data/").json()

    assert (body["around"], body["unit"]) == (False, "%")
    assert [line["count"] for line in body["lines"]] == [60, 60]
    assert [(line["low"], line["high"]) for line in body["lines"]] == [(0.0, 59.0), (941.0, 1000.0)]
    for line in body["lines"]:
        drawn = [value for point in line["points"] for value in point[2:]]
        assert (min(drawn), max(drawn)) == (0.0, pytest.approx(100.0))


def test_lines_meet_at_their_events(viewer, api_for, sensors):
    lines = [
        {"sensor": sensors[0].pk, "anchor_at": (NOON + 30 * MINUTE).isoformat()},
        {"sensor": sensors[1].pk, "anchor_at": (NOON + DAY + 30 * MINUTE).isoformat()},
        {"sensor": sensors[1].pk},
    ]
    body = {"name": "Failures", "align": "event", "minutes_before": 10, "minutes_after": 5}
    api = api_for(viewer)
    pk = api.post(URL, {**body, "lines": lines}).json()["id"]

    found = api.get(f"{URL}{pk}/data/").json()

    assert found["around"] is True
    assert found["waiting"] == [sensors[1].pk]
    for line in found["lines"]:
        assert (line["points"][0][0], line["points"][-1][0], line["count"]) == (-600, 240, 15)
    assert found["lines"][1]["high"] == 980.0


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"start": None}, "/start"),
        ({"end": NOON.isoformat()}, "/start"),
        ({"lines": [{"sensor": 1}]}, "/lines/0/sensor"),
        ({"lines": "twice"}, "/lines/1/sensor"),
        ({"lines": "foreign"}, "/lines/0/sensor"),
        ({"name": "Taken"}, "/name"),
    ],
)
def test_what_is_wrong_is_named(viewer, api_for, sensors, change, pointer):
    ComparisonFactory.create(organization=viewer.organization, created_by=viewer.user, name="Taken")
    own, foreign = {"sensor": sensors[0].pk}, {"sensor": SensorFactory.create().pk}
    if isinstance(change.get("lines"), str):
        change = {"lines": [own, own] if change["lines"] == "twice" else [foreign]}
    elif "lines" in change:
        change = {"lines": [{"sensor": 2**40}]}
    answer = api_for(viewer).post(URL, _clock(sensors) | change)
    assert answer.status_code == 400, answer.json()
    assert answer.json()["errors"][0]["pointer"] == pointer
    assert Comparison.objects.count() == 1


def test_colleagues_see_what_is_shared_and_change_nothing(plant, viewer, planner, api_for):
    mine, shared = (
        ComparisonFactory.create(organization=plant, created_by=planner.user, is_shared=is_shared)
        for is_shared in (False, True)
    )
    api = api_for(viewer)

    assert [row["id"] for row in api.get(URL).json()["results"]] == [shared.pk]
    assert api.get(f"{URL}{mine.pk}/data/").status_code == 404
    assert api.patch(f"{URL}{shared.pk}/", {"name": "x"}).status_code == 403
    assert api.delete(f"{URL}{shared.pk}/").status_code == 403
    assert Comparison.objects.count() == 2


def test_lines_outside_of_ones_part_of_the_plant_are_hidden_and_kept(plant, api_for, sensors):
    member = MembershipFactory.create(
        organization=plant, role=Role.VIEWER, coverage=Membership.Coverage.PART
    )
    AccessScopeFactory.create(membership=member, asset=sensors[0].asset)
    row = ComparisonFactory.create(organization=plant, created_by=member.user)
    for sensor in sensors:
        ComparisonLineFactory.create(comparison=row, sensor=sensor)
    api = api_for(member)

    assert [line["sensor"] for line in api.get(f"{URL}{row.pk}/").json()["lines"]] == [
        sensors[0].pk
    ]
    assert len(api.get(f"{URL}{row.pk}/data/").json()["lines"]) == 1
    answer = api.patch(f"{URL}{row.pk}/", {"lines": []})
    assert answer.json()["lines"] == []
    assert [line.sensor_id for line in row.lines.all()] == [sensors[1].pk]
