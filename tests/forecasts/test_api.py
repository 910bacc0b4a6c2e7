import datetime as dt
import math
from typing import Any

import pytest

from anomalies.models import SensorLimits
from opssight.accounts.models import Membership, Organization
from tests.conftest import ApiFor
from tests.factories import NOON, AssetFactory, ForecastFactory, RiskScoreFactory, SensorFactory

pytestmark = pytest.mark.django_db


def test_the_latest_forecast_of_each_sensor(
    plant: Organization, viewer: Membership, api_for: ApiFor
) -> None:
    asset = AssetFactory.create(organization=plant)
    old = ForecastFactory.create(asset=asset)
    new = ForecastFactory.create(
        asset=asset, sensor=old.sensor, starts_at=NOON + dt.timedelta(days=1)
    )
    other = ForecastFactory.create(asset=asset)
    api = api_for(viewer)

    def found(**filters: Any) -> set[int]:
        return {row["id"] for row in api.get("/api/forecasts/", filters).data["results"]}

    assert found(asset=asset.pk) == {old.pk, new.pk, other.pk}
    assert found(sensor=old.sensor_id) == {old.pk, new.pk}
    assert found(latest="true") == {new.pk, other.pk}
    assert found(latest="true", sensor=old.sensor_id) == {new.pk}


def test_a_forecast_tells_its_step_in_seconds(
    plant: Organization, viewer: Membership, api_for: ApiFor
) -> None:
    forecast = ForecastFactory.create(asset=AssetFactory.create(organization=plant))

    body = api_for(viewer).get(f"/api/forecasts/{forecast.pk}/").data

    assert body["step_seconds"] == 3600
    assert len(body["values"]) == len(body["lower"]) == len(body["upper"]) == 2
    assert api_for(viewer).post("/api/forecasts/", {}).status_code == 405


def test_a_forecast_tells_its_bands_the_limits_ahead_and_what_is_no_ordinary_time(
    plant: Organization, viewer: Membership, api_for: ApiFor
) -> None:
    asset = AssetFactory.create(organization=plant)
    sensor = SensorFactory.create(asset=asset, high_limit=1.9)
    sensor.limits = SensorLimits.objects.create(asset=asset, sensor=sensor, high_high=50)
    forecast = ForecastFactory.create(
        asset=asset,
        sensor=sensor,
        values=[1.0, 2.0, math.nan],
        lower=[0.5, 1.5, math.nan],
        upper=[1.5, 2.5, math.nan],
        inner=[[0.7, 1.7, math.nan], [1.3, 2.3, math.nan]] * 2,
        dependence=0.5,
        backtest_error=0.38,
        calendar=[{"kind": "holiday", "start": "s", "end": "e", "sentence": "Planned."}],
    )

    body = api_for(viewer).get(f"/api/forecasts/{forecast.pk}/").json()

    assert body["values"] == [1.0, 2.0, None]
    assert [band["level"] for band in body["bands"]] == [0.8, 0.5]
    assert body["bands"][0]["upper"] == [1.3, 2.3, None]
    (reached,) = body["limits"]
    assert (reached["name"], reached["limit"], reached["latest_at"]) == ("high", 1.9, None)
    assert reached["likely_at"] == "2026-03-01T14:00:00Z"
    assert reached["chance"] == reached["chances"][-1] > 0.5
    assert body["calendar"][0]["sentence"] == "Planned."
    assert "38 %" in body["in_words"]


def test_the_latest_risk_of_each_asset_highest_first(
    plant: Organization, viewer: Membership, api_for: ApiFor
) -> None:
    low, high = AssetFactory.create_batch(2, organization=plant)
    RiskScoreFactory.create(asset=low, score=99, day=NOON.date() - dt.timedelta(days=1))
    RiskScoreFactory.create(asset=low, score=10)
    RiskScoreFactory.create(
        asset=high, score=80, parts=[{"name": "condition", "value": 1.0, "weight": 0.4}]
    )
    api = api_for(viewer)

    rows = api.get("/api/risk-scores/?latest=true&ordering=-score").data["results"]

    assert [(row["asset"], row["score"]) for row in rows] == [(high.pk, 80), (low.pk, 10)]
    assert rows[0]["parts"][0]["name"] == "condition"
    assert len(api.get("/api/risk-scores/?min_score=50&latest=true").data["results"]) == 1
    assert len(api.get("/api/risk-scores/", {"day_before": "2026-02-28"}).data["results"]) == 1
