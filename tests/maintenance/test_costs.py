"""Costs and KPIs as pages and as a file."""

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from assets.models import Asset, AssetKpi
from maintenance.queries import costs
from maintenance.services.kpis import refresh_kpis
from opssight.accounts.models import Membership, Organization
from tests import factories
from tests.conftest import WALLS, ClientFor
from tests.factories import NOON

pytestmark = pytest.mark.django_db
HOUR, DAY = dt.timedelta(hours=1), dt.timedelta(days=1)
START, END = dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2027, 1, 1, tzinfo=dt.UTC)


@pytest.fixture
def viewing(viewer: Membership, client_for: ClientFor) -> Client:
    return client_for(viewer)


def _asset(plant: Organization, **values: Any) -> Asset:
    row: Asset = factories.AssetFactory.create(organization=plant, **values)
    return row


def _work(asset: Asset, **values: Any) -> Any:
    return factories.MaintenanceRecordFactory.create(asset=asset, **values)


def _found(ranking: str = "cost", **window: dt.datetime) -> Any:
    window = {"start": START, "end": END, **window}
    return costs.rows(costs.with_costs(Asset.objects.all(), **window), ranking=ranking)


def test_a_year_adds_up_labor_parts_other_costs_and_downtime(plant: Organization):
    """Labor 100 + 50, parts 30, other 20: 200, of a replacement value of 4,000 5 %. 6 h of downtime
    at 75 an hour: 450; in total 650. What was done or stood still in another year is left out.
    """
    asset = _asset(plant, replacement_value=4000, downtime_cost=75)
    _work(asset, labor_cost=100, parts_cost=30)
    _work(asset, labor_cost=50, other_cost=20)
    _work(asset, labor_cost=999, started_at=START - 2 * DAY, completed_at=START - HOUR)
    factories.UptimeEventFactory.create(
        asset=asset, started_at=START - 2 * HOUR, ended_at=START + 2 * HOUR
    )
    factories.UptimeEventFactory.create(
        asset=asset, cause="planned", started_at=NOON, ended_at=NOON + 4 * HOUR
    )
    factories.UptimeEventFactory.create(
        asset=asset, state="idle", cause="none", started_at=NOON + DAY, ended_at=NOON + 2 * DAY
    )
    [row] = _found()
    assert (row.labor_cost, row.parts_cost, row.other_cost) == (150, 30, 20)
    assert (row.maintenance_cost, row.share) == (200, pytest.approx(0.05))
    assert (row.downtime_hours, row.cost_of_downtime) == (pytest.approx(6), 450)
    assert (row.total_cost, row.failures) == (650, 0)


def test_what_lasts_costs_up_to_now_and_an_hour_without_price_is_not_free(plant: Organization):
    asset = _asset(plant)
    factories.UptimeEventFactory.create(asset=asset, started_at=NOON, ended_at=None)
    [row] = _found(end=NOON + 3 * HOUR)
    assert (row.downtime_hours, row.cost_of_downtime) == (pytest.approx(3), None)
    assert (row.total_cost, row.share, row.failures) == (0, None, 1)


def test_the_pareto_has_the_worst_first_with_their_share_of_the_whole(plant: Organization):
    """600, 300 and 100 of 1,000."""
    for tag, cost in (("B", 300), ("C", 100), ("A", 600)):
        _work(_asset(plant, tag=tag), labor_cost=cost)
    worst = costs.pareto(_found(), ranking="cost")
    assert [(one.row.tag, one.share) for one in worst] == [("A", 0.6), ("B", 0.3), ("C", 0.1)]
    assert [one.up_to_here for one in worst] == pytest.approx([0.6, 0.9, 1.0])
    assert costs.pareto(_found("failures"), ranking="failures") == []


def test_the_worst_by_downtime_and_by_failures_differ(plant: Organization):
    often, long = _asset(plant, tag="OFTEN"), _asset(plant, tag="LONG")
    for hour in (0, 5, 10):
        factories.UptimeEventFactory.create(
            asset=often, started_at=NOON + hour * HOUR, ended_at=NOON + (hour + 1) * HOUR
        )
    factories.UptimeEventFactory.create(asset=long, started_at=NOON, ended_at=NOON + DAY)
    assert _found("downtime")[0].tag == "LONG"
    assert _found("failures")[0].tag == "OFTEN"


def test_a_year_begins_at_midnight_of_the_place():
    start, end = costs.year_of(2026, ZoneInfo("Asia/Tokyo"))
    assert (start.isoformat(), (end - start).days) == ("2025-12-31T15:00:00+00:00", 365)


def test_the_page_and_the_file_show_the_same_and_the_file_holds_no_formula(
    plant: Organization, viewing: Client
):
    _work(_asset(plant, tag="=cmd()", name="@SUM(A1)"), labor_cost=Decimal("12.50"))
    page = viewing.get("/maintenance/costs/?year=2026").text
    assert "=cmd()" in page
    answer = viewing.get("/maintenance/costs.csv?year=2026")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert rows[0]["Asset"] == "'=cmd()"
    assert rows[0]["Name"] == "'@SUM(A1)"
    assert rows[0]["Labor"] == "12.50"
    assert 'filename="costs-2026.csv"' in answer["Content-Disposition"]


