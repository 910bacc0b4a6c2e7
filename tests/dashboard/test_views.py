import datetime as dt

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assets.services.readings import ingest
from opssight.accounts.models import Membership, Organization
from opssight.accounts.permissions import Role
from tests import factories
from tests.conftest import WALLS, ClientFor

pytestmark = pytest.mark.django_db


def _busy_asset(plant: Organization, *, late: bool = True) -> None:
    now = timezone.now()
    asset = factories.AssetFactory.create(organization=plant, current_risk=72.0)
    advice = factories.RecommendationFactory.create(asset=asset)
    factories.AnomalyFactory.create(asset=asset, recommendation=advice, severity="critical")
    sensor = factories.SensorFactory.create(asset=asset)
    for kind in ("unit_jump", "out_of_range", "clock_skew"):
        factories.QualityFaultFactory.create(asset=asset, sensor=sensor, kind=kind)
    factories.ScheduleFactory.create(asset=asset, next_due_at=now - dt.timedelta(days=1))
    technician = factories.TechnicianFactory.create(organization=plant)
    due = now + dt.timedelta(days=-1 if late else 1)
    factories.WorkOrderFactory.create(asset=asset, technician=technician, due_at=due)
    factories.AssetKpiFactory.create(
        asset=asset, value=0.95, starts_at=now - dt.timedelta(days=30), ends_at=now
    )


def test_the_dashboard_shows_six_numbers_and_what_to_look_at_first(
    plant: Organization, signed_in: Client
):
    _busy_asset(plant)

    page = signed_in.get("/").text

    assert page.count('class="metric-value') == 4 + 6
    assert "95.0 %" in page
    assert "1 critical" in page
    assert "of 1 assets" in page
    assert "scoring paused for 1 sensor<" in page
    for title in ("Highest risk", "To decide", "Due within a week"):
        assert title in page
    assert "bearing wear" in page
    assert "Overdue" in page
    assert "Welcome to OpsSight" not in page


def test_a_technician_sees_their_own_work_first_what_is_begun_above_all(
    plant: Organization, technician: Membership, client_for: ClientFor
):
    me = factories.TechnicianFactory.create(organization=plant, user=technician.user)
    asset = factories.AssetFactory.create(organization=plant)
    now = timezone.now()
    for title, days, values in (
        ("Late", -2, {}),
        ("Begun", 3, {"status": "in_progress", "started_at": now}),
    ):
        factories.WorkOrderFactory.create(
            asset=asset, technician=me, title=title, due_at=now + dt.timedelta(days=days), **values
        )
    factories.WorkOrderFactory.create(asset=asset, title="Of somebody else")

    response = client_for(technician).get("/")
    shown = response.context["today"]

    assert [order.title for order in shown.orders] == ["Begun", "Late"]
    assert [card.value for card in shown.cards] == ["2", "0", "0", "1"]
    assert "My next work" in response.text


def test_a_planner_sees_what_waits_and_every_number_is_that_of_its_list(
    plant: Organization, planner: Membership, client_for: ClientFor
):
    now = timezone.now()
    asset = factories.AssetFactory.create(organization=plant)
    factories.WorkOrderFactory.create(asset=asset, technician=None, status="approved")
    hour = dt.timedelta(hours=1)
    factories.WorkOrderFactory.create(asset=asset, due_at=now - hour, respond_by=now - hour)
    factories.WorkRequestFactory.create(asset=asset)
    client = client_for(planner)

    shown = client.get("/").context["today"]
    lists = {card.label: card for card in shown.cards}

    assert shown.orders == []
    assert lists.pop("Requests to decide").value == "1"
    for card in lists.values():
        assert card.value == str(client.get(card.href).context["page"].paginator.count), card.label
    assert {card.value for card in lists.values()} != {"0"}


def test_a_fresh_organization_is_told_the_first_step(signed_in: Client):
    page = signed_in.get("/").text

    assert "Welcome to OpsSight" in page
    assert "insufficient data" in page
    assert 'href="/assets/"' in page


def test_other_organizations_are_not_counted(signed_in: Client, stranger: Membership):
    _busy_asset(stranger.organization)

    page = signed_in.get("/").text

    assert "of 0 assets" in page
    assert "bearing wear" not in page


