import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from assets.models import Asset, AssetKpi, UptimeEvent
from opssight.accounts.models import Membership, Organization
from tests import factories
from tests.conftest import ClientFor
from tests.factories import NOON

pytestmark = pytest.mark.django_db


def _asset(plant: Organization, **values: Any) -> Asset:
    return factories.AssetFactory.create(organization=plant, **values)


def _tags(client: Client, query: str = "") -> list[str]:
    page = client.get(f"/assets/?{query}").text
    return re.findall(r'class="asset-tag"[^>]*>([^<]+)<', page)


def test_the_search_finds_tag_name_and_category_in_any_case(plant: Organization, signed_in: Client):
    _asset(plant, tag="P-101A", name="Feed", category="pump")
    _asset(plant, tag="M-7", name="Drive of the PUMP house", category="motor")
    _asset(plant, tag="K-2", name="Air", category="compressor")

    assert _tags(signed_in, "q=pump") == ["M-7", "P-101A"]
    assert _tags(signed_in, "q=p-101") == ["P-101A"]
    assert _tags(signed_in, "q=turbine") == []


def test_a_search_without_result_says_how_to_go_on(plant: Organization, signed_in: Client):
    _asset(plant)

    page = signed_in.get("/assets/?q=turbine").text

    assert "Nothing found" in page
    assert "Show all assets" in page
    assert 'value="turbine"' in page


def test_filters_by_site_status_and_overdue_maintenance(plant: Organization, signed_in: Client):
    late = timezone.now() - dt.timedelta(days=1)
    site = factories.SiteFactory.create(organization=plant)
    _asset(plant, tag="A", site=site)
    _asset(plant, tag="B", status=Asset.Status.STANDBY)
    _asset(plant, tag="C", next_due_at=late)

    assert _tags(signed_in, f"site={site.pk}") == ["A"]
    assert _tags(signed_in, "status=standby") == ["B"]
    assert _tags(signed_in, "overdue=1") == ["C"]
    assert "Overdue" in signed_in.get("/assets/?q=C").text


def test_sorts_either_way_with_empty_values_last(plant: Organization, signed_in: Client):
    for tag, risk in (("A", 10.0), ("B", None), ("C", 90.0)):
        _asset(plant, tag=tag, current_risk=risk)

    assert _tags(signed_in, "order=risk") == ["A", "C", "B"]
    assert _tags(signed_in, "order=-risk") == ["C", "A", "B"]
    assert _tags(signed_in, "order=anything") == ["A", "B", "C"]


def test_the_order_is_kept_for_the_next_search_only_when_it_was_asked_for(
    plant: Organization, signed_in: Client
):
    _asset(plant)
    hidden = '<input type="hidden" name="order" value="-risk" form="asset-filter">'

    assert hidden in signed_in.get("/assets/?order=-risk").text
    assert 'name="order"' not in signed_in.get("/assets/").text


def test_pages_of_twenty_five(plant: Organization, signed_in: Client):
    for number in range(30):
        _asset(plant, tag=f"P-{number:03}")

    assert _tags(signed_in)[-1] == "P-024"
    assert _tags(signed_in, "page=2") == [f"P-{number:03}" for number in range(25, 30)]
    assert "26–30 of 30 assets" in signed_in.get("/assets/?page=2").text


def test_a_planner_is_led_to_the_admin_for_the_first_asset(
    planner: Membership, client_for: ClientFor
):
    assert "/admin/assets/asset/add/" in client_for(planner).get("/assets/").text


def test_an_asset_page_shows_each_active_sensor_with_its_chart(
    plant: Organization, signed_in: Client
):
    asset = _asset(plant)
    shown = factories.SensorFactory.create(
        asset=asset, key="flow", quantity="flow", unit="m³/h", last_time=NOON, last_value=13155.83
    )
    silent = factories.SensorFactory.create(asset=asset, key="speed")
    hidden = factories.SensorFactory.create(asset=asset, is_active=False)

    page = signed_in.get(f"{asset.get_absolute_url()}?days=30").text

    assert f'data-url="/charts/sensors/{shown.pk}/?days=30"' in page
    assert "13,156 m³/h" in page
    assert f"/charts/sensors/{silent.pk}/" in page
    assert "No reading yet" in page
    assert f"/charts/sensors/{hidden.pk}/" not in page


def test_an_unknown_range_shows_seven_days(plant: Organization, signed_in: Client):
    sensor = factories.SensorFactory.create(asset=_asset(plant))

    page = signed_in.get(f"{sensor.asset.get_absolute_url()}?days=12345").text

    assert f"/charts/sensors/{sensor.pk}/?days=7" in page


def test_sensors_with_something_to_see_come_first(plant: Organization, signed_in: Client):
    asset = _asset(plant)
    factories.SensorFactory.create(asset=asset, key="a_calm")
    strange = factories.SensorFactory.create(asset=asset, key="z_strange")
    factories.AnomalyFactory.create(asset=asset, sensor=strange, ended_at=None)

    page = signed_in.get(asset.get_absolute_url()).text

    assert page.index("z_strange") < page.index("a_calm")


def test_an_asset_without_anything_says_so_everywhere(plant: Organization, signed_in: Client):
    asset = _asset(plant, category="", name="N" * 200)

    page = signed_in.get(asset.get_absolute_url()).text

    assert "No sensors" in page
    assert "None recorded" in page
    assert "No schedule" in page
    assert "Calculated every hour" in page
    assert "None at" not in page


def test_uptime_shows_states_with_their_cause_and_kpis(plant: Organization, signed_in: Client):
    asset = _asset(plant)
    factories.UptimeEventFactory.create(asset=asset, reason="Seal replaced")
    factories.UptimeEventFactory.create(
        asset=asset,
        state=UptimeEvent.State.OPERATING,
        cause=UptimeEvent.Cause.NONE,
        started_at=NOON,
        ended_at=None,
    )
    factories.AssetKpiFactory.create(asset=asset, value=0.9731)
    factories.AssetKpiFactory.create(asset=asset, kpi=AssetKpi.Kpi.MTBF, value=None)

    page = signed_in.get(asset.get_absolute_url()).text
    states = page[page.index('class="events"') : page.index("</ul>", page.index('class="events"'))]

    assert "Seal replaced" in states
    assert "None" not in states
    assert "now" in states
    assert "97.3 %" in page
    assert "Insufficient data" in page


def test_related_assets_are_named_in_both_directions(plant: Organization, signed_in: Client):
    pump, motor = _asset(plant, tag="P-1"), _asset(plant, tag="M-1")
    child = _asset(plant, tag="P-1-SEAL", parent=pump)
    factories.AssetRelationshipFactory.create(
        organization=plant, source=motor, target=pump, kind="powers"
    )

    page = signed_in.get(pump.get_absolute_url()).text

    assert child.get_absolute_url() in page
    assert motor.get_absolute_url() in page
    assert "powers this" in page
