"""What waiting costs, and by what work a risk falls."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from assets.models import Asset, AssetRelationship
from forecasts import services
from forecasts.models import LifePrediction, RiskScore
from forecasts.queries.predictions import BY_READINGS
from maintenance.models import Recommendation
from maintenance.queries.advice import waiting
from maintenance.services import accept, ranking
from opssight.accounts.models import Membership, Organization
from tests.factories import (
    NOON,
    AnomalyFactory,
    AssetFactory,
    FailureChanceFactory,
    LifePredictionFactory,
    MaintenanceRecordFactory,
    RecommendationFactory,
    ScheduleFactory,
    UptimeEventFactory,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
Source = Recommendation.Source
CALIBRATED = {"method": BY_READINGS, "confidence": "medium"}


@pytest.fixture
def pump(plant: Organization) -> Any:
    """It feeds a kiln, and a repair takes 4 hours and 800."""
    pump = AssetFactory.create(
        organization=plant, category="pump", criticality=2, downtime_cost=Decimal(1000)
    )
    kiln = AssetFactory.create(organization=plant, criticality=4, downtime_cost=Decimal(5000))
    AssetRelationship.objects.create(
        organization=plant, source=pump, target=kiln, kind=AssetRelationship.Kind.FEEDS
    )
    for _ in range(3):
        MaintenanceRecordFactory.create(
            asset=pump,
            maintenance_type="corrective",
            failure_mode="bearing wear",
            completed_at=NOON - 90 * DAY,
            started_at=NOON - 91 * DAY,
            downtime_minutes=240,
            parts_cost=Decimal(800),
            labor_cost=0,
            other_cost=0,
        )
    return pump


def advised(pump: Asset, **values: Any) -> Recommendation:
    row: Recommendation = RecommendationFactory.create(
        **{"asset": pump, "failure_mode": "bearing wear", **values}
    )
    return row


def rated(asset: Asset) -> RiskScore:
    services.refresh_risk(asset_ids=[asset.pk], at=NOON)
    return RiskScore.objects.get(asset=asset)


def expect(row: Recommendation) -> Recommendation:
    services.expect_failures(asset_ids=[row.asset_id], at=NOON)
    row.refresh_from_db()
    return row


class TestWaiting:
    def test_costs_the_learned_chance_of_a_week_times_all_that_stops(self, pump: Asset) -> None:
        FailureChanceFactory.create(asset=pump, **CALIBRATED, p_24h=0.04, p_7d=0.11, p_30d=0.3)

        row = expect(advised(pump))

        # 4 hours at 1,000 and 5,000, and a repair of 800.
        assert row.cost_of_waiting == Decimal("2728.00")
        assert waiting(row) == (
            "Waiting 7 days costs about 2,728 EUR (expected). The chance of a failure rises from"
            " 4 % within a day to 11 % within 7 days."
        )
        assert services.expect_failures(asset_ids=[pump.pk], at=NOON) == 0

    def test_the_chance_of_its_failure_mode_speaks_first_and_a_life_last(self, pump: Asset) -> None:
        row = advised(pump)
        LifePredictionFactory.create(asset=pump, **CALIBRATED)
        assert expect(row).cost_inputs["likelihood_per_week"] == pytest.approx(0.07)
        assert "remaining life" in row.cost_inputs["days_from"]

        FailureChanceFactory.create(asset=pump, **CALIBRATED)
        assert expect(row).cost_inputs["likelihood_per_week"] == 0.05
        FailureChanceFactory.create(
            asset=pump, **CALIBRATED, failure_mode="Bearing wear", p_24h=0.0, p_7d=0.03, p_30d=0.1
        )
        assert expect(row).cost_inputs["likelihood_per_week"] == 0.03

    def test_an_old_chance_no_longer_counts(self, pump: Asset) -> None:
        FailureChanceFactory.create(asset=pump, **CALIBRATED, made_at=NOON - 3 * DAY)

        assert services.expect_failures(asset_ids=[advised(pump).asset_id], at=NOON) == 0

    def test_the_work_order_made_from_it_says_so(self, pump: Asset, planner: Membership) -> None:
        FailureChanceFactory.create(asset=pump, **CALIBRATED, p_24h=0.04, p_7d=0.11, p_30d=0.3)
        row = expect(advised(pump))

        order = accept(recommendation=row, by=planner.user, at=NOON)

        assert waiting(row) in order.description


class TestLikelihood:
    def test_is_the_learned_chance_where_there_is_one(self, pump: Asset) -> None:
        FailureChanceFactory.create(asset=pump, **CALIBRATED, p_30d=0.2)

        score = rated(pump)

        assert (score.basis, score.likelihood) == ("chance", 0.2)
        assert score.parts[0]["name"] == "learned"
        assert "20 % to fail within 30 days" in score.parts[0]["sentence"]
        assert sum(part["points"] for part in score.parts) == pytest.approx(score.score, abs=0.1)

    def test_is_that_of_the_remaining_life_else_and_the_index_last(self, pump: Asset) -> None:
        assert rated(pump).basis == "index"

        LifePredictionFactory.create(asset=pump, **CALIBRATED)  # Uniform over 100 days.

        score = rated(pump)
        assert score.basis == "life"
        assert score.likelihood == pytest.approx(0.3)

    def test_what_only_knows_the_age_speaks_for_the_age(self, pump: Asset) -> None:
        AnomalyFactory.create(asset=pump, ended_at=None, severity="critical")
        seen = rated(pump)

        FailureChanceFactory.create(asset=pump, p_30d=0.02, p_7d=0.01, p_24h=0.001)

        score = rated(pump)
        assert score.basis == "index"
        assert score.score > seen.score
        age = next(part for part in score.parts if part["name"] == "age")
        assert "2 % to fail within 30 days" in age["sentence"]
        assert not expect(advised(pump)).cost_inputs.get("expected")

    def test_anomalies_that_go_on_count_beside_a_learned_chance(self, pump: Asset) -> None:
        FailureChanceFactory.create(asset=pump, **CALIBRATED)
        AnomalyFactory.create(asset=pump, ended_at=None, severity="critical")

        score = rated(pump)

        assert score.basis == "chance"
        assert score.likelihood == pytest.approx(1 - 0.8 * 0.3)


class TestConsequence:
    def test_is_what_a_failure_costs_where_that_weighs_more(self, pump: Asset) -> None:
        score = rated(pump)

        assert score.cost_of_failure == Decimal("24800.00")
        assert (score.criticality, score.consequence) == (2, 4)  # The kiln is of 4, the cost of 3.
        assert "a failure costs about 24,800 EUR: 3 of 5" in score.consequence_sentence

    def test_says_what_is_missing_where_no_cost_is_known(self) -> None:
        score = rated(AssetFactory.create())

        assert score.cost_of_failure is None
        assert len(score.cost_inputs["missing"]) == 2


class TestRelief:
    def test_says_by_how_much_each_open_work_lowers_the_risk(self, pump: Asset) -> None:
        row = advised(pump)
        AnomalyFactory.create(asset=pump, ended_at=None, recommendation=row)
        schedule = ScheduleFactory.create(asset=pump, next_due_at=NOON - 12 * DAY)

        score = rated(pump)

        repair, late = score.relief
        assert (repair["kind"], repair["id"]) == ("recommendation", row.pk)
        assert (late["kind"], late["id"]) == ("schedule", schedule.pk)
        assert "anomalies" in repair["parts"]
        assert repair["to"] == pytest.approx(score.score - repair["points"], abs=0.01)
        assert score.score_if_done == pytest.approx(0, abs=1e-9)

    def test_rating_again_after_the_work_agrees(self, pump: Asset) -> None:
        schedule = ScheduleFactory.create(asset=pump, next_due_at=NOON - 12 * DAY)
        AnomalyFactory.create(asset=pump, ended_at=None)
        said = rated(pump).relief[0]["to"]

        schedule.next_due_at = NOON + 18 * DAY
        schedule.save()

        assert rated(pump).score == pytest.approx(said, abs=0.01)

    def test_a_repair_leaves_of_a_learned_chance_what_else_speaks_for_a_failure(
        self, pump: Asset
    ) -> None:
        FailureChanceFactory.create(asset=pump, **CALIBRATED, p_30d=0.4)
        row = advised(pump, source=Source.LIFE)
        AnomalyFactory.create(asset=pump, ended_at=None)

        score = rated(pump)

        assert score.relief[0]["id"] == row.pk
        assert score.score_if_done == 0

    def test_a_look_at_the_machine_lowers_nothing(self, pump: Asset) -> None:
        AnomalyFactory.create(asset=pump, ended_at=None)
        advised(pump, source=Source.RISK)
        advised(pump, source=Source.DATA_QUALITY, failure_mode="no data")

        score = rated(pump)

        assert score.relief == []
        assert score.score_if_done is None


class TestShortLives:
    def says(self, pump: Asset, days: float, **values: Any) -> None:
        """A life that ends somewhere in so many days, as last said."""
        LifePrediction.objects.filter(asset=pump).delete()
        LifePredictionFactory.create(
            asset=pump,
            median_days=days / 2,
            lower_days=days / 20,
            upper_days=days * 0.95,
            quantiles=[days * place / 20 for place in range(21)],
            **{**CALIBRATED, **values},
        )

    def advise(self, pump: Asset) -> int:
        return services.recommend_short_lives(asset_ids=[pump.pk], at=NOON)

    def test_ask_for_work_and_go_when_they_are_longer_again(self, pump: Asset) -> None:
        FailureChanceFactory.create(asset=pump, **CALIBRATED, failure_mode="bearing wear")
        self.says(pump, 40)

        assert self.advise(pump) == 1
        assert self.advise(pump) == 0

        row = Recommendation.objects.get()
        assert (row.source, row.failure_mode) == (Source.LIFE, "bearing wear")
        assert row.expected_at == NOON + 20 * DAY
        assert row.suggested_due_at == NOON + 2 * DAY
        assert "about 20 more days, with 90 % certainty for 2 to 38" in row.reason

        self.says(pump, 80)  # 38 % within 30 days: neither comes nor goes.
        self.advise(pump)
        assert Recommendation.objects.live().exists()
        self.says(pump, 200)
        self.advise(pump)
        assert not Recommendation.objects.live().exists()

    @pytest.mark.parametrize(
        ("days", "values"),
        [
            (80, {}),
            (40, {"method": "Weibull", "confidence": "low"}),
            (40, {"made_at": NOON - 3 * DAY}),
        ],
    )
    def test_of_little_certainty_ask_for_nothing(
        self, days: float, values: dict[str, Any], pump: Asset
    ) -> None:
        self.says(pump, days, **values)

        assert self.advise(pump) == 0

    def test_what_was_said_before_a_repair_no_longer_counts(self, pump: Asset) -> None:
        self.says(pump, 40, made_at=NOON - DAY)
        assert rated(pump).basis == "life"

        MaintenanceRecordFactory.create(
            asset=pump, maintenance_type="corrective", completed_at=NOON - timedelta(hours=1)
        )

        assert rated(pump).basis == "index"
        assert self.advise(pump) == 0


def test_stops_say_how_long_a_failure_takes_where_no_repair_was_written_down(
    plant: Organization,
) -> None:
    asset = AssetFactory.create(
        organization=plant, category="fan", criticality=1, downtime_cost=Decimal(100)
    )
    for days in (10, 20, 30):
        UptimeEventFactory.create(
            asset=asset,
            state="down",
            cause="failure",
            started_at=NOON - days * DAY,
            ended_at=NOON - days * DAY + timedelta(hours=8),
        )

    assert rated(asset).cost_of_failure == Decimal("800.00")
    assert expect(advised(asset)).cost_of_waiting is None  # Ranked when something moves.
    ranking.refresh_ranks(organization_id=plant.pk, at=NOON)
    row = Recommendation.objects.get()
    assert row.cost_inputs["records_of"] == "stops"
    assert row.cost_of_waiting is not None
