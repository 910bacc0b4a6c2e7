from datetime import timedelta
from typing import Any

import pytest

from assets.models import Asset, Sensor
from forecasts import services
from forecasts.services import advising
from maintenance.models import Recommendation, Urgency
from maintenance.services import dismiss
from opssight.accounts.models import Membership
from tests.factories import (
    NOON,
    AnomalyFactory,
    AssetFactory,
    ForecastFactory,
    RecommendationFactory,
    RiskScoreFactory,
    SensorFactory,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
Source = Recommendation.Source


def rising(sensor: Sensor, **values: Any) -> None:
    """From 1 an hour on by 1 each hour, give or take 2."""
    hours = range(1, 25)
    ForecastFactory.create(
        **{
            "asset": sensor.asset,
            "sensor": sensor,
            "values": [float(hour) for hour in hours],
            "lower": [hour - 2.0 for hour in hours],
            "upper": [hour + 2.0 for hour in hours],
            **values,
        }
    )


def vibration(**values: Any) -> Any:
    return SensorFactory.create(**{"key": "vibration_de", "high_limit": 18.0, **values})


def advise(at: Any = NOON) -> int:
    return services.recommend_crossings(asset_ids=Asset.objects.values_list("pk", flat=True), at=at)


class TestCrossings:
    def test_a_limit_that_is_forecast_to_be_reached_asks_for_work_before(self) -> None:
        sensor = vibration()
        rising(sensor)

        assert advise() == 1
        assert advise() == 0

        row = Recommendation.objects.get()
        assert (row.source, row.failure_mode) == (Source.FORECAST, "bearing wear")
        assert row.expected_at == NOON + 18 * HOUR
        assert row.suggested_due_at == row.expected_at
        assert row.urgency == Urgency.MEDIUM
        assert row.detector == "seasonal naive"
        assert "vibration_de is forecast to reach its high limit of 18 mm/s" in row.reason
        assert ", and may do so from" in row.reason

    def test_soon_is_urgent(self) -> None:
        rising(vibration(high_limit=6.0))

        advise()

        assert Recommendation.objects.get().urgency == Urgency.HIGH

    def test_what_only_the_interval_reaches_asks_for_nothing(self) -> None:
        rising(vibration(high_limit=25.5))

        assert advise() == 0

    @pytest.mark.parametrize("starts_at", [NOON - 49 * HOUR, NOON + 2 * HOUR])
    def test_a_forecast_of_another_time_says_nothing(self, starts_at: Any) -> None:
        rising(vibration(), starts_at=starts_at)

        assert advise() == 0

    def test_two_sensors_that_say_the_same_are_one(self) -> None:
        first = vibration()
        second = vibration(asset=first.asset, key="vibration_nde", high_limit=10.0)
        rising(first)
        rising(second)

        assert advise() == 1

        row = Recommendation.objects.get()
        assert row.expected_at == NOON + 10 * HOUR
        assert {one["about"] for one in row.evidence} == {
            "Forecast of vibration_de",
            "Forecast of vibration_nde",
        }

    def test_joins_what_anomalies_say_of_the_same_failure_mode(self) -> None:
        sensor = vibration()
        row = RecommendationFactory.create(asset=sensor.asset, failure_mode="bearing wear")
        rising(sensor)

        assert advise() == 0

        row.refresh_from_db()
        assert row.source == Source.ANOMALY
        assert row.expected_at == NOON + 18 * HOUR
        assert len(row.evidence) == 1

    def test_is_taken_back_when_the_limit_is_not_reached_any_more(self) -> None:
        sensor = vibration()
        rising(sensor)
        advise()
        sensor.high_limit = 100.0
        sensor.save()

        advise(NOON + HOUR)

        row = Recommendation.objects.get()
        assert (row.status, row.decided_by) == (Recommendation.Status.DISMISSED, None)

    def test_is_kept_where_anomalies_support_it(self) -> None:
        sensor = vibration()
        rising(sensor)
        advise()
        row = Recommendation.objects.get()
        AnomalyFactory.create(asset=sensor.asset, sensor=sensor, recommendation=row)
        Sensor.objects.update(high_limit=100.0)

        advise(NOON + HOUR)

        row.refresh_from_db()
        assert row.status == Recommendation.Status.OPEN

    def test_a_dismissal_holds_for_a_week(self, planner: Membership) -> None:
        sensor = vibration(asset=AssetFactory.create(organization=planner.organization))
        rising(sensor)
        advise()
        row = Recommendation.objects.get()
        dismiss(recommendation=row, by=planner.user, at=NOON, reason="A test run.")

        for days, opened in ((6, 0), (8, 1)):
            rising(sensor, starts_at=NOON + days * DAY)
            assert advise(NOON + days * DAY) == opened


class TestRisk:
    def asset(self, *, before: float, now: float) -> Any:
        asset = AssetFactory.create(current_risk=now)
        parts = [{"name": "age", "points": now, "sentence": "Age: 15 of 20 years."}]
        RiskScoreFactory.create(asset=asset, day=(NOON - 7 * DAY).date(), score=before)
        RiskScoreFactory.create(asset=asset, day=NOON.date(), score=now, parts=parts)
        return asset

    def advise(self, asset: Any) -> int:
        return services.recommend_rising_risk(asset_ids=[asset.pk], at=NOON)

    def test_high_and_rising_asks_for_a_look(self) -> None:
        asset = self.asset(before=30, now=62)

        assert self.advise(asset) == 1
        assert self.advise(asset) == 0

        row = Recommendation.objects.get()
        assert (row.source, row.urgency) == (Source.RISK, Urgency.HIGH)
        assert row.reason.startswith("The risk rose from 30 to 62 of 100 within a week.")
        assert row.evidence[0]["text"] == "Age: 15 of 20 years."

    @pytest.mark.parametrize(("before", "now"), [(45, 50), (10, 35)])
    def test_high_but_steady_or_rising_but_low_does_not(self, before: float, now: float) -> None:
        assert self.advise(self.asset(before=before, now=now)) == 0

    def test_says_nothing_where_something_else_asks_for_work(self) -> None:
        asset = self.asset(before=30, now=62)
        RecommendationFactory.create(asset=asset)

        assert self.advise(asset) == 0

    def test_goes_when_the_risk_has_fallen(self) -> None:
        asset = self.asset(before=30, now=62)
        self.advise(asset)
        asset.current_risk = 20
        asset.save()

        self.advise(asset)

        assert Recommendation.objects.get().dismiss_reason == advising.CALM_AGAIN
