from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from anomalies.models import SensorLimits
from assets.models import Asset, AssetRelationship, Sensor
from forecasts import queries, services
from forecasts.models import Forecast, RiskScore
from notifications.models import Notification
from opssight.accounts.models import Membership, Organization
from tests.anomalies.signals import STEP, ordinary, sensor_with
from tests.factories import (
    NOON,
    AnomalyFactory,
    AssetFactory,
    ForecastFactory,
    RiskScoreFactory,
    ScheduleFactory,
    SensorFactory,
)

NOW = NOON + 1440 * STEP
DAY = timedelta(days=1)


def part(score: RiskScore, name: str) -> dict[str, object]:
    found: dict[str, object] = next(one for one in score.parts if one["name"] == name)
    return found


@pytest.mark.django_db
class TestForecasts:
    def test_a_sensor_gets_two_days_with_an_interval(self) -> None:
        sensor = sensor_with(ordinary())

        assert services.refresh_forecasts(asset_ids=[sensor.asset_id], at=NOW) == 1

        forecast = Forecast.objects.get(sensor=sensor)
        assert forecast.starts_at == NOW
        assert forecast.step == timedelta(hours=1)
        assert len(forecast.values) == len(forecast.lower) == len(forecast.upper) == 48
        assert forecast.organization_id == sensor.organization_id
        truth = ordinary(1440 + 288)[1440:].reshape(48, 6).mean(axis=1)
        assert np.abs(np.array(forecast.values) - truth).mean() < 0.15
        inside = (np.array(forecast.lower) <= truth) & (truth <= np.array(forecast.upper))
        assert inside.mean() > 0.8
        assert forecast.method
        assert forecast.backtest_error is not None

    def test_run_again_within_the_hour_it_replaces_the_forecast(self) -> None:
        sensor = sensor_with(ordinary())

        for minutes in (0, 20):
            services.refresh_forecasts(
                asset_ids=[sensor.asset_id], at=NOW + timedelta(minutes=minutes)
            )
        assert Forecast.objects.get().made_at == NOW + timedelta(minutes=20)

    def test_too_little_or_too_old_data_is_no_forecast(self) -> None:
        asset = AssetFactory.create()
        sensor_with(ordinary(144), asset=asset)
        silent = sensor_with(ordinary(), asset=asset)
        Sensor.objects.filter(pk=silent.pk).update(last_time=NOW - 2 * DAY)
        sensor_with(ordinary(), asset=asset, is_active=False)
        SensorFactory.create(asset=asset)

        assert services.refresh_forecasts(asset_ids=[asset.pk], at=NOW) == 0
        assert not Forecast.objects.exists()

    def test_a_counter_goes_on_from_what_it_reads(self) -> None:
        sensor = sensor_with(np.arange(1440) / 6.0 + 500, kind="counter", unit="h")

        services.refresh_forecasts(asset_ids=[sensor.asset_id], at=NOW)

        forecast = Forecast.objects.get()
        assert forecast.values[0] == pytest.approx(740.8, abs=0.3)
        assert forecast.values[-1] == pytest.approx(739.8 + 48, abs=0.5)

    def test_forecasts_older_than_two_weeks_are_forgotten(self) -> None:
        sensor = sensor_with(ordinary())
        ForecastFactory.create(sensor=sensor, asset=sensor.asset, starts_at=NOW - 15 * DAY)
        young = ForecastFactory.create(sensor=sensor, asset=sensor.asset, starts_at=NOW - 13 * DAY)
        other = ForecastFactory.create(starts_at=NOW - 15 * DAY)

        services.refresh_forecasts(asset_ids=[sensor.asset_id], at=NOW)

        assert set(Forecast.objects.exclude(starts_at=NOW)) == {young, other}

    def test_queries_do_not_grow_with_the_number_of_sensors(
        self, django_assert_max_num_queries
    ) -> None:
        asset = AssetFactory.create()
        for _ in range(4):
            sensor_with(ordinary(600), asset=asset)

        with django_assert_max_num_queries(9):
            services.refresh_forecasts(asset_ids=[asset.pk], at=NOON + 600 * STEP)
        assert Forecast.objects.count() == 4


