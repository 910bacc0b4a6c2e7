"""What every page keeps: who may open it, whose rows it shows, and what it costs."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from opssight.accounts.models import Membership, Organization
from tests import factories
from tests.conftest import WALLS, ClientFor

pytestmark = pytest.mark.django_db

Maker = Callable[[Membership], Model]


def _asset(member: Membership, **values: Any) -> Any:
    return factories.AssetFactory.create(organization=member.organization, **values)


def _technician(member: Membership) -> Any:
    return factories.TechnicianFactory.create(organization=member.organization)


def _rated_asset(member: Membership) -> Any:
    asset = _asset(member, current_risk=42.0)
    factories.RiskScoreFactory.create(asset=asset)
    return asset


def _anomaly(member: Membership) -> Any:
    advice = _recommendation(member)
    return factories.AnomalyFactory.create(asset=advice.asset, recommendation=advice)


def _recommendation(member: Membership) -> Any:
    return factories.RecommendationFactory.create(asset=_asset(member))


def _work_order(member: Membership) -> Any:
    technician = _technician(member)
    return factories.WorkOrderFactory.create(asset=_asset(member), technician=technician)


def _record(member: Membership) -> Any:
    return factories.MaintenanceRecordFactory.create(asset=_asset(member))


def _notification(member: Membership) -> Any:
    return factories.NotificationFactory.create(
        organization=member.organization, recipient=member.user
    )


def _tag(row: Any) -> str:
    return str(getattr(row, "asset", row).tag)


def _sensor(member: Membership) -> Any:
    return factories.SensorFactory.create(asset=_asset(member))


# By URL name: the id of the region that htmx swaps, one row, and the text that shows the row.
LISTS: dict[str, tuple[str, Maker, Callable[[Any], str]]] = {
    "assets:list": ("asset-list", _asset, lambda row: row.tag),
    "anomalies:list": ("anomaly-list", _anomaly, lambda row: row.asset.tag),
    "forecasts:risk": ("risk-list", _rated_asset, lambda row: row.tag),
    "maintenance:recommendations": (
        "recommendation-list",
        _recommendation,
        lambda row: row.asset.tag,
    ),
    "maintenance:work_orders": ("work-order-list", _work_order, lambda row: row.number),
    "maintenance:history": ("history-list", _record, lambda row: row.asset.tag),
}
DETAILS: dict[str, Maker] = {
    "assets:detail": _asset,
    "anomalies:of_asset": _asset,
    "forecasts:of_asset": _asset,
    "maintenance:of_asset": _asset,
    "maintenance:asset_files": _asset,
    "dashboard:sensor_chart": _sensor,
    "anomalies:detail": _anomaly,
    "maintenance:recommendation": _recommendation,
    "maintenance:work_order": _work_order,
}
ACTIONS: dict[str, Maker] = {
    "anomalies:review": _anomaly,
    "maintenance:accept": _recommendation,
    "maintenance:dismiss": _recommendation,
    "maintenance:start_order": _work_order,
    "maintenance:complete": _work_order,
    "maintenance:cancel_order": _work_order,
    "notifications:read": _notification,
}
OTHERS = [
    "dashboard:home",
    "anomalies:timeline",
    "maintenance:new_work_order",
    "notifications:panel",
    "notifications:badge",
]
HOSTILE = [
    "q=%00",
    "q=" + "x" * 3000,
    "site=99999999999999999999999",
    "site=-1&severity=x&status=x&state=x&overdue=x",
    "order=organization__name&page=-3&days=none",
    "order=--tag&page=99999999999999999999&days=999999999999999999999",
]


@pytest.mark.parametrize("name", [*LISTS, *OTHERS])
def test_who_is_not_signed_in_is_sent_to_the_sign_in_page(client: Client, name: str):
    url = reverse(name)
    response = client.get(url)

    assert response.status_code == 302
    assert response["Location"] == f"{reverse('login')}?next={url}"


@pytest.mark.parametrize("name", [*DETAILS, *ACTIONS])
def test_a_row_is_not_shown_or_changed_without_signing_in(client: Client, name: str):
    url = reverse(name, args=[1])
    response = client.post(url) if name in ACTIONS else client.get(url)

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("login"))


@pytest.mark.parametrize("name", LISTS)
def test_a_list_answers_htmx_with_the_region_alone(
    name: str, planner: Membership, client_for: ClientFor
):
    region, make, shown = LISTS[name]
    row = make(planner)
    client = client_for(planner)

    page = client.get(reverse(name))
    part = client.get(reverse(name), headers={"HX-Request": "true", "HX-Target": region})
    other = client.get(reverse(name), headers={"HX-Request": "true", "HX-Target": "elsewhere"})

    assert "<html" in page.text
    assert shown(row) in page.text
    assert part.text.strip().startswith("<div")
    assert f'id="{region}"' in part.text
    assert shown(row) in part.text
    assert "<html" not in part.text
    assert "<html" in other.text
    assert {"HX-Request", "HX-Target"} <= set(page["Vary"].replace(" ", "").split(","))


@pytest.mark.parametrize("name", LISTS)
def test_the_region_that_is_swapped_does_not_hold_the_search_box(
    name: str, planner: Membership, client_for: ClientFor
):
    headers = {"HX-Request": "true", "HX-Target": LISTS[name][0]}

    part = client_for(planner).get(reverse(name), headers=headers)

    assert 'type="search"' not in part.text


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_as_many_queries_for_thirty_rows_as_for_three(
    name: str, planner: Membership, client_for: ClientFor
):
    _, make, _ = LISTS[name]
    counts = []
    for rows in (3, 27):
        for _ in range(rows):
            make(planner)
        client = client_for(planner)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(reverse(name)).status_code == 200
        counts.append(len(queries))

    assert counts[1] <= counts[0]
    assert counts[0] <= 9 + WALLS


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("query", HOSTILE)
def test_a_list_answers_any_query_string(
    name: str, query: str, planner: Membership, client_for: ClientFor
):
    LISTS[name][1](planner)

    assert client_for(planner).get(f"{reverse(name)}?{query}").status_code == 200


@pytest.mark.parametrize("query", HOSTILE)
def test_charts_answer_any_query_string(query: str, planner: Membership, client_for: ClientFor):
    client = client_for(planner)
    sensor = reverse("dashboard:sensor_chart", args=[_sensor(planner).pk])

    assert client.get(f"{sensor}?{query}").status_code == 200
    assert client.get(f"{reverse('anomalies:timeline')}?{query}").status_code == 200


@pytest.mark.parametrize("name", LISTS)
def test_a_list_shows_no_row_of_another_organization(
    name: str, planner: Membership, stranger: Membership, client_for: ClientFor
):
    _, make, shown = LISTS[name]
    own, foreign = make(planner), make(stranger)
    page = client_for(planner).get(reverse(name)).text

    assert shown(own) in page
    assert _tag(foreign) not in page


@pytest.mark.parametrize("name", [*DETAILS, *ACTIONS])
def test_a_row_of_another_organization_does_not_exist(
    name: str, admin: Membership, stranger: Membership, client_for: ClientFor
):
    row = (DETAILS | ACTIONS)[name](stranger)
    url = reverse(name, args=[row.pk])
    client = client_for(admin)
    response = client.post(url) if name in ACTIONS else client.get(url)

    assert response.status_code == 404


@pytest.mark.parametrize("name", DETAILS)
def test_a_page_of_one_row_opens(name: str, viewer: Membership, client_for: ClientFor):
    row = DETAILS[name](viewer)

    assert client_for(viewer).get(reverse(name, args=[row.pk])).status_code == 200


@pytest.mark.parametrize("name", [*LISTS, *DETAILS])
def test_a_viewer_is_offered_no_action_that_would_be_refused(
    name: str, viewer: Membership, client_for: ClientFor
):
    row = (LISTS[name][1] if name in LISTS else DETAILS[name])(viewer)
    url = reverse(name) if name in LISTS else reverse(name, args=[row.pk])

    page = client_for(viewer).get(url).text

    posts = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"', page)
    assert set(posts) <= {reverse("logout")}
    assert reverse("maintenance:new_work_order") not in page
    assert "/admin/" not in page


@pytest.mark.parametrize(
    "name",
    [
        "maintenance:accept",
        "maintenance:dismiss",
        "maintenance:cancel_order",
        "maintenance:start_order",
        "maintenance:complete",
        "anomalies:review",
    ],
)
def test_a_viewer_may_not_act(name: str, viewer: Membership, client_for: ClientFor):
    row = ACTIONS[name](viewer)

    assert client_for(viewer).post(reverse(name, args=[row.pk])).status_code == 403


@pytest.mark.parametrize(
    "name", ["maintenance:accept", "maintenance:dismiss", "maintenance:cancel_order"]
)
def test_a_technician_does_not_plan(name: str, technician: Membership, signed_in: Client):
    row = ACTIONS[name](technician)

    assert signed_in.post(reverse(name, args=[row.pk])).status_code == 403


@pytest.mark.parametrize("name", [*LISTS, "notifications:panel"])
def test_an_organization_without_rows_is_told_what_comes_here(
    name: str, planner: Membership, client_for: ClientFor
):
    page = client_for(planner).get(reverse(name)).text

    text = re.search(r'class="empty-state">.*?<p>(.*?)</p>', page, re.DOTALL)
    assert text is not None
    assert len(text[1]) > 30


def test_times_are_shown_in_the_zone_of_the_organization(
    plant: Organization, planner: Membership, client_for: ClientFor
):
    plant.timezone = "Asia/Kolkata"
    plant.save()
    site = factories.SiteFactory.create(organization=plant, timezone="America/Chicago")
    asset = _asset(planner, site=site)
    started = dt.datetime(2026, 3, 1, 20, 0, tzinfo=dt.UTC)
    anomaly = factories.AnomalyFactory.create(asset=asset, started_at=started, ended_at=None)

    page = client_for(planner).get(anomaly.get_absolute_url()).text

    assert '<span>Mar 2, 2026</span> <span class="clock">01:30</span>' in page
    assert "IST" in page
    assert 'data-timezone="Asia/Kolkata"' in page


def test_a_due_date_means_the_day_of_the_organization(
    plant: Organization, planner: Membership, client_for: ClientFor
):
    plant.timezone = "Pacific/Auckland"
    plant.save()
    advice = _recommendation(planner)
    day = timezone.localdate(timezone.now(), plant.zone) + dt.timedelta(days=3)

    client_for(planner).post(
        reverse("maintenance:accept", args=[advice.pk]), {"due_at": day.isoformat()}
    )

    order = advice.work_orders.get()
    assert order.due_at.astimezone(plant.zone) == dt.datetime.combine(
        day, dt.time(17), tzinfo=plant.zone
    )


def test_no_page_allows_inline_code_or_styles(planner: Membership, client_for: ClientFor):
    policy = client_for(planner).get(reverse("dashboard:home"))["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_a_page_without_an_icon_gets_the_products(client: Client) -> None:
    assert client.get("/favicon.ico").headers["Location"] == "/static/img/logo.svg"
