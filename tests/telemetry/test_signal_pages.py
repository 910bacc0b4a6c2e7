"""The pages of unmapped names, known names and rules; and the same over the API."""

from datetime import timedelta

import pytest
from django.test import Client

from assets.models import Reading, Sensor
from opssight.accounts.models import Membership, Organization
from telemetry.models import HeldReading, Signal, TelemetryPolicy, UnknownSignal
from telemetry.queries.signals import MOST_OFFERED
from tests.conftest import WALLS, ApiFor, ClientFor
from tests.factories import (
    AssetFactory,
    HeldReadingFactory,
    SensorFactory,
    SignalFactory,
    UnknownSignalFactory,
)
from tests.telemetry.test_intake import NOON

pytestmark = pytest.mark.django_db
HTMX = {"hx-request": "true", "hx-target": "unmapped-list"}


@pytest.fixture
def client(planner: Membership, client_for: ClientFor) -> Client:
    return client_for(planner)


@pytest.fixture
def sensor(plant: Organization) -> Sensor:
    asset = AssetFactory.create(organization=plant, tag="P-101A")
    sensor: Sensor = SensorFactory.create(asset=asset, key="temp", unit="degC")
    return sensor


@pytest.fixture
def unknown(plant: Organization) -> UnknownSignal:
    row: UnknownSignal = UnknownSignalFactory.create(organization=plant, name="line/P-101A/Temp")
    HeldReadingFactory.create(signal=row, value=20.0)
    HeldReadingFactory.create(signal=row, value=1.0, time=NOON + timedelta(days=9999))
    return row


def test_an_unmapped_name_is_mapped_with_one_click(
    client: Client, sensor: Sensor, unknown: UnknownSignal
) -> None:
    page = client.get("/telemetry/unmapped/").content.decode()
    assert 'value="P-101A/temp"' in page

    answer = client.post(
        f"/telemetry/unmapped/{unknown.pk}/?q=x", {"sensor": "P-101A/temp"}, headers=HTMX
    ).content.decode()

    assert "stands for P-101A/temp now: 1 held readings are stored there, 1 were refused" in answer
    assert "in the future" in answer
    assert "<html" not in answer
    assert Reading.objects.get().value == 20.0
    assert not UnknownSignal.objects.exists()


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"sensor": "P-101A/nothing"}, "There is no such sensor"),
        ({"sensor": ""}, "This field is required"),
        ({"sensor": "P-101A/temp", "unit": "bar"}, "cannot be converted to"),
        ({"sensor": "F-1/temp"}, "There is no such sensor"),
    ],
)
def test_a_mapping_that_cannot_be_is_explained_at_its_row(
    client: Client, sensor: Sensor, unknown: UnknownSignal, data: dict[str, str], says: str
) -> None:
    SensorFactory.create(asset__tag="F-1", key="temp")
    answer = client.post(f"/telemetry/unmapped/{unknown.pk}/", data)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert HeldReading.objects.count() == 2


def test_ticked_names_are_dropped_together_and_others_stay(
    client: Client, plant: Organization, unknown: UnknownSignal
) -> None:
    other = UnknownSignalFactory.create(organization=plant)
    theirs = UnknownSignalFactory.create()

    client.post("/telemetry/unmapped/drop/", {"name": [unknown.pk, theirs.pk, "x"]})

    assert set(UnknownSignal.objects.all()) == {other, theirs}
    assert Signal.objects.get().sensor is None


def test_a_name_whose_sender_may_not_write_to_its_sensor_says_so(
    client: Client, plant: Organization, sensor: Sensor
) -> None:
    UnknownSignalFactory.create(organization=plant, name="P-101A/temp")
    page = client.get("/telemetry/unmapped/").content.decode()
    assert "It stands for P-101A/temp already" in page


def test_only_who_manages_integrations_of_the_organization_gets_there(
    technician: Membership, stranger: Membership, client_for: ClientFor, unknown: UnknownSignal
) -> None:
    assert client_for(technician).get("/telemetry/unmapped/").status_code == 403
    foreign = client_for(stranger)
    assert b"line/P-101A" not in foreign.get("/telemetry/unmapped/").content
    assert foreign.post(f"/telemetry/unmapped/{unknown.pk}/", {"sensor": "a/b"}).status_code == 404


@pytest.mark.parametrize("rows", [3, 25])
def test_the_list_takes_as_few_queries_for_many_names(
    client: Client, plant: Organization, sensor: Sensor, rows: int, django_assert_max_num_queries
) -> None:
    for number in range(rows):
        UnknownSignalFactory.create(organization=plant, name=f"P-101A/x{number}")
    with django_assert_max_num_queries(WALLS + 12):
        assert client.get("/telemetry/unmapped/").status_code == 200


def test_a_known_name_is_made_changed_and_forgotten(
    client: Client, sensor: Sensor, unknown: UnknownSignal
) -> None:
    url = "/telemetry/signals/new/"
    client.post(url, {"name": unknown.name, "sensor": "P-101A/temp", "unit": "degF"})
    row = Signal.objects.get()
    assert Reading.objects.get().value == pytest.approx(-6.67, abs=0.01)
    assert unknown.name in client.get("/telemetry/signals/?q=p-101").content.decode()
    assert client.post(url, {"name": unknown.name}).status_code == 422

    client.post(f"/telemetry/signals/{row.pk}/", {"sensor": "", "unit": ""})
    row.refresh_from_db()
    assert (row.sensor, row.unit) == (None, "")

    client.post(f"/telemetry/signals/{row.pk}/delete/")
    assert not Signal.objects.exists()


