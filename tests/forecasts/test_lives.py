"""From records and readings to remaining lives, and to how right they were."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from assets.models import Asset, Reading, UptimeEvent
from forecasts import tasks
from forecasts.models import FailureChance, LifePrediction, ModelVersion
from forecasts.queries import lives, predictions, wear
from forecasts.remaining_life import training
from forecasts.services import outcomes, predicting
from forecasts.services.lives import learn_class
from maintenance.models import MaintenanceType, Verdict
from opssight.accounts.models import Organization
from tests.factories import (
    AssetFactory,
    MaintenanceRecordFactory,
    OrganizationFactory,
    SensorFactory,
    UptimeEventFactory,
)

pytestmark = pytest.mark.django_db
START = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def plant() -> Organization:
    """Its records begin with the state of another machine."""
    organization: Organization = OrganizationFactory.create(timezone="UTC")
    UptimeEventFactory.create(
        asset__organization=organization,
        asset__category="fan",
        started_at=START,
        ended_at=START + DAY,
    )
    return organization


def pump(plant: Organization, day: float = 0.0, **values: object) -> Asset:
    """A pump that was installed on a day."""
    asset: Asset = AssetFactory.create(
        organization=plant,
        category="pump",
        installed_at=(START + day * DAY).date(),
        **values,
    )
    return asset


def fails(asset: Asset, day: float, hours: float = 12.0) -> UptimeEvent:
    event: UptimeEvent = UptimeEventFactory.create(
        asset=asset,
        state="down",
        cause="failure",
        started_at=START + day * DAY,
        ended_at=START + day * DAY + timedelta(hours=hours),
    )
    return event


def repaired(asset: Asset, day: float, **values: object) -> None:
    done = START + day * DAY
    MaintenanceRecordFactory.create(
        asset=asset,
        started_at=done - timedelta(hours=2),
        completed_at=done,
        work_order__created_at=done - timedelta(hours=3),
        **values,
    )


def few_failures(plant: Organization) -> list[Asset]:
    """Three of four pumps fail once, about a hundred days after they were new."""
    pumps = [pump(plant) for _ in range(4)]
    for asset, day in zip(pumps, (90, 100, 110), strict=False):
        fails(asset, day)
    return pumps


def learn(plant: Organization, day: float) -> ModelVersion | None:
    return learn_class(organization_id=plant.pk, category="pump", at=START + day * DAY)


def predict(asset: Asset, day: float) -> LifePrediction:
    at = START + day * DAY
    predicting.predict(asset_ids=[asset.pk], at=at)
    return LifePrediction.objects.get(asset=asset, day=at.date())


def said_of(asset: Asset, day: float) -> tuple[float, float, float, LifePrediction]:
    """Lower end, median, upper end, and the row."""
    row = predict(asset, day)
    assert row.lower_days is not None
    assert row.median_days is not None
    assert row.upper_days is not None
    return row.lower_days, row.median_days, row.upper_days, row


class TestRecords:
    def test_a_failure_ends_a_life_and_its_end_begins_the_next(self, plant: Organization) -> None:
        asset = pump(plant)
        fails(asset, 90)
        repaired(
            asset,
            90.4,
            maintenance_type=MaintenanceType.CORRECTIVE,
            failure_mode="Vibration",
            downtime_minutes=600,
        )
        repaired(asset, 150, title="Overhaul of the pump", maintenance_type="preventive")
        repaired(asset, 160, title="Replace the oil filter", maintenance_type="preventive")
        spans = lives.lives_of_class(
            organization_id=plant.pk, category="pump", at=START + 200 * DAY
        )
        told = [(round(s.days), s.failed, s.mode, s.is_whole, s.is_current) for s in spans]
        assert told == [
            (90, True, "vibration", True, False),
            (60, False, "", True, False),
            (50, False, "", True, True),
        ]

    def test_of_a_machine_that_is_older_than_the_records_the_age_is_not_known(
        self, plant: Organization
    ) -> None:
        asset = pump(plant, -900)
        spans = lives.lives_of_class(organization_id=plant.pk, category="pump", at=START + 30 * DAY)
        assert [(s.asset_id, round(s.days), s.is_whole) for s in spans] == [(asset.pk, 30, False)]

    def test_a_repair_in_time_ends_a_life_without_a_failure(self, plant: Organization) -> None:
        asset = pump(plant)
        fails(pump(plant), 0)
        repaired(
            asset,
            40,
            maintenance_type=MaintenanceType.PREDICTIVE,
            failure_mode="vibration",
            verdict=Verdict.CONFIRMED,
        )
        spans = lives.lives_of_class(organization_id=plant.pk, category="pump", at=START + 50 * DAY)
        own = [(round(s.days), s.failed) for s in spans if s.asset_id == asset.pk]
        assert own == [(40, False), (10, False)]


class TestAges:
    def test_without_failures_there_is_no_number_but_what_is_missing(
        self, plant: Organization
    ) -> None:
        asset = pump(plant)
        assert learn(plant, 50) is None
        said = predict(asset, 50)
        assert said.quantiles is None
        assert "No failure in the category “pump” has been recorded yet" in said.missing
        fails(asset, 60)
        assert "Only 1 failure" in predict(asset, 70).missing

    def test_few_failures_give_a_wide_interval_of_low_confidence(self, plant: Organization) -> None:
        *_, last = few_failures(plant)
        version = learn(plant, 111)
        assert version is not None
        assert version.learned_from["failures"] == 3
        lower, median, upper, said = said_of(last, 111)
        assert (said.confidence, said.method, said.model) == ("low", predicting.BY_AGE, version)
        assert said.quantiles == sorted(said.quantiles or [])
        assert lower < median < upper
        chance = predictions.latest_chances([last.pk])[last.pk]
        assert 0 < chance.p_24h < chance.p_7d < chance.p_30d < 1
        assert "has run" in said.drivers[0]["sentence"]

    def test_machines_that_run_on_make_the_others_look_longer_lived(
        self, plant: Organization
    ) -> None:
        few_failures(plant)
        before = learn(plant, 111)
        for _ in range(4):
            pump(plant)
        after = learn_class(
            organization_id=plant.pk, category="pump", at=START + 111 * DAY + predicting.FRESH * 4
        )
        assert before is not None
        assert after is not None
        assert after.metrics["median_life_days"] > before.metrics["median_life_days"]

    def test_nothing_new_is_not_learned_again(self, plant: Organization) -> None:
        few_failures(plant)
        assert learn(plant, 111) is not None
        assert learn(plant, 112) is None

    def test_what_comes_later_changes_nothing(self, plant: Organization) -> None:
        *_, last = few_failures(plant)
        learn(plant, 111)
        first = predict(last, 111)
        fails(last, 111.5)
        repaired(last, 120, title="Overhaul")
        LifePrediction.objects.all().delete()
        again = predict(last, 111)
        assert (again.quantiles, again.drivers) == (first.quantiles, first.drivers)
        spans = lives.lives_of_class(
            organization_id=plant.pk, category="pump", at=START + 111 * DAY
        )
        assert sum(span.failed for span in spans) == 3


class TestScoring:
    def test_a_prediction_is_scored_when_the_failure_comes(self, plant: Organization) -> None:
        *_, last = few_failures(plant)
        learn(plant, 111)
        lower, median, upper, said = said_of(last, 111)
        chance = FailureChance.objects.get(asset=last, failure_mode="")
        fails(last, 115)
        outcomes.score(asset_ids=[last.pk], at=START + 116 * DAY)
        said.refresh_from_db()
        chance.refresh_from_db()
        assert said.came_at == START + 115 * DAY
        assert said.error_days == pytest.approx(median - 4, abs=0.01)
        assert said.inside == (lower <= 4 <= upper)
        assert (chance.failed_24h, chance.failed_7d, chance.failed_30d) == (False, True, True)
        assert chance.scored_at is not None
        # What was said that day stays, as it is judged now.
        predicting.predict(asset_ids=[last.pk], at=START + 111.9 * DAY)
        assert LifePrediction.objects.get(pk=said.pk).made_at == said.made_at

    def test_work_before_the_failure_leaves_nothing_to_score(self, plant: Organization) -> None:
        *_, last = few_failures(plant)
        learn(plant, 111)
        said = predict(last, 111)
        repaired(last, 114, title="Overhaul of the pump")
        outcomes.score(asset_ids=[last.pk], at=START + 150 * DAY)
        said.refresh_from_db()
        assert (said.came_at, said.inside) == (None, None)
        assert said.scored_at is not None
        chance = FailureChance.objects.get(asset=last, failure_mode="")
        assert (chance.failed_24h, chance.failed_7d, chance.failed_30d) == (False, None, None)


@pytest.mark.parametrize("step", [1.0, 0.25])
def test_readings_after_a_life_are_not_in_its_rows(plant: Organization, step: float) -> None:
    sensor = SensorFactory.create(asset=pump(plant), key="vibration", unit="mm/s")
    hours = range(24 * 20)
    Reading.objects.bulk_create(
        Reading(sensor=sensor, time=START + timedelta(hours=hour, minutes=30), value=float(hour))
        for hour in hours
    )
    whole, cut = (
        lives.Span(
            sensor.asset_id, START + 0.3 * DAY, START + day * DAY, failed=True, is_whole=True
        )
        for day in (20.0, 10.4)
    )
    rows, some = wear.worn([whole, cut], ["vibration"], ["mm/s"], step=step)
    assert 8 < len(some) < len(rows)
    # The last step of the shorter one is not over yet.
    np.testing.assert_array_equal(some.ages[:-1], rows.ages[: len(some) - 1])
    np.testing.assert_array_equal(some.values[:-1], rows.values[: len(some) - 1])
    # Nothing in a row was read after its age.
    assert (some.values[:, 0] / 24 < some.ages + 0.3).all()
    assert some.ages[-1] <= cut.days


@pytest.mark.crawl
def test_wear_in_the_readings_narrows_what_is_said(
    plant: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twelve pumps, each of which vibrates more and more before it fails; one more wears out."""
    few = replace(training.GROWTH, rounds=30, rate=0.2)
    monkeypatch.setattr(training, "GROWTH", few)
    random = np.random.default_rng(2)
    rows: list[Reading] = []
    for number in range(13):
        asset = pump(plant)
        life = float(random.uniform(60, 140)) if number < 12 else 100.0
        sensor = SensorFactory.create(asset=asset, key="vibration", unit="mm/s")
        end = life if number < 12 else 90.0
        days = np.arange(0.5, end)
        wear = np.exp(-(life - days) / 12.0)
        values = 2.0 + 4.0 * wear + random.normal(0, 0.1, len(days))
        rows += [
            Reading(sensor=sensor, time=START + day * DAY, value=value)
            for day, value in zip(days.tolist(), values.tolist(), strict=True)
        ]
        sensor.last_time = rows[-1].time
        sensor.save()
        if number < 12:
            fails(asset, life)
    Reading.objects.bulk_create(rows)
    early, late = (float(day) for day in (45, 90))
    version = learn(plant, 141)
    assert version is not None
    assert version.metrics["by"] == "readings", version.metrics
    assert version.metrics["skill"] > 0
    assert {one[0] for one in version.metrics["calibration"]} == {0.5, 0.8, 0.9}
    first, _, last, _ = said_of(asset, early)
    lower, _, upper, now = said_of(asset, late)
    assert now.method == predictions.BY_READINGS
    assert (upper - lower) < (last - first)
    assert lower <= 10 <= upper
    assert "vibration rose by" in now.drivers[0]["sentence"]
    assert now.drivers[0]["effect_days"] < 0
    chance = predictions.latest_chances([asset.pk])[asset.pk]
    assert chance.p_30d > 0.5


def test_each_night_is_learned_and_each_hour_is_said_and_judged(plant: Organization) -> None:
    *_, last = few_failures(plant)
    tasks.learn_class(organization_id=plant.pk, category="pump")
    assert ModelVersion.objects.get(organization=plant).status == "in_use"
    assert tasks.predict_assets(organization_id=plant.pk, asset_ids=[last.pk]) == 1
    yesterday = LifePrediction.objects.get(asset=last)
    LifePrediction.objects.update(made_at=yesterday.made_at - DAY, day=yesterday.day - DAY)
    fails(last, (yesterday.made_at - START) / DAY - 0.5, hours=3)
    tasks.predict_assets(organization_id=plant.pk, asset_ids=[last.pk])
    judged, anew = LifePrediction.objects.filter(asset=last).order_by("day")
    assert judged.came_at is not None
    assert anew.came_at is None
    assert anew.age_days == pytest.approx(0.375, abs=0.01)
