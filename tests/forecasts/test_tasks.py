from datetime import timedelta

import pytest
import time_machine

from assets.models import Asset
from forecasts.models import Forecast, RiskScore
from forecasts.tasks import refresh_forecasts, refresh_risk
from tests.anomalies.signals import STEP, ordinary, sensor_with
from tests.factories import NOON, AssetFactory


@pytest.mark.django_db
class TestTasks:
    def test_every_active_sensor_gets_one_forecast_however_often_it_runs(self) -> None:
        for _ in range(2):
            sensor_with(ordinary(600))

        with time_machine.travel(NOON + 600 * STEP + timedelta(minutes=5), tick=False):
            for _ in range(2):
                refresh_forecasts.delay()
        assert Forecast.objects.count() == 2

    def test_every_asset_in_use_gets_one_score_a_day_however_often_it_runs(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("forecasts.tasks.CHUNK", 2)
        assets = [AssetFactory.create() for _ in range(3)]
        AssetFactory.create(status=Asset.Status.RETIRED)

        with time_machine.travel(NOON, tick=False):
            for _ in range(2):
                refresh_risk.delay()
        assert {score.asset for score in RiskScore.objects.all()} == set(assets)
        assert RiskScore.objects.count() == 3
