from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from assets.models import Sensor
from opssight.accounts.models import Membership
from telemetry.models import QualityFault
from tests.conftest import ApiFor, ClientFor
from tests.factories import NOON, AssetFactory, QualityFaultFactory, SensorFactory, SiteFactory

pytestmark = pytest.mark.django_db
LIST, API = "telemetry:quality", "/api/quality-faults/"


@pytest.fixture
def sensor(viewer: Membership) -> Sensor:
    asset = AssetFactory.create(organization=viewer.organization, tag="P-101A")
    found: Sensor = SensorFactory.create(asset=asset, key="flow")
    return found


def fault(sensor: Sensor, **values: Any) -> QualityFault:
    made: QualityFault = QualityFaultFactory.create(asset=sensor.asset, sensor=sensor, **values)
    return made


def page(client_for: ClientFor, viewer: Membership, query: str = "") -> str:
    return client_for(viewer).get(f"{reverse(LIST)}{query}").content.decode()


def test_the_list_shows_what_goes_on_and_on_demand_what_is_over(
    sensor: Sensor, viewer: Membership, client_for: ClientFor
) -> None:
    fault(sensor, explanation="Exactly 61.5.")
    fault(sensor, kind="unit_jump", ended_at=NOON, explanation="From bar to psi.")

    going_on = page(client_for, viewer)
    assert "Exactly 61.5." in going_on
    assert "Scoring paused" in going_on
    assert "From bar to psi." not in going_on
    over = page(client_for, viewer, "?state=past")
    assert "From bar to psi." in over
    assert "Exactly 61.5." not in over


def test_filters_narrow_and_nonsense_is_ignored(
    sensor: Sensor, viewer: Membership, client_for: ClientFor
) -> None:
    fault(sensor, explanation="Exactly 61.5.")
    elsewhere = SiteFactory.create(organization=viewer.organization)

    for query in ("?kind=flat_line", "?q=flow", f"?site={sensor.asset.site_id}", "?kind=x&site=y"):
        assert "Exactly 61.5." in page(client_for, viewer, query)
    for query in ("?kind=silent", "?q=nothing", f"?site={elsewhere.pk}"):
        assert "Nothing found" in page(client_for, viewer, query)


def test_the_panel_of_an_asset_says_since_when_scoring_is_paused(
    sensor: Sensor, viewer: Membership, client_for: ClientFor
) -> None:
    url = reverse("telemetry:quality_of_asset", args=[sensor.asset_id])
    client = client_for(viewer)
    assert "Nothing wrong with the data" in client.get(url).content.decode()

    fault(sensor, kind="silent", ended_at=NOON)
    fault(sensor, started_at=NOON - timedelta(days=1), explanation="Exactly 61.5.")

    shown = client.get(url).content.decode()
    assert "scoring paused (flat line) since" in shown
    assert shown.index("flow: flat line") < shown.index("flow: silent")


def test_nobody_sees_the_data_of_others(
    sensor: Sensor, stranger: Membership, client_for: ClientFor, api_for: ApiFor
) -> None:
    row = fault(sensor, explanation="Exactly 61.5.")

    assert "Exactly 61.5." not in page(client_for, stranger, "?state=all")
    url = reverse("telemetry:quality_of_asset", args=[sensor.asset_id])
    assert client_for(stranger).get(url).status_code == 404
    assert api_for(stranger).get(f"{API}{row.pk}/").status_code == 404


def test_the_api_lists_and_filters_and_never_writes(
    sensor: Sensor, planner: Membership, api_for: ApiFor
) -> None:
    row = fault(sensor)
    fault(sensor, kind="silent", ended_at=NOON)
    api = api_for(planner)

    [shown] = api.get(API, {"open": "true"}).data["results"]
    assert shown["id"] == row.pk
    assert shown["kind"] == "flat_line"
    assert shown["pauses_scoring"] is True
    assert len(api.get(API, {"kind": "silent", "sensor": str(sensor.pk)}).data["results"]) == 1
    assert api.post(API, {}).status_code == 405
    assert api.delete(f"{API}{row.pk}/").status_code == 405
