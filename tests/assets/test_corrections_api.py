"""Putting readings right over the API and in the admin."""

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from assets.models import Reading, Sensor
from assets.services import corrections
from assets.services.readings import ingest
from opssight.accounts.models import Membership
from opssight.audit.models import AuditEntry
from tests.conftest import ApiFor, ClientFor
from tests.factories import NOON, SensorFactory

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def sensor(planner: Membership) -> Sensor:
    sensor: Sensor = SensorFactory.create(
        asset__organization=planner.organization, physical_high=100
    )
    ingest(rows=[(sensor.pk, NOON + i * HOUR, float(i)) for i in range(6)])
    return sensor


@pytest.fixture
def api(planner: Membership, api_for: ApiFor) -> APIClient:
    return api_for(planner)


def path(sensor: Sensor, start: Any = "", end: Any = "") -> str:
    query = f"?from={start:%Y-%m-%dT%H:%M:%SZ}&to={end:%Y-%m-%dT%H:%M:%SZ}" if start else ""
    return f"/api/sensors/{sensor.pk}/readings{query}"


def test_a_planner_corrects_a_reading(sensor: Sensor, api: APIClient) -> None:
    answer = api.put(path(sensor), {"time": "2026-03-01T12:00:00Z", "value": 7.5}, format="json")

    assert answer.status_code == 200, answer.data
    assert answer.data == {"time": "2026-03-01T12:00:00Z", "value": 7.5, "before": 0.0}
    assert Reading.objects.get(pk=(sensor.pk, NOON)).value == 7.5
    assert AuditEntry.objects.filter(action="correct_readings").count() == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"time": "2026-03-01T12:00:01Z", "value": 1}, 404),
        ({"time": "2026-03-01T12:00:00Z", "value": 101}, 400),
        ({"time": "2026-03-01T12:00:00Z", "value": 1e300}, 400),
        ({"time": "2026-03-01T12:00:00Z"}, 400),
    ],
)
def test_a_correction_that_cannot_be_is_refused(
    sensor: Sensor, api: APIClient, body: dict[str, Any], status: int
) -> None:
    assert api.put(path(sensor), body, format="json").status_code == status
    assert Reading.objects.get(pk=(sensor.pk, NOON)).value == 0.0


def test_a_planner_deletes_the_readings_of_a_time(sensor: Sensor, api: APIClient) -> None:
    answer = api.delete(path(sensor, NOON + HOUR, NOON + 3 * HOUR))

    assert (answer.status_code, answer.data) == (200, {"deleted": 2})
    assert Reading.objects.filter(sensor=sensor).count() == 4


def test_a_deletion_says_from_when_to_when_and_not_too_much(
    sensor: Sensor, api: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert api.delete(path(sensor)).status_code == 400
    assert api.delete(path(sensor, NOON + HOUR, NOON)).status_code == 400
    monkeypatch.setattr(corrections, "MOST_AT_ONCE", 3)
    answer = api.delete(path(sensor, NOON, NOON + 10 * HOUR))

    assert answer.status_code == 409
    assert "shorter" in answer.data["detail"]
    assert Reading.objects.filter(sensor=sensor).count() == 6


def test_technicians_and_strangers_put_nothing_right(
    sensor: Sensor, technician: Membership, stranger: Membership, api_for: ApiFor
) -> None:
    whole = path(sensor, NOON, NOON + 10 * HOUR)

    assert api_for(technician).delete(whole).status_code == 403
    assert api_for(technician).put(path(sensor), {}, format="json").status_code == 403
    assert api_for(stranger).delete(whole).status_code == 404
    assert Reading.objects.filter(sensor=sensor).count() == 6


def test_the_admin_deletes_on_the_clock_of_the_organization(
    sensor: Sensor, planner: Membership, client_for: ClientFor
) -> None:
    planner.organization.timezone = "Europe/Berlin"
    planner.organization.save()
    client = client_for(planner)
    page = f"/admin/assets/sensor/{sensor.pk}/change/"
    form = f"/admin/assets/sensor/{sensor.pk}/delete_readings/"

    assert form in client.get(page).content.decode()
    assert "Europe/Berlin" in client.get(form).content.decode()
    wrong = client.post(form, {"start": "2026-03-01T14:00", "end": "2026-03-01T13:00"})
    assert wrong.status_code == 422
    answer = client.post(form, {"start": "2026-03-01T13:00:00", "end": "2026-03-01T15:00:00"})

    assert (answer.status_code, answer["Location"]) == (302, page)
    assert list(Reading.objects.order_by("time").values_list("value", flat=True)) == [2, 3, 4, 5]
    entry = AuditEntry.objects.get(action="delete_readings")
    assert entry.user_id == planner.user_id


def test_the_admin_of_another_organization_finds_no_sensor(
    sensor: Sensor, stranger: Membership, technician: Membership, client_for: ClientFor
) -> None:
    form = f"/admin/assets/sensor/{sensor.pk}/delete_readings/"
    span = {"start": "2026-03-01T00:00", "end": "2026-03-02T00:00"}

    assert client_for(stranger).post(form, span).status_code == 404
    assert client_for(technician).post(form, span).status_code in (302, 403)
    assert Reading.objects.filter(sensor=sensor).count() == 6