class TestCrossing:
    def forecast(self) -> Forecast:
        return Forecast(
            starts_at=NOON,
            step=timedelta(hours=1),
            values=[5.0, 6.0, 7.0],
            lower=[4.0, 4.0, 4.0],
            upper=[6.0, 8.0, 10.0],
            inner=[[4.3, 4.7, 5.0], [5.7, 7.3, 9.0], [4.7, 5.3, 6.0], [5.3, 6.7, 8.0]],
            dependence=0.9,
        )

    def test_names_when_the_limit_is_possible_and_when_it_is_likely(self) -> None:
        found = queries.crossing(self.forecast(), Sensor(high_limit=7.0))

        assert found is not None
        assert (found.limit, found.name, found.latest) == (7.0, "high", None)
        assert (found.possible, found.likely) == (NOON + timedelta(hours=1), NOON + 12 * STEP)
        assert found.chances[-1] == found.chance
        assert 0.5 <= found.chance < 0.6

    def test_a_limit_that_only_the_interval_reaches_is_not_likely(self) -> None:
        found = queries.crossing(self.forecast(), Sensor(high_limit=8.5, low_limit=1.0))
        assert found is not None
        assert (found.possible, found.likely) == (NOON + timedelta(hours=2), None)
        assert 0.1 < found.chance < 0.5

    def test_the_outer_limits_of_a_sensor_are_told_as_well(self) -> None:
        sensor = Sensor(high_limit=6.0, kind=Sensor.Kind.GAUGE)
        sensor.limits = SensorLimits(high_high=7.0, low_low=4.5)

        found = queries.crossings(self.forecast(), sensor)

        assert [(one.name, one.limit) for one in found] == [
            ("high", 6.0),
            ("high-high", 7.0),
            ("low-low", 4.5),
        ]
        assert found[0].chance > found[1].chance >= 0.5

    def test_a_planned_shutdown_reaches_none(self) -> None:
        forecast, hour = self.forecast(), timedelta(hours=1)
        window = {"start": NOON + hour, "end": NOON + 3 * hour}
        forecast.calendar = [{"kind": "shutdown"} | {k: v.isoformat() for k, v in window.items()}]

        assert queries.crossing(forecast, Sensor(high_limit=6.5)) is None
        assert queries.crossing(self.forecast(), Sensor(high_limit=6.5)) is not None

    def test_a_counter_reaches_no_limit(self) -> None:
        counter = Sensor(high_limit=6.0, kind=Sensor.Kind.COUNTER)
        assert queries.crossings(self.forecast(), counter) == []

    def test_no_limit_is_never_reached(self) -> None:
        assert queries.crossing(self.forecast(), Sensor()) is None
        assert queries.crossing(self.forecast(), Sensor(high_limit=20.0)) is None