def test_the_rules_are_saved_once_for_the_organization(client: Client, plant: Organization) -> None:
    form = {"unknown": "reject", "naive_times": "refuse", "readings_days": "30", "hourly_days": ""}
    client.post("/telemetry/rules/", form)
    answer = client.post("/telemetry/rules/", {**form, "hourly_days": "10"})

    assert answer.status_code == 422
    assert b"at least as long as single readings" in answer.content
    row = TelemetryPolicy.objects.get(organization=plant)
    assert (row.unknown, row.readings_days) == ("reject", 30)


def test_the_api_maps_and_drops(
    planner: Membership, viewer: Membership, api_for: ApiFor, sensor: Sensor, unknown: UnknownSignal
) -> None:
    api, path = api_for(planner), f"/api/unknown-signals/{unknown.pk}"
    foreign = SensorFactory.create()
    assert api_for(viewer).post(f"{path}/map", {"sensor": sensor.pk}).status_code == 403
    assert api.post(f"{path}/map", {"sensor": foreign.pk}).status_code == 400
    refused = api.post(f"{path}/map", {"sensor": sensor.pk, "unit": "bar"})
    [error] = refused.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/unit", "rule")

    body = api.post(f"{path}/map", {"sensor": sensor.pk}).json()

    assert (body["stored"], body["refused"], body["signal"]["sensor"]) == (1, 1, sensor.pk)
    other = UnknownSignalFactory.create(organization=planner.organization)
    assert api.post(f"/api/unknown-signals/{other.pk}/drop").status_code == 204
    assert api.get("/api/signals?dropped=true").json()["results"][0]["name"] == other.name


def test_a_signal_over_the_api_takes_what_was_held_and_says_what_is_wrong(
    planner: Membership, api_for: ApiFor, sensor: Sensor, unknown: UnknownSignal
) -> None:
    api = api_for(planner)
    wrong = api.post("/api/signals", {"name": "x", "sensor": sensor.pk, "unit": "bar"})
    assert wrong.json()["errors"][0]["pointer"] == "/unit"

    made = api.post("/api/signals", {"name": unknown.name, "sensor": sensor.pk}).json()

    assert Reading.objects.get().sensor == sensor
    again = api.post("/api/signals", {"name": unknown.name, "sensor": sensor.pk})
    assert again.json()["errors"][0]["pointer"] == "/name"
    changed = api.patch(f"/api/signals/{made['id']}", {"sensor": None})
    assert changed.json()["sensor"] is None
    SignalFactory.create(name="theirs")
    assert len(api.get("/api/signals").json()["results"]) == 1


def test_the_admin_keeps_signals_and_drops_names(
    client: Client, sensor: Sensor, unknown: UnknownSignal
) -> None:
    form = {"name": unknown.name, "sensor": sensor.pk, "unit": "bar"}
    refused = client.post("/admin/telemetry/signal/add/", form)
    assert "cannot be converted" in refused.content.decode()

    assert client.post("/admin/telemetry/signal/add/", {**form, "unit": ""}).status_code == 302
    assert Reading.objects.get().sensor == sensor
    other = UnknownSignalFactory.create(organization=sensor.organization)
    client.post(
        "/admin/telemetry/unknownsignal/", {"action": "drop", "_selected_action": [other.pk]}
    )
    assert not UnknownSignal.objects.exists()


def test_what_a_sensor_can_read_is_set_over_the_api(
    planner: Membership, api_for: ApiFor, sensor: Sensor
) -> None:
    api, path = api_for(planner), f"/api/sensors/{sensor.pk}"
    wrong = api.patch(path, {"rolls_over_at": 1000.0})
    assert wrong.json()["errors"][0]["pointer"] == "/rolls_over_at"
    assert api.patch(path, {"physical_low": -40.0, "physical_high": 200.0}).status_code == 200
    assert api.patch(path, {"kind": "counter", "rolls_over_at": 1000.0}).status_code == 200
    sensor.refresh_from_db()
    assert (sensor.physical_high, sensor.rolls_over_at) == (200.0, 1000.0)


def test_the_admin_says_that_an_organization_has_its_rules_already(
    admin: Membership, client_for: ClientFor
) -> None:
    TelemetryPolicy.objects.create(organization=admin.organization)
    form = {"unknown": "reject", "naive_times": "refuse"}

    answer = client_for(admin).post("/admin/telemetry/telemetrypolicy/add/", form)

    assert answer.status_code == 200
    assert "has its rules already" in answer.content.decode()


def test_a_sensor_of_many_is_found_by_typing(
    client: Client, plant: Organization, sensor: Sensor, unknown: UnknownSignal
) -> None:
    others = [SensorFactory.create(asset=sensor.asset, key=f"a{n}") for n in range(MOST_OFFERED)]
    SensorFactory.create(asset=AssetFactory.create(tag="P-101A"), key="temp_of_others")
    off = SensorFactory.create(asset=sensor.asset, key="temp_off", is_active=False)
    url = f"/telemetry/sensor-names/?organization={plant.pk}"

    page = client.get("/telemetry/unmapped/").text
    found = client.get(f"{url}&taking=1&sensor=101a+TEMP").text
    every = client.get(f"{url}&sensor=101a+temp").text

    assert 'P-101A/temp"></option>' not in page
    assert f'hx-get="{url}&amp;taking=1"' in page
    assert found.strip() == '<option value="P-101A/temp"></option>'
    assert every.count("<option") == 2
    assert off.key in every
    assert client.get(url).text.count("<option") == len(others)
    assert client.get(f"{url}&sensor=%00%25_\\").text.strip() == ""
