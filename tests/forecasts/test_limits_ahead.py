import math
from datetime import timedelta

import numpy as np
import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from anomalies.models import Anomaly, SensorLimits
from assets.models import Asset, Sensor
from forecasts import queries
from forecasts.forecasters.slopes import days_until, pace_of
from opssight.accounts.models import Organization
from opssight.dashboard.charts import sensor_chart
from tests.anomalies.test_trends import TODAY, days_of
from tests.factories import (
    NOON,
    AnomalyFactory,
    AssetFactory,
    ForecastFactory,
    SensorFactory,
)

DAY = timedelta(days=1)


class TestPace:
    @settings(max_examples=50, deadline=None)
    @given(seed=st.integers(0, 10_000), slope=st.floats(-2, 2), count=st.integers(10, 90))
    def test_its_interval_holds_the_slope(self, seed: int, slope: float, count: int) -> None:
        noise = np.random.default_rng(seed).normal(size=count)
        pace = pace_of(slope * np.arange(count) + noise)
        assert pace is not None
        assert pace.low <= pace.middle <= pace.high

    def test_it_holds_the_true_slope_as_often_as_it_says(self) -> None:
        random = np.random.default_rng(2)
        held = []
        for _ in range(200):
            pace = pace_of(0.3 * np.arange(30) + random.normal(size=30))
            held.append(pace is not None and pace.low <= 0.3 <= pace.high)
        assert 0.74 < np.mean(held) < 0.92

    def test_few_days_have_none_and_the_other_way_leads_nowhere(self) -> None:
        assert pace_of(np.arange(9.0)) is None
        assert days_until(5.0, 8.0, 1.0) == math.inf


@pytest.mark.django_db
class TestLimitsAhead:
    def sensor(self, asset: Asset, **fields: object) -> Sensor:
        made: Sensor = SensorFactory.create(asset=asset, last_value=1.0, **fields)
        return made

    def test_the_most_urgent_comes_first_and_what_is_passed_is_not_ahead(self) -> None:
        asset = AssetFactory.create()
        sure = self.sensor(asset, high_limit=1.9)
        SensorLimits.objects.create(asset=asset, sensor=sure, high_high=2.3, low_low=-9)
        passed = self.sensor(asset, high_limit=0.5)
        for sensor in (sure, passed):
            ForecastFactory.create(asset=asset, sensor=sensor, dependence=0.5)

        found = queries.limits_ahead([asset.pk], NOON)

        assert [(one.sensor.pk, one.name) for one in found] == [
            (sure.pk, "high"),
            (sure.pk, "high-high"),
        ]
        assert found[0].likely is not None
        assert found[1].likely is None
        assert found[1].percent in ("11 %", "12 %")
        assert queries.limits_ahead([asset.pk], NOON + 3 * DAY) == []

    def test_a_slow_trend_says_the_day_with_an_interval(self) -> None:
        noise = np.random.default_rng(4).normal(0, 0.1, 60)
        sensor = days_of(10 + 0.05 * np.arange(60) + noise, high_limit=15)
        AnomalyFactory.create(
            asset=sensor.asset, sensor=sensor, method=Anomaly.Method.TREND, ended_at=None
        )

        (one,) = queries.limits_ahead([sensor.asset_id], TODAY)

        assert (one.name, one.limit, one.is_trend, one.chance) == ("high", 15, True, None)
        assert one.possible is not None
        assert one.likely is not None
        assert one.latest is not None
        assert one.possible < one.likely < one.latest
        assert abs(one.likely - (TODAY + 40 * DAY)) < 6 * DAY


@pytest.mark.django_db
class TestPages:
    def test_limits_ahead_and_the_forecast_of_a_sensor_are_shown(
        self, plant: Organization, signed_in: Client
    ) -> None:
        now = timezone.now()
        asset = AssetFactory.create(organization=plant)
        sensor = SensorFactory.create(asset=asset, quantity="vibration", high_limit=1.9)
        ForecastFactory.create(
            asset=asset,
            sensor=sensor,
            starts_at=now,
            values=[1.0, 2.0, 2.0, math.nan],
            lower=[0.5, 1.5, 1.5, math.nan],
            upper=[1.5, 2.5, 2.5, math.nan],
            inner=[[0.8, 1.8, 1.8, math.nan], [1.2, 2.2, 2.2, math.nan]] * 2,
            backtest_error=0.38,
        )

        limits = signed_in.get(f"/risk/limits/of-asset/{asset.pk}/").text
        assert "Vibration" in limits
        assert "high limit of 1.9" in limits
        shown = signed_in.get(f"/risk/of-sensor/{sensor.pk}/").text
        assert "Its error was 38 % of that of repeating the day before." in shown
        assert "0.5 to 1.5" in shown
        assert "Planned shutdown" in shown
        assert (
            "No forecast"
            in signed_in.get(f"/risk/of-sensor/{SensorFactory.create(asset=asset).pk}/").text
        )

    def test_the_chart_has_a_fan_marks_and_what_was_forecast_before(self) -> None:
        sensor = SensorFactory.create(high_limit=1.9, last_time=NOON)
        ends = [[0.8, 1.8], [1.2, 2.2]] * 2
        for starts_at in (NOON - 2 * DAY, NOON):
            ForecastFactory.create(
                asset=sensor.asset, sensor=sensor, starts_at=starts_at, inner=ends
            )

        chart = sensor_chart(sensor, days=7, now=NOON, with_past=True)

        assert chart["forecast"]["points"][0][1:] == [1.0, 0.5, 1.5, 0.8, 1.2, 0.8, 1.2]
        assert chart["forecast"]["reached"][0]["label"] == "High limit"
        assert chart["past"]["points"][0][0] == (NOON - 2 * DAY).isoformat()
        assert sensor_chart(sensor, days=7, now=NOON)["past"] is None
