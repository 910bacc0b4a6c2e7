"""The chance to fail, learned from what happened to machines before they did."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from assets.models import Asset
from forecasts.failures import training
from forecasts.failures.features import Record, deviations, features
from forecasts.queries import predictions
from forecasts.services import predicting
from forecasts.services.chances import learn_chances
from forecasts.services.lives import learn_class
from opssight.accounts.models import Organization
from tests.factories import (
    AnomalyFactory,
    AssetFactory,
    OrganizationFactory,
    SensorFactory,
    UptimeEventFactory,
)

START = datetime(2025, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def test_what_comes_later_is_not_in_a_row() -> None:
    """Truncating events and readings at a moment changes nothing of what is known at it."""
    random = np.random.default_rng(4)
    times, hours = np.sort(random.uniform(0, 2000, 60)), np.arange(2000.0)
    values = random.normal(0, 1, len(hours))
    now = np.array([1200.0])

    def row(until: float) -> np.ndarray:
        known = times[times <= until]
        read = hours[hours + 1.0 <= until]
        signal = deviations(read, values[: len(read)])
        return features(
            Record({"alarm": known}, known[::7], np.array([3.0]), {"vibration": signal}),
            ["alarm"],
            now,
            ["vibration"],
        )

    assert np.isfinite(row(1200.0)).all()
    np.testing.assert_array_equal(row(1200.0), row(2000.0))


@pytest.mark.crawl
@pytest.mark.django_db
def test_anomalies_that_came_before_failures_raise_the_chance(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Twelve pumps fail now and then, each time two days after an anomaly that tells of it."""
    monkeypatch.setattr(training, "GROWTH", replace(training.GROWTH, rounds=30))
    plant: Organization = OrganizationFactory.create(timezone="UTC")
    random = np.random.default_rng(5)
    pumps = [plant_pump(plant, random) for _ in range(12)]
    at = START + 360 * DAY
    learn_class(organization_id=plant.pk, category="pump", at=at)
    version = learn_chances(organization_id=plant.pk, category="pump", at=at)
    assert version is not None
    assert (version.status, version.metrics["skill"] > 0.05) == ("in_use", True), version.metrics
    assert {len(row) for row in version.metrics["calibration"]} == {3}
    assert learn_chances(organization_id=plant.pk, category="pump", at=at + DAY) is None

    warned, calm = pumps[0], pumps[1]
    AnomalyFactory.create(asset=warned, sensor=warned.sensors.get(), started_at=at - DAY)
    predicting.predict(asset_ids=[warned.pk, calm.pk], at=at)
    chances = predictions.latest_chances([warned.pk, calm.pk])
    raised, usual = chances[warned.pk], chances[calm.pk]
    assert raised.method == predicting.BY_HAPPENINGS
    assert raised.model == version
    assert raised.confidence in {"medium", "high"}
    assert raised.p_7d > 2 * usual.p_7d
    assert raised.p_24h <= raised.p_7d <= raised.p_30d
    assert any("(pattern) in 30 days" in one["sentence"] for one in raised.drivers), raised.drivers


def plant_pump(plant: Organization, random: np.random.Generator) -> Asset:
    asset: Asset = AssetFactory.create(
        organization=plant, category="pump", installed_at=START.date()
    )
    sensor = SensorFactory.create(asset=asset)
    UptimeEventFactory.create(
        asset=asset, state="operating", started_at=START, ended_at=START + timedelta(hours=1)
    )
    day = float(random.uniform(5, 40))
    while day < 350:
        AnomalyFactory.create(
            asset=asset,
            sensor=sensor,
            started_at=START + (day - 2) * DAY,
            ended_at=START + (day - 1.5) * DAY,
        )
        UptimeEventFactory.create(
            asset=asset,
            state="down",
            cause="failure",
            started_at=START + day * DAY,
            ended_at=START + (day + 0.3) * DAY,
        )
        day += float(random.uniform(20, 120))
    return asset