def test_an_account_without_a_role_that_may_look_is_told_whom_to_ask(
    plant: Organization, client_for: ClientFor
):
    requester = factories.MembershipFactory.create(organization=plant, role=Role.REQUESTER)
    _busy_asset(plant)

    page = client_for(requester).get("/").text

    assert "Nothing to see with this account yet" in page
    assert "bearing wear" not in page


def test_a_superuser_without_organization_is_led_to_the_admin(client: Client):
    user = factories.UserFactory.create(is_superuser=True, is_staff=True)
    client.force_login(user)

    page = client.get("/").text

    assert "You belong to no organization yet" in page
    assert 'href="/admin/"' in page


def test_the_dashboard_costs_the_same_for_thirty_assets_as_for_three(
    plant: Organization, signed_in: Client
):
    counts = []
    for rows in (3, 27):
        for _ in range(rows):
            _busy_asset(plant)
        with CaptureQueriesContext(connection) as queries:
            signed_in.get("/")
        counts.append(len(queries))

    assert counts[0] == counts[1] <= 16 + WALLS


def test_the_chart_of_a_sensor_holds_readings_limits_anomalies_and_the_forecast(
    plant: Organization, signed_in: Client
):
    now = timezone.now()
    asset = factories.AssetFactory.create(organization=plant)
    sensor = factories.SensorFactory.create(asset=asset, last_time=now, high_limit=9.0)
    for minutes in (0, 10, 20):
        factories.ReadingFactory.create(sensor=sensor, time=now - dt.timedelta(minutes=minutes))
    anomaly = factories.AnomalyFactory.create(
        asset=asset, sensor=sensor, started_at=now - dt.timedelta(hours=1), ended_at=None
    )
    factories.ForecastFactory.create(asset=asset, sensor=sensor, starts_at=now)

    chart = signed_in.get(f"/charts/sensors/{sensor.pk}/?days=1").json()

    assert len(chart["points"]) == 3
    assert chart["limits"] == [{"label": "High limit", "value": 9.0, "severity": "high"}]
    assert chart["anomalies"][0]["url"] == anomaly.get_absolute_url()
    assert chart["anomalies"][0]["end"] is None
    assert len(chart["forecast"]["points"]) == 2


def test_who_looks_closer_gets_finer_readings_of_that_time(plant: Organization, signed_in: Client):
    start = factories.NOON
    asset = factories.AssetFactory.create(organization=plant)
    sensor = factories.SensorFactory.create(asset=asset, expected_interval=dt.timedelta(minutes=1))
    minutes = [minute for minute in range(3000) if not 60 < minute < 90]
    ingest(rows=[(sensor.pk, start + m * dt.timedelta(minutes=1), float(m)) for m in minutes])
    fault = factories.QualityFaultFactory.create(
        asset=asset, sensor=sensor, started_at=start, found_at=start, ended_at=None
    )
    begin = int(start.timestamp() * 1000)
    url = f"/charts/sensors/{sensor.pk}/"

    whole = signed_in.get(url, {"from": begin, "to": begin + 3000 * 60_000}).json()
    closer = signed_in.get(url, {"from": begin, "to": begin + 120 * 60_000}).json()

    assert whole["made_of"].startswith("means of 2 minutes")
    assert {len(point) for point in whole["points"]} == {2, 4}
    assert closer["made_of"] == "single readings"
    assert closer["points"][60:63] == [
        [begin + 60 * 60_000, 60.0],
        [begin + 60 * 60_000, None],
        [begin + 90 * 60_000, 90.0],
    ]
    assert len(closer["points"]) == 92
    assert [item["end"] for item in closer["faults"]] == [None]
    assert fault.get_kind_display() in closer["faults"][0]["label"]


def test_the_chart_of_a_silent_sensor_is_empty_in_words(plant: Organization, signed_in: Client):
    asset = factories.AssetFactory.create(organization=plant)
    sensor = factories.SensorFactory.create(asset=asset)

    chart = signed_in.get(f"/charts/sensors/{sensor.pk}/").json()

    assert chart["points"] == []
    assert chart["forecast"] is None
    assert chart["empty"]
