"""After a repair the sensor has the last word: calm closes the story, a day of trouble opens it."""

from datetime import datetime, timedelta

import numpy as np
import pytest
import time_machine

from anomalies.models import Anomaly
from anomalies.tasks import score_new_readings
from assets.models import Sensor
from forecasts.tasks import refresh_risk
from maintenance.models import MaintenanceRecord, Recommendation, Verdict
from maintenance.services import Outcome, accept, complete
from notifications.models import Notification
from opssight.accounts.models import Membership
from tests.anomalies.signals import STEP, Values, ordinary, sensor_with, store
from tests.factories import NOON

FIRST = 1300
REPAIR = 1340
SIGNAL = ordinary(2400)
WORN = SIGNAL + np.where(np.arange(2400) >= FIRST, 4.0, 0.0)


def moment(step: int) -> datetime:
    return NOON + step * STEP


def live_on(sensor: Sensor, values: Values, start: int, end: int, every: int = 24) -> None:
    """Readings arrive every ten minutes and are scored every few hours, each task run twice."""
    for step in range(start, end, every):
        last = store(sensor, values[step : step + every], moment(step))
        with time_machine.travel(last, tick=False):
            for task in (score_new_readings, refresh_risk):
                for _ in range(2):
                    task.delay()


def repair(recommendation: Recommendation, by: Membership, at: datetime) -> MaintenanceRecord:
    order = accept(recommendation=recommendation, by=by.user, at=at, due_at=at)
    found = Outcome(notes="Bearing changed.", verdict=Verdict.CONFIRMED)
    return complete(work_order=order, by=by.user, at=at, outcome=found)


@pytest.fixture
def worn(planner: Membership) -> Sensor:
    """A vibration that rose some hours ago, of which the planners were told."""
    sensor = sensor_with(WORN[:FIRST], asset__organization=planner.organization)
    live_on(sensor, WORN, FIRST, REPAIR, every=20)
    return sensor


@pytest.mark.crawl
@pytest.mark.django_db
class TestAfterTheRepair:
    def test_a_signal_that_calms_down_ends_the_story_without_a_word(
        self, worn: Sensor, planner: Membership
    ) -> None:
        anomaly, recommendation = Anomaly.objects.get(), Recommendation.objects.get()
        repair(recommendation, planner, moment(REPAIR))
        told = Notification.objects.count()

        live_on(worn, SIGNAL, REPAIR, REPAIR + 3 * 144)

        anomaly.refresh_from_db()
        assert (anomaly.verdict, anomaly.closed_at) == (Verdict.CONFIRMED, moment(REPAIR))
        assert anomaly.ended_at is not None
        assert anomaly.ended_at < moment(REPAIR + 144)
        assert Anomaly.objects.get() == anomaly
        assert not Recommendation.objects.live().exists()
        assert Notification.objects.count() == told

    def test_a_signal_that_stays_bad_is_given_a_day_and_then_asks_again(
        self, worn: Sensor, planner: Membership
    ) -> None:
        first, advice = Anomaly.objects.get(), Recommendation.objects.get()
        repair(advice, planner, moment(REPAIR))
        asset = worn.asset

        live_on(worn, WORN, REPAIR, REPAIR + 144)

        assert Anomaly.objects.get() == first
        assert not Recommendation.objects.live().exists()
        asset.refresh_from_db()
        patient = asset.current_risk

        live_on(worn, WORN, REPAIR + 144, REPAIR + 216)

        first.refresh_from_db()
        second = Anomaly.objects.exclude(pk=first.pk).get()
        again = Recommendation.objects.live().get()
        assert first.closed_at == moment(REPAIR)
        assert first.ended_at is not None
        assert first.ended_at < second.started_at
        assert second.started_at > moment(REPAIR) + timedelta(hours=24)
        assert (second.recommendation, second.closed_at) == (again, None)
        assert again != advice
        opened = Notification.objects.filter(
            recipient=planner.user, event=Notification.Event.RECOMMENDATION_OPENED
        )
        assert opened.count() == 2
        asset.refresh_from_db()
        assert (asset.current_risk or 0) > (patient or 0)

        # The second repair helps.
        end = REPAIR + 216
        repair(again, planner, moment(end))
        live_on(worn, SIGNAL, end, end + 3 * 144)

        assert not Anomaly.objects.active().exists()
        assert not Recommendation.objects.live().exists()
        assert MaintenanceRecord.objects.count() == 2