@pytest.mark.django_db
class TestRisk:
    def test_a_healthy_asset_is_at_no_risk_and_says_why(self) -> None:
        sensor = sensor_with(ordinary(), high_limit=7.1)

        assert services.refresh_risk(asset_ids=[sensor.asset_id], at=NOW) == 1

        score = RiskScore.objects.get()
        assert score.score < 5
        assert {one["name"] for one in score.parts} == {"condition", "anomalies", "overdue", "age"}
        assert part(score, "condition")["sentence"] == (
            "Condition: all sensors are in their ordinary range."
        )
        assert Asset.objects.get().current_risk == score.score

    def test_each_reason_adds_to_it(self) -> None:
        asset = AssetFactory.create(criticality=4)
        seen = []
        for step in (
            lambda: None,
            lambda: ScheduleFactory.create(asset=asset, next_due_at=NOW - 12 * DAY),
            lambda: AnomalyFactory.create(asset=asset, ended_at=None),
            lambda: Asset.objects.update(installed_at=datetime(2007, 1, 1, tzinfo=UTC).date()),
            lambda: sensor_with(np.linspace(3, 7, 1440), asset=asset, high_limit=7.1),
        ):
            step()
            services.refresh_risk(asset_ids=[asset.pk], at=NOW)
            seen.append(RiskScore.objects.get().score)

        assert seen == sorted(seen)
        assert len(set(seen)) == 5
        score = RiskScore.objects.get()
        assert part(score, "overdue")["sentence"] == (
            "Overdue maintenance: 12 days late on a 30-day cycle."
        )
        assert "limit" in str(part(score, "condition")["sentence"])
        assert sum(one["points"] for one in score.parts) == pytest.approx(score.score, abs=0.1)

    def test_a_more_critical_asset_is_at_more_risk_for_the_same_reasons(self) -> None:
        scores = []
        for criticality in (1, 3, 5):
            asset = AssetFactory.create(criticality=criticality)
            AnomalyFactory.create(asset=asset, ended_at=None)
            services.refresh_risk(asset_ids=[asset.pk], at=NOW)
            scores.append(RiskScore.objects.get(asset=asset).score)

        assert scores == sorted(set(scores))

    def test_what_was_dealt_with_no_longer_counts(self) -> None:
        asset = AssetFactory.create(last_maintenance_at=NOW - DAY)
        AnomalyFactory.create(asset=asset, closed_at=NOW)
        AnomalyFactory.create(asset=asset, ended_at=NOW - 2 * DAY)

        services.refresh_risk(asset_ids=[asset.pk], at=NOW)

        assert RiskScore.objects.get().score == 0

    def test_a_forecast_that_reaches_the_limit_counts_like_reaching_it(self) -> None:
        sensor = sensor_with(ordinary(), high_limit=7.1)
        ForecastFactory.create(
            sensor=sensor, asset=sensor.asset, starts_at=NOW - timedelta(hours=1), values=[5.0, 7.5]
        )
        services.refresh_risk(asset_ids=[sensor.asset_id], at=NOW)

        assert part(RiskScore.objects.get(), "condition")["value"] == 1

    def test_an_asset_lives_as_long_as_its_own_attribute_says(self) -> None:
        asset = AssetFactory.create(
            installed_at=(NOW - 9.5 * 365.25 * DAY).date(), attributes={"life_years": 10}
        )
        services.refresh_risk(asset_ids=[asset.pk], at=NOW)

        assert "of about 10 expected years" in str(part(RiskScore.objects.get(), "age")["sentence"])

    def test_run_twice_there_is_one_score_a_day(self) -> None:
        asset = AssetFactory.create()

        for hours in (0, 3):
            services.refresh_risk(asset_ids=[asset.pk], at=NOON + timedelta(hours=hours))
        assert RiskScore.objects.get().computed_at == NOON + timedelta(hours=3)

    def test_the_day_is_the_organizations_own(self) -> None:
        asset = AssetFactory.create(organization__timezone="Pacific/Auckland")

        services.refresh_risk(asset_ids=[asset.pk], at=NOON)
        assert RiskScore.objects.get().day == (NOON + DAY).date()

    def test_planners_hear_once_when_the_risk_gets_high(self, planner: Membership) -> None:
        asset = AssetFactory.create(organization=planner.organization, criticality=5)
        AnomalyFactory.create(asset=asset, ended_at=None, severity="critical")

        for hours in range(3):
            services.refresh_risk(asset_ids=[asset.pk], at=NOON + timedelta(hours=hours))

        message = Notification.objects.get()
        assert message.recipient == planner.user
        assert message.subject.startswith(f"{asset.tag}: the risk is")
        assert "Anomalies: 1 open" in message.body

    def test_other_days_are_kept(self) -> None:
        asset = AssetFactory.create()
        RiskScoreFactory.create(asset=asset, day=(NOON - DAY).date())

        services.refresh_risk(asset_ids=[asset.pk], at=NOON)
        assert RiskScore.objects.count() == 2

    def test_what_stops_with_an_asset_counts(self, plant: Organization) -> None:
        pump = AssetFactory.create(organization=plant, criticality=1)
        reactor = AssetFactory.create(organization=plant, criticality=5)
        AssetRelationship.objects.create(
            organization=plant, source=pump, target=reactor, kind=AssetRelationship.Kind.FEEDS
        )

        services.refresh_risk(asset_ids=[pump.pk], at=NOW)

        row = RiskScore.objects.get(asset=pump)
        assert (row.criticality, row.consequence) == (1, 5)
        assert row.score == pytest.approx(100 * row.likelihood)  # as of criticality 5
        assert "an asset of 5 of 5 stops with it" in row.consequence_sentence

    def test_queries_do_not_grow_with_the_number_of_assets(
        self, django_assert_max_num_queries, planner: Membership
    ) -> None:
        for _ in range(6):
            asset = AssetFactory.create(organization=planner.organization, criticality=5)
            sensor_with(ordinary(300), asset=asset, high_limit=7.0)
            AnomalyFactory.create(asset=asset, ended_at=None, severity="critical")
            ScheduleFactory.create(asset=asset, next_due_at=NOON)
        ids = list(Asset.objects.values_list("pk", flat=True))

        with django_assert_max_num_queries(21):
            services.refresh_risk(asset_ids=ids, at=NOW)
        assert Notification.objects.count() == 6
