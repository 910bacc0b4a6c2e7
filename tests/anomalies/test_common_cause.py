"""Symptoms of one fault on several sensors ask for one piece of work."""

from datetime import timedelta

import pytest

from anomalies import services
from anomalies.models import Anomaly
from assets.models import Asset, Sensor
from maintenance.models import Recommendation
from maintenance.services import accept, dismiss
from opssight.accounts.models import Membership
from tests.anomalies.signals import STEP, ordinary, sensor_with, store
from tests.factories import NOON, AssetFactory

FIRST = 1300


@pytest.fixture
def pump(planner: Membership) -> Asset:
    asset: Asset = AssetFactory.create(organization=planner.organization, category="pump")
    return asset


def pressure(asset: Asset, until: int = 1340) -> Sensor:
    values = ordinary(until)
    values[FIRST:] -= 3
    return sensor_with(values, asset=asset, key="discharge_pressure", quantity="pressure")


def vibration(asset: Asset, until: int = 1340, first: int = FIRST) -> Sensor:
    values = ordinary(until)
    values[first:] += 3
    return sensor_with(values, asset=asset, key="vibration", quantity="vibration")


def score(*sensors: Sensor, until: int = 1340) -> None:
    services.score_sensors(sensor_ids=[one.pk for one in sensors], at=NOON + until * STEP)


@pytest.mark.django_db
class TestCommonCause:
    def test_a_pump_that_loses_pressure_and_vibrates_is_checked_for_cavitation(
        self, pump: Asset
    ) -> None:
        score(pressure(pump), vibration(pump))

        recommendation = Recommendation.objects.get()
        assert recommendation.failure_mode == "cavitation"
        assert recommendation.anomalies.count() == 2
        assert "Signs of bearing wear and of leak at once hint at cavitation." in (
            recommendation.reason
        )
        assert set(Anomaly.objects.values_list("failure_mode", flat=True)) == {
            "leak",
            "bearing wear",
        }

    def test_a_symptom_that_comes_later_joins_and_renames_what_is_open(self, pump: Asset) -> None:
        score(pressure(pump))
        opened = Recommendation.objects.get()
        assert opened.failure_mode == "leak"

        score(vibration(pump))

        opened.refresh_from_db()
        assert Recommendation.objects.get() == opened
        assert (opened.failure_mode, opened.anomalies.count()) == ("cavitation", 2)

    def test_work_that_was_accepted_keeps_its_name(self, pump: Asset, planner: Membership) -> None:
        score(pressure(pump))
        accepted = Recommendation.objects.get()
        accept(recommendation=accepted, by=planner.user, at=NOON, due_at=NOON)

        score(vibration(pump))

        accepted.refresh_from_db()
        assert Recommendation.objects.get() == accepted
        assert (accepted.failure_mode, accepted.anomalies.count()) == ("leak", 2)

    def test_symptoms_at_different_times_ask_for_two(self, pump: Asset) -> None:
        early = ordinary(1340)
        early[1200:1230] -= 3
        first = sensor_with(early, asset=pump, key="discharge_pressure", quantity="pressure")
        score(first, vibration(pump, first=1310))

        assert set(Recommendation.objects.values_list("failure_mode", flat=True)) == {
            "leak",
            "bearing wear",
        }

    def test_what_is_no_pump_is_not_checked_for_cavitation(self, pump: Asset) -> None:
        Asset.objects.filter(pk=pump.pk).update(category="compressor")
        pump.refresh_from_db()
        score(pressure(pump), vibration(pump))

        assert Recommendation.objects.count() == 2

    def test_after_its_dismissal_each_symptom_is_quiet_for_a_day(
        self, pump: Asset, planner: Membership
    ) -> None:
        sensors = pressure(pump), vibration(pump)
        score(*sensors)
        now = NOON + 1340 * STEP
        dismissed = Recommendation.objects.get()
        dismiss(recommendation=dismissed, by=planner.user, at=now, reason="Tank change.")

        again = ordinary(1480)[1340:]
        again[100:] += 3
        store(sensors[1], again, now)
        score(*sensors, until=1480)
        assert now + timedelta(hours=24) > NOON + 1480 * STEP

        assert Anomaly.objects.count() == 3
        assert Recommendation.objects.get() == dismissed
