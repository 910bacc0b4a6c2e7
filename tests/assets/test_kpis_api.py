"""KPIs of every scope, production runs and costs, over the API."""

import datetime as dt
from typing import Any

import pytest
from rest_framework.test import APIClient

from assets.models import AssetKpi, ProductionRun
from opssight.accounts.models import Membership, Organization
from tests import factories
from tests.conftest import ApiFor
from tests.factories import NOON

pytestmark = pytest.mark.django_db
RUN = {
    "started_at": "2026-03-02T06:00:00Z",
    "ended_at": "2026-03-02T14:00:00Z",
    "planned_minutes": 420,
    "produced": 400,
    "good": 390,
    "ideal_minutes": 1,
}


@pytest.fixture
def api(planner: Membership, api_for: ApiFor) -> APIClient:
    return api_for(planner)


@pytest.fixture
def asset(plant: Organization) -> Any:
    return factories.AssetFactory.create(organization=plant)


def _kpi(of: Any, **scope: Any) -> AssetKpi:
    row: AssetKpi = factories.AssetKpiFactory.create(
        **{"asset": None, "organization": of.organization, **scope}
    )
    return row


def test_kpis_are_found_by_what_they_are_of(api: APIClient, asset: Any):
    group = factories.AssetGroupFactory.create(organization=asset.organization)
    rows = {
        "asset": _kpi(asset, asset=asset),
        "site": _kpi(asset, site=asset.site),
        "group": _kpi(asset, group=group),
        "organization": _kpi(asset),
    }
    for scope, row in rows.items():
        found = api.get(f"/api/asset-kpis/?scope={scope}").data["results"]
        assert [one["id"] for one in found] == [row.pk], scope
    found = api.get(f"/api/asset-kpis/?site={asset.site_id}").data["results"]
    assert {one["id"] for one in found} == {rows["asset"].pk, rows["site"].pk}
    body = api.get(f"/api/asset-kpis/{rows['organization'].pk}/").data
    assert (body["asset"], body["asset_tag"], body["unit"]) == (None, None, "%")


def test_kpis_are_found_by_when_they_begin(api: APIClient, asset: Any):
    early = _kpi(asset, asset=asset, starts_at=NOON - dt.timedelta(days=60))
    late = _kpi(asset, asset=asset)
    for name, row in (("starts_before", early), ("starts_after", late)):
        found = api.get(f"/api/asset-kpis/?{name}=2026-01-15T00:00:00Z").data["results"]
        assert [one["id"] for one in found] == [row.pk]


def test_a_production_run_is_written_changed_and_removed(api: APIClient, asset: Any):
    made = api.post("/api/production-runs/", {"asset": asset.pk, **RUN}, format="json")
    assert made.status_code == 201
    path = f"/api/production-runs/{made.data['id']}/"
    assert api.patch(path, {"good": 380}, format="json").data["good"] == 380
    assert api.delete(path).status_code == 204
    assert not ProductionRun.objects.exists()


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"good": 401}, "good", "at most as many good units"),
        ({"ended_at": "2026-03-02T05:00:00Z"}, "ended_at", "The end must be after the start."),
        ({"planned_minutes": 0}, "planned_minutes", "greater than or equal to 1"),
        ({"started_at": "2026-03-02T13:00:00Z", "ended_at": "2026-03-02T20:00:00Z"},
         "started_at", "Another run of the asset lies in this time."),
    ],
)  # fmt: skip
def test_a_run_that_makes_no_sense_is_refused_in_words(
    api: APIClient, asset: Any, change: dict[str, Any], field: str, words: str
):
    factories.ProductionRunFactory.create(
        asset=asset, started_at=dt.datetime(2026, 3, 2, 12, tzinfo=dt.UTC),
        ended_at=dt.datetime(2026, 3, 2, 18, tzinfo=dt.UTC),
    )  # fmt: skip
    body = {"asset": asset.pk, **RUN, "ended_at": "2026-03-02T12:00:00Z", **change}
    answer = api.post("/api/production-runs/", body, format="json")
    assert answer.status_code == 400
    assert [one["pointer"] for one in answer.data["errors"]] == [f"/{field}"]
    assert words in answer.data["errors"][0]["detail"]


def test_a_viewer_reads_runs_and_writes_none(viewer: Membership, api_for: ApiFor, asset: Any):
    api = api_for(viewer)
    assert api.get("/api/production-runs/").status_code == 200
    answer = api.post("/api/production-runs/", {"asset": asset.pk, **RUN}, format="json")
    assert answer.status_code == 403


def test_the_costs_of_a_year_in_the_order_of_the_worst(
    api: APIClient, plant: Organization, asset: Any
):
    other = factories.AssetFactory.create(organization=plant, replacement_value=1000)
    factories.MaintenanceRecordFactory.create(asset=asset, labor_cost=10)
    factories.MaintenanceRecordFactory.create(asset=other, labor_cost=40, parts_cost=10)
    rows = api.get("/api/maintenance/costs/?year=2026&ordering=-total_cost").data["results"]
    assert [(row["id"], row["total_cost"]) for row in rows] == [
        (other.pk, "50.00"),
        (asset.pk, "10.00"),
    ]
    assert (rows[0]["share"], rows[1]["share"]) == (0.05, None)
    assert api.get(f"/api/maintenance/costs/{other.pk}/?year=2025").data["total_cost"] == "0.00"
    assert api.get("/api/maintenance/costs/?year=1").data["results"] == []
    assert api.get("/api/maintenance/costs/?year=x").status_code == 400
