"""Who covers one site, or one group, meets nothing else: generated over every route and page."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from assets.models import AccessScope, Asset
from opssight.accounts.models import Membership, Organization, User
from opssight.accounts.permissions import WHOLE_ORGANIZATION, Role
from opssight.api import router
from tests import factories
from tests.factories import (
    AccessScopeFactory,
    AssetFactory,
    AssetGroupFactory,
    AssetGroupMemberFactory,
    MembershipFactory,
    SiteFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.crawl]

MINE, THEIRS = "Minetown", "Farville"

# Rows of an asset: how to make one. Each list shows the own asset's row and not the other's.
OF_ASSET: dict[str, Any] = {
    "sensors": factories.SensorFactory,
    "uptime-events": factories.UptimeEventFactory,
    "asset-kpis": factories.AssetKpiFactory,
    "production-runs": factories.ProductionRunFactory,
    "maintenance/schedules": factories.ScheduleFactory,
    "maintenance/work-orders": factories.WorkOrderFactory,
    "maintenance/history": factories.MaintenanceRecordFactory,
    "maintenance/recommendations": factories.RecommendationFactory,
    "anomalies": factories.AnomalyFactory,
    "incidents": factories.IncidentFactory,
    "quality-faults": factories.QualityFaultFactory,
    "forecasts": factories.ForecastFactory,
    "risk-scores": factories.RiskScoreFactory,
    "life-predictions": factories.LifePredictionFactory,
    "failure-chances": factories.FailureChanceFactory,
    "machine-models": factories.MachineModelFactory,
}
# Rows of an order or a schedule, which say by that of which asset they are.
OF_WORK: dict[str, Any] = {
    "maintenance/schedule-meters": factories.MeterTriggerFactory.create,
    "maintenance/schedule-conditions": factories.ConditionTriggerFactory.create,
    "maintenance/work-order-lines": lambda asset: factories.WorkOrderFactory.create(
        asset=asset
    ).lines.get(),
    "maintenance/work-order-blocks": factories.WorkOrderBlockFactory.create,
    "maintenance/work-order-transitions": factories.WorkOrderTransitionFactory.create,
    "maintenance/downtimes": factories.DowntimeFactory.create,
    "maintenance/work-order-tasks": factories.WorkOrderTaskFactory.create,
    "maintenance/labor-entries": factories.LaborEntryFactory.create,
    "maintenance/other-costs": factories.OtherCostFactory.create,
    "maintenance/reservations": factories.PartReservationFactory.create,
    "maintenance/stock-movements": lambda asset: factories.StockMovementFactory.create(
        part=factories.PartFactory.create(organization=asset.organization),
        work_order=factories.WorkOrderFactory.create(asset=asset),
        kind="issue",
        quantity=-1,
    ),
    "maintenance/requests": factories.WorkRequestFactory.create,
    "maintenance/request-points": factories.RequestPointFactory.create,
    "maintenance/attachments": factories.AttachmentFactory.create,
    "maintenance/comments": factories.CommentFactory.create,
    "sensor-watches": factories.SensorWatchFactory.create,
    "sensor-labels": factories.SensorLabelFactory.create,
    "sensor-limits": factories.SensorLimitsFactory.create,
    "signals": lambda asset: factories.SignalFactory.create(sensor__asset=asset),
}
# Of places rather than assets: the tests below look at each by itself.
OF_PLACES = {"assets", "maintenance/costs", "sites", "asset-groups", "asset-relationships"}
# Of the whole organization, or of oneself.
NOT_OF_ASSETS = {
    "unknown-signals",
    "telemetry-policies",
    "limit-templates",
    "model-versions",
    "maintenance/technicians",
    "maintenance/shifts",
    "maintenance/absences",
    "maintenance/service-levels",
    "maintenance/job-plans",
    "maintenance/parts",
    "notifications",
    "comparisons",
    "webhooks",
    "webhook-deliveries",
    "audit-entries",
    *(prefix for prefix, _, _ in router.registry if prefix.startswith("access/")),
}


@pytest.fixture
def mine(plant: Organization) -> Asset:
    site = SiteFactory.create(organization=plant, name=f"{MINE} works", code="M")
    return AssetFactory.create(organization=plant, site=site, name=f"{MINE} pump", tag="M-1")


@pytest.fixture
def theirs(plant: Organization) -> Asset:
    site = SiteFactory.create(organization=plant, name=f"{THEIRS} works", code="F")
    return AssetFactory.create(organization=plant, site=site, name=f"{THEIRS} pump", tag="F-1")


@pytest.fixture(params=["site", "group", "asset"])
def partial(request: pytest.FixtureRequest, plant: Organization, mine: Asset) -> Membership:
    """A planner who covers the site of `mine`, a group with it, or just it."""
    member: Membership = MembershipFactory.create(
        organization=plant, role=Role.PLANNER, coverage=Membership.Coverage.PART
    )
    covered: Any = {"site": mine.site, "asset": mine}.get(request.param)
    if request.param == "group":
        covered = AssetGroupFactory.create(organization=plant, name=f"{MINE} group")
        AssetGroupMemberFactory.create(group=covered, asset=mine)
    AccessScopeFactory.create(membership=member, **{request.param: covered})
    return member


@pytest.fixture
def api(partial: Membership) -> APIClient:
    client = APIClient()
    client.force_authenticate(User.objects.get(pk=partial.user_id))
    return client


@pytest.fixture
def client(partial: Membership) -> Client:
    client = Client()
    client.force_login(partial.user)
    return client


def test_every_endpoint_is_looked_at() -> None:
    prefixes = {prefix for prefix, _, _ in router.registry}
    assert prefixes == OF_ASSET.keys() | OF_WORK.keys() | OF_PLACES | NOT_OF_ASSETS


@pytest.mark.parametrize("prefix", OF_WORK)
def test_what_belongs_to_work_is_of_the_part_only(
    prefix: str, api: APIClient, mine: Asset, theirs: Asset
) -> None:
    own, other = (OF_WORK[prefix](asset=asset) for asset in (mine, theirs))

    seen = {row["id"] for row in api.get(f"/api/{prefix}/").data["results"]}

    assert own.pk in seen
    assert other.pk not in seen
    assert api.get(f"/api/{prefix}/{own.pk}/").status_code == 200
    for method in ("get", "put", "patch", "delete"):
        answer = getattr(api, method)(f"/api/{prefix}/{other.pk}/")
        assert answer.status_code in (403, 404, 405), (method, answer.data)
    assert type(other)._default_manager.filter(pk=other.pk).exists()
    answer = api.post(
        f"/api/{prefix}/",
        {"asset": theirs.pk, "work_order": getattr(other, "work_order_id", 0)},
    )
    assert answer.status_code in (400, 403, 405, 415), answer.data


@pytest.mark.parametrize("prefix", OF_ASSET)
def test_lists_details_and_writes_reach_rows_of_the_part_only(
    prefix: str, api: APIClient, mine: Asset, theirs: Asset
) -> None:
    own, other = (OF_ASSET[prefix].create(asset=asset) for asset in (mine, theirs))
    body = api.get(f"/api/{prefix}/").data

    assert [row["id"] for row in body["results"]] == [own.pk]
    assert body.get("count", 1) == 1
    assert api.get(f"/api/{prefix}/{own.pk}/").status_code == 200
    assert api.get(f"/api/{prefix}/{other.pk}/").status_code == 404
    for query in ({"asset": theirs.pk}, {"search": THEIRS}):
        assert api.get(f"/api/{prefix}/", query).data["results"] == []
    for method in ("put", "patch", "delete"):
        answer = getattr(api, method)(f"/api/{prefix}/{other.pk}/", {})
        assert answer.status_code in (403, 404, 405), (method, answer.data)
    assert type(other)._default_manager.filter(pk=other.pk).exists()


@pytest.mark.parametrize("prefix", sorted(OF_ASSET))
def test_nothing_is_made_on_an_asset_outside_of_the_part(
    prefix: str, api: APIClient, theirs: Asset
) -> None:
    before = OF_ASSET[prefix]._meta.model.objects.count()
    answer = api.post(f"/api/{prefix}/", {"asset": theirs.pk})
    assert answer.status_code in (400, 403, 405)
    if answer.status_code == 400:
        pointers = [error["pointer"] for error in answer.data["errors"]]
        assert "/asset" in pointers
    assert OF_ASSET[prefix]._meta.model.objects.count() == before


@pytest.mark.parametrize(
    "action", ["start", "complete", "cancel", "accept", "dismiss", "acknowledge", "verdict"]
)
def test_actions_outside_of_the_part_meet_nothing(
    action: str, api: APIClient, theirs: Asset
) -> None:
    for prefix in ("maintenance/work-orders", "maintenance/recommendations", "anomalies"):
        row = OF_ASSET[prefix].create(asset=theirs)
        assert api.post(f"/api/{prefix}/{row.pk}/{action}/", {}).status_code == 404


def test_places_are_those_of_the_part(
    api: APIClient, plant: Organization, mine: Asset, theirs: Asset
) -> None:
    group = AssetGroupFactory.create(organization=plant, name=f"{THEIRS} group")
    AssetGroupMemberFactory.create(group=group, asset=theirs)
    arrow: Any = factories.AssetRelationshipFactory.create(
        organization=plant, source=mine, target=theirs
    )
    assert [row["id"] for row in api.get("/api/assets/").data["results"]] == [mine.pk]
    assert [row["id"] for row in api.get("/api/sites/").data["results"]] == [mine.site_id]
    assert THEIRS not in api.get("/api/asset-groups/").content.decode()
    assert api.get(f"/api/asset-groups/{group.pk}/").status_code == 404
    assert api.get(f"/api/asset-relationships/{arrow.pk}/").status_code == 404
    assert api.get(f"/api/assets/{theirs.pk}/").status_code == 404
    assert api.get("/api/assets/", {"site": theirs.site_id}).data["count"] == 0
    assert api.patch(f"/api/assets/{theirs.pk}/", {"name": "x"}).status_code == 404
    assert api.patch(f"/api/assets/{mine.pk}/", {"parent": theirs.pk}).status_code == 400
    assert api.patch(f"/api/assets/{mine.pk}/", {"site": theirs.site_id}).status_code == 400
    reading = {"sensor": "x", "time": "2026-01-01T00:00:00Z", "value": 1}
    assert api.post(f"/api/assets/{theirs.pk}/readings/", [reading]).status_code == 404


def test_the_whole_organizations_things_are_closed(api: APIClient, partial: Membership) -> None:
    user = User.objects.get(pk=partial.user_id)
    assert not [item for item in WHOLE_ORGANIZATION if user.can_somewhere(item)]
    for prefix in ("webhooks", "access/devices", "access/members", "audit-entries"):
        assert api.get(f"/api/{prefix}/").status_code == 403, prefix
    for prefix in ("sites", "asset-groups", "maintenance/technicians"):
        assert api.post(f"/api/{prefix}/", {"name": "x", "code": "x"}).status_code == 403, prefix


def _pages(patterns: list[Any], before: str = "/") -> Iterator[str]:
    """Every path of our own pages; those with an id have `{}`."""
    for item in patterns:
        route = str(item.pattern)
        if isinstance(item, URLResolver) and route.startswith(("admin/", "api/", "account")):
            continue
        if isinstance(item, URLResolver):
            yield from _pages(item.url_patterns, before + route)
        elif isinstance(item, URLPattern) and not route.startswith(("^", "static", "health")):
            yield re.sub(r"<[^>]+>", "{}", before + route)


PAGES = sorted(set(_pages(get_resolver().url_patterns)))


def _rows(asset: Asset) -> list[Model]:
    rows = [factory.create(asset=asset) for factory in OF_ASSET.values()]
    sensor = factories.SensorFactory.create(asset=asset)
    factories.ReadingFactory.create(sensor=sensor)
    return [asset, sensor, *rows]


@pytest.mark.parametrize("path", [path for path in PAGES if "{}" not in path])
def test_no_page_names_what_lies_outside_of_the_part(
    path: str, client: Client, mine: Asset, theirs: Asset
) -> None:
    _rows(mine)
    _rows(theirs)
    for query in ("", f"?q={THEIRS}&status=all&state=all", f"?site={theirs.site_id}"):
        answer = client.get(path + query)
        if answer.streaming:
            continue
        body = re.sub(r'value="[^"]*"', "", answer.content.decode())
        assert f"{THEIRS} pump" not in body, query
        assert f"{THEIRS} works" not in body, query
        assert "F-1" not in body, query


# How the part is named makes a difference for lists; a row is looked for in what they show.
@pytest.mark.parametrize("partial", ["asset"], indirect=True)
@pytest.mark.parametrize("path", [path for path in PAGES if path.count("{}") == 1])
def test_no_page_of_a_row_outside_of_the_part_exists(
    path: str, client: Client, mine: Asset, theirs: Asset
) -> None:
    # A row may have the number of an asset that is in the part.
    for row in (row for row in _rows(theirs) if row.pk != mine.pk):
        for answer in (client.get(path.format(row.pk)), client.post(path.format(row.pk), {})):
            assert answer.status_code in (302, 400, 403, 404, 405), path
            assert THEIRS not in answer.content.decode()


def test_the_page_of_an_asset_names_no_neighbor_outside_of_the_part(
    client: Client, plant: Organization, mine: Asset, theirs: Asset
) -> None:
    Asset.objects.filter(pk=mine.pk).update(parent=theirs)
    child = AssetFactory.create(
        organization=plant, site=theirs.site, parent=mine, name=f"{THEIRS} valve"
    )
    for source, target in ((mine, theirs), (child, mine)):
        factories.AssetRelationshipFactory.create(organization=plant, source=source, target=target)
    group = AssetGroupFactory.create(organization=plant, name=f"{THEIRS} group")
    AssetGroupMemberFactory.create(group=group, asset=theirs)
    answer = client.get(f"/assets/{mine.pk}/")
    assert answer.status_code == 200
    assert THEIRS not in answer.content.decode()


@pytest.mark.parametrize("path", [path for path in PAGES if "{}" not in path])
def test_no_count_on_a_page_includes_what_lies_outside_of_the_part(
    path: str, client: Client, mine: Asset, theirs: Asset
) -> None:
    _rows(mine)
    client.get(path)
    before = _plain(client.get(path))
    for number in range(3):
        more = AssetFactory.create(
            organization=theirs.organization, site=theirs.site, tag=f"F-{number + 2}"
        )
        _rows(more)
    assert _plain(client.get(path)) == before


def _plain(answer: Any) -> str:
    """The page without what differs each time: tokens, nonces and the time of the request."""
    if answer.streaming or answer.status_code != 200:
        return str(answer.status_code)
    body = answer.content.decode()
    body = re.sub(
        r'(csrfmiddlewaretoken" value|X-CSRFToken|nonce|csrf_token|"csrf)[":= ]+[^"]+"', "", body
    )
    return re.sub(r"\d\d:\d\d(:\d\d(\.\d+)?)?", "", body)


@pytest.mark.parametrize("model", ["assets/asset", "assets/sensor", "maintenance/workorder"])
def test_the_admin_shows_the_part_only(
    model: str, client: Client, mine: Asset, theirs: Asset
) -> None:
    _rows(mine)
    rows = _rows(theirs)
    body = client.get(f"/admin/{model}/").content.decode()
    assert MINE in body or "M-1" in body
    assert THEIRS not in body
    assert "F-1" not in body
    for row in rows:
        name = f"{row._meta.app_label}/{row._meta.model_name}"
        if name == model:
            answer = client.get(f"/admin/{name}/{row.pk}/change/")
            assert answer.status_code in (302, 404)


def test_a_scope_that_is_taken_away_closes_at_once(
    api: APIClient, partial: Membership, mine: Asset
) -> None:
    AccessScope.objects.filter(membership=partial).delete()
    assert api.get("/api/assets/").data["count"] == 0
    assert api.get(f"/api/assets/{mine.pk}/").status_code == 404