def test_the_costs_of_another_organization_do_not_show(viewing: Client):
    _work(factories.AssetFactory.create(tag="FOREIGN"), labor_cost=9)
    assert "FOREIGN" not in viewing.get("/maintenance/costs/?year=2026").text
    assert "FOREIGN" not in viewing.get("/maintenance/costs.csv?year=2026").text


@pytest.mark.parametrize("query", ["year=0", "year=99999", "site=x", "by=nothing", "group=7"])
def test_odd_questions_get_a_page(viewing: Client, query: str):
    assert viewing.get(f"/maintenance/costs/?{query}").status_code == 200


def test_the_page_of_costs_takes_as_few_queries_for_thirty_assets_as_for_three(
    plant: Organization, viewing: Client, django_assert_max_num_queries
):
    for number in (3, 30):
        for _ in range(number):
            _work(_asset(plant), labor_cost=1)
        with django_assert_max_num_queries(9 + WALLS):
            viewing.get("/maintenance/costs/?year=2026")


# -- the page of KPIs ----------------------------------------------------------------------------


def _stop(plant: Organization, **values: Any) -> Any:
    asset = _asset(plant, **values)
    now = dt.datetime.now(dt.UTC)  # noqa: TID251 (the page reads the clock)
    return factories.UptimeEventFactory.create(
        asset=asset, started_at=now - 5 * DAY, ended_at=now - 5 * DAY + 6 * HOUR, reason="Seal leak"
    ), now


def test_the_page_shows_every_kpi_and_what_is_missing_in_words(
    plant: Organization, viewing: Client
):
    _event, now = _stop(plant, tag="P-9")
    refresh_kpis(organization_id=plant.pk, at=now)
    page = viewing.get("/maintenance/kpis/").text
    for label in AssetKpi.Kpi.labels:
        assert label in page
    assert "95.0 %" in page  # 6 h of 5 d
    assert "Insufficient data" in page
    assert "Needs production runs." in page
    assert "SMRP 2.2" in page


def test_an_asset_is_found_by_its_tag_and_an_unknown_tag_is_said(
    plant: Organization, viewing: Client
):
    event, now = _stop(plant, tag="P-9")
    refresh_kpis(organization_id=plant.pk, at=now)
    assert f"<h2>{event.asset}</h2>" in viewing.get("/maintenance/kpis/?tag=p-9").text
    assert "No asset has the tag" in viewing.get("/maintenance/kpis/?tag=X-1").text


@pytest.mark.parametrize("kpi", AssetKpi.Kpi.values)
def test_a_figure_opens_to_the_rows_behind_it(
    plant: Organization, viewing: Client, kpi: str, django_assert_max_num_queries
):
    event, now = _stop(plant)
    asset = event.asset
    for days in (3, 2):
        moment = now - days * DAY
        _work(
            asset, maintenance_type="corrective", failure_mode="leak", labor_minutes=30,
            started_at=moment, completed_at=moment + HOUR, title=f"Seal {days}",
        )  # fmt: skip
    factories.ProductionRunFactory.create(
        asset=asset, started_at=now - 4 * DAY, ended_at=now - 4 * DAY + 8 * HOUR
    )
    factories.WorkOrderFactory.create(
        asset=asset, title="Grease it", maintenance_type="preventive", created_at=now - 9 * DAY,
        planned_start=now - 8 * DAY, due_at=now - 8 * DAY,
    )  # fmt: skip
    factories.TechnicianFactory.create(organization=plant)
    refresh_kpis(organization_id=plant.pk, at=now)
    row = AssetKpi.objects.get(kpi=kpi, period="rolling_30d", asset=asset)
    assert row.value is not None
    with django_assert_max_num_queries(8 + WALLS):
        page = viewing.get(f"/maintenance/kpis/{row.pk}/").text
    events = {"availability", "mtbf", "mttr", "inherent_availability"}
    runs = {"oee", "availability_iso"}
    expected = {
        **dict.fromkeys(events, "Seal leak"),
        **dict.fromkeys(runs, "390 of 400"),
        "mttr_smrp": "Seal 2",
        "corrective_ratio": "Seal 3",
        "rework": "Seal 2",
    }.get(kpi, "Grease it")
    assert expected in page
    assert "Nothing was counted" not in page
    assert (kpi == "rework" and "Seal 3" in page) is False


def test_a_figure_of_another_organization_does_not_exist(viewing: Client):
    row = factories.AssetKpiFactory.create()
    assert viewing.get(f"/maintenance/kpis/{row.pk}/").status_code == 404


@pytest.mark.parametrize(
    "query",
    ["scope=asset:99999999999999999999", "scope=site:x", "scope=", "period=year", "of=2026-13-01",
     "of=0001-01-01", "of=2026-02-30&period=week", "period=day&of=2026-03-29", "tag=%00"],
)  # fmt: skip
def test_odd_questions_about_kpis_get_a_page(plant: Organization, viewing: Client, query: str):
    _asset(plant)
    assert viewing.get(f"/maintenance/kpis/?{query}").status_code == 200


def test_the_page_of_kpis_takes_few_queries(
    plant: Organization, viewing: Client, django_assert_max_num_queries
):
    _event, now = _stop(plant)
    refresh_kpis(organization_id=plant.pk, at=now)
    with django_assert_max_num_queries(8 + WALLS):
        viewing.get("/maintenance/kpis/?period=week")
