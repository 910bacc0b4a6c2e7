import datetime as dt
from typing import Any

import pytest

from opssight.accounts.models import Membership, Organization
from tests.conftest import ApiFor
from tests.factories import NOON, AssetFactory, ForecastFactory, RiskScoreFactory

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
