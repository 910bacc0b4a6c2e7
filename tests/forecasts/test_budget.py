"""What a week's budget buys, the matrix, and what the risk falls to."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from assets.models import Asset, AssetRelationship, Site
from forecasts.models import RiskScore
from forecasts.queries.plant import plant_of
from forecasts.services.budget import spend
from opssight.accounts.models import Membership, Organization
from tests.conftest import WALLS, ApiFor
from tests.factories import (
    AssetFactory,
    JobPlanFactory,
    LifePredictionFactory,
    MaintenanceRecordFactory,
    RecommendationFactory,
    RiskScoreFactory,
    SiteFactory,
    UptimeEventFactory,
)

pytestmark = pytest.mark.django_db
COST = {"hours": 10.0, "repair_cost": 1000.0, "hourly": 100.0, "hourly_behind": 0.0, "stops": []}


def rated(plant: Organization, *, to: float | None = 0.0, minutes: int = 120, **values: Any) -> Any:
    """An asset at a chance of 20 % whose open work, where there is one, leaves a risk of `to`."""
    asset = AssetFactory.create(
        organization=plant, downtime_cost=Decimal(100), current_risk=values.get("score", 40.0)
    )
    relief = []
    if to is not None:
        plan = JobPlanFactory.create(organization=plant, estimated_minutes=minutes)
        row = RecommendationFactory.create(asset=asset, job_plan=plan, confidence=None)
        relief = [
            {
                "kind": "recommendation",
                "id": row.pk,
                "title": "Bearing wear",
                "url": row.get_absolute_url(),
                "order": "",
                "source": row.source,
                "points": 40.0 - to,
                "to": to,
                "parts": {},
            }
        ]
    RiskScoreFactory.create(
        **{
            "asset": asset,
            "day": timezone.localdate(),
            "computed_at": timezone.now(),
            "score": 40.0,
            "likelihood": 0.2,
            "basis": "chance",
            "cost_of_failure": Decimal(2000),
            "cost_inputs": COST,
            "relief": relief,
            "score_if_done": to,
            **values,
        }
    )
    return asset


def bought(budget: float = 40, **values: Any) -> Any:
    return spend(assets=Asset.objects.all(), days=30, budget=budget, at=timezone.now(), **values)


class TestBudget:
    def test_the_expected_cost_falls_by_what_the_work_prevents(self, plant: Organization) -> None:
        rated(plant)

        found = bought()

        assert found.without.mean == pytest.approx(400, abs=5 * found.without.error)
        # Failures of the first half of the week still come.
        early = 2000 * (1 - 0.8 ** (3.5 / 30))
        assert found.chosen.mean == pytest.approx(early, abs=5 * found.without.error)
        assert found.todo[0].per_unit == pytest.approx(found.avoided / 2)
        assert found == bought()

    def test_a_small_budget_goes_where_an_hour_gains_the_most(self, plant: Organization) -> None:
        rated(plant, minutes=600)
        small = rated(plant, minutes=120)
        rated(plant, to=None)

        found = bought(budget=4)

        assert [line.work.asset for line in found.todo] == [small]
        assert [line.why for line in found.left_out] == ["It is larger than the budget."]
        assert found.everything.mean < found.chosen.mean < found.without.mean

    def test_assets_without_a_cost_count_with_none_and_are_named(self, plant: Organization) -> None:
        rated(plant, to=None)
        unknown = rated(plant, cost_of_failure=None, cost_inputs={"missing": ["?"]})

        found = bought()

        assert found.plant.without_cost == [unknown]
        assert found.left_out[0].why == "No cost of a failure is known."

    def test_a_life_says_when_and_comes_before_other_chances(self, plant: Organization) -> None:
        asset = rated(plant)
        LifePredictionFactory.create(
            asset=asset,
            made_at=timezone.now(),
            day=timezone.localdate(),
            method="Wear in its readings",
            confidence="medium",
        )

        found = bought()

        assert found.plant.bases == {"life": 1, "chance": 0, "index": 0}
        assert found.expected_failures == pytest.approx(0.3, abs=0.02)  # Uniform over 100 days.

    def test_an_index_expects_as_many_failures_as_there_were(self, plant: Organization) -> None:
        now = timezone.now()
        for number in range(4):
            asset = rated(plant, basis="index", likelihood=0.5)
            for ago in range(3 * (number == 0)):
                started = now - timedelta(days=100 + ago)
                UptimeEventFactory.create(
                    asset=asset,
                    state="down",
                    cause="failure",
                    started_at=started,
                    ended_at=started + timedelta(hours=1),
                )

        assert bought().expected_failures == pytest.approx(3.5 * 30 / 365, abs=0.03)

    def test_what_stops_with_an_asset_costs_its_own_hour(self, plant: Organization) -> None:
        kiln = AssetFactory.create(organization=plant, downtime_cost=Decimal(900))
        rated(plant, to=None, cost_inputs=COST | {"stops": [kiln.pk]})

        found = bought()

        assert found.without.mean == pytest.approx(0.2 * 11_000, abs=5 * found.without.error)

    def test_money_buys_only_what_has_a_cost(self, plant: Organization) -> None:
        asset = rated(plant)
        rated(plant)
        Asset.objects.exclude(pk=asset.pk).update(category="fan")
        for _ in range(3):
            MaintenanceRecordFactory.create(
                asset=asset, maintenance_type="preventive", labor_cost=Decimal(90), parts_cost=0
            )

        found = bought(budget=100, money=True)

        assert [line.work.asset for line in found.todo] == [asset]
        assert [line.why for line in found.left_out] == ["What it costs is not known."]

    def test_takes_as_few_queries_for_many_as_for_one(
        self, plant: Organization, django_assert_max_num_queries: Any
    ) -> None:
        for _ in range(8):
            rated(plant)

        with django_assert_max_num_queries(11):
            plant_of(Asset.objects.all(), timezone.now())


class TestPages:
    def test_the_portfolio_says_what_to_do_first_and_what_is_left_out(
        self, plant: Organization, signed_in: Client
    ) -> None:
        rated(plant, minutes=600)
        first = rated(plant, minutes=60)

        page = signed_in.get("/risk/portfolio/?budget=2&days=90").text

        todo, left_out = page.split("Left out")
        assert first.tag in todo.split("Do first")[1]
        assert "It is larger than the budget." in left_out
        assert "within 90 days" in page

    @pytest.mark.parametrize("query", ["", "?budget=x&days=7&unit=?&site=0", "?unit=money"])
    def test_an_empty_plant_says_what_is_missing(self, query: str, signed_in: Client) -> None:
        assert "No rated asset" in signed_in.get(f"/risk/portfolio/{query}").text

    def test_without_any_cost_the_page_says_where_to_enter_it(
        self, plant: Organization, signed_in: Client
    ) -> None:
        rated(plant, cost_of_failure=None, cost_inputs={"missing": ["?"]})

        assert "what an hour of downtime costs" in signed_in.get("/risk/portfolio/").text

    def test_each_cell_of_the_matrix_leads_to_its_assets(
        self, plant: Organization, signed_in: Client
    ) -> None:
        one = rated(plant, likelihood=0.3, consequence=5)
        rated(plant, likelihood=0.001, consequence=1)
        site = one.site

        page = signed_in.get(f"/risk/matrix/?site={site.pk}").text
        link = re.search(r'href="(/risk/\?likelihood=4&amp;consequence=5[^"]*)"', page)

        assert link is not None
        assert "1 asset: likely, with a severe consequence, level critical" in page
        listed = signed_in.get(link[1].replace("&amp;", "&")).text
        assert re.findall(r'class="asset-tag"[^>]*>([^<]+)<', listed) == [one.tag]
        assert "likely, with a severe consequence" in listed

    def test_a_site_without_rated_assets_says_so(
        self, plant: Organization, signed_in: Client
    ) -> None:
        site: Site = SiteFactory.create(organization=plant)

        assert "No rated asset at this site" in signed_in.get(f"/risk/matrix/?site={site.pk}").text

    def test_a_recommendation_says_what_the_risk_falls_to(
        self, plant: Organization, signed_in: Client
    ) -> None:
        asset = rated(plant, to=12.5)
        row = asset.recommendations.get()
        elsewhere = rated(AssetFactory.create().organization).recommendations.get()

        part = signed_in.get(f"/risk/what-if/?id={row.pk}&id={elsewhere.pk}&id=x").text

        assert f'id="what-if-{row.pk}"' in part
        assert "Risk 40, 12 if done" in part
        assert str(elsewhere.pk) not in re.findall(r"what-if-(\d+)", part)
        assert f"what-if/?id={row.pk}" in signed_in.get("/maintenance/recommendations/").text

    def test_an_asset_says_what_would_lower_its_risk(
        self, plant: Organization, signed_in: Client
    ) -> None:
        part = signed_in.get(f"/risk/of-asset/{rated(plant, to=12.5).pk}/").text

        assert "What would lower it" in part
        assert "leaves a risk of 12" in part
        assert "learned chance, within 30 days" in part


class TestApi:
    def test_answers_what_the_page_shows(
        self, plant: Organization, viewer: Membership, api_for: ApiFor
    ) -> None:
        asset = rated(plant)
        rated(AssetFactory.create().organization)

        answer = api_for(viewer).get("/api/portfolio/", {"days": 90, "budget": 8}).data

        assert answer["assets"] == 1
        assert answer["without_work"]["mean"] > answer["with_budget"]["mean"]
        assert answer["work"][0]["asset"] == asset.pk
        assert answer["work"][0]["chosen"] is True

    @pytest.mark.parametrize("query", [{"days": 7}, {"budget": -1}, {"budget": "nan"}, {"unit": 1}])
    def test_refuses_what_it_cannot_compute(
        self, query: dict[str, Any], viewer: Membership, api_for: ApiFor
    ) -> None:
        answer = api_for(viewer).get("/api/portfolio/", query)

        assert answer.status_code == 400
        assert answer.data["errors"][0]["pointer"] == f"/{next(iter(query))}"


def test_relations_and_scores_are_read_in_few_queries_for_the_ranking(
    plant: Organization, signed_in: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(6):
        asset = rated(plant)
        AssetRelationship.objects.create(
            organization=plant, source=asset, target=rated(plant), kind="feeds"
        )
    assert RiskScore.objects.count() == 12

    with django_assert_max_num_queries(12 + WALLS):
        assert signed_in.get("/risk/").status_code == 200
