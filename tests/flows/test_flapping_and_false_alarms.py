"""A restless signal: it asks once, and after a dismissal it stays quiet for a day."""

from datetime import timedelta

import pytest
import time_machine

from anomalies.models import Anomaly
from anomalies.tasks import score_new_readings
from maintenance.models import Recommendation
from maintenance.services import dismiss
from notifications.models import Notification
from opssight.accounts.models import Membership
from tests.anomalies.signals import STEP, ordinary, store
from tests.factories import SensorFactory

FIRST = 1200
BURST = 12
PAUSE = 90


@pytest.mark.django_db
def test_a_flapping_signal_asks_once_and_a_dismissal_is_heard(planner: Membership) -> None:
    sensor = SensorFactory.create(asset__organization=planner.organization, quantity="vibration")
    values = ordinary(1620)
    for start in range(FIRST, FIRST + 4 * (BURST + PAUSE), BURST + PAUSE):
        values[start : start + BURST] += 4
    last = store(sensor, values)

    with time_machine.travel(last, tick=False):
        for _ in range(2):
            score_new_readings.delay()
    anomalies = Anomaly.objects.count()
    recommendation = Recommendation.objects.get()
    assert anomalies >= 2
    assert recommendation.anomalies.count() == anomalies
    assert Notification.objects.filter(recipient=planner.user).count() == 1

    dismiss(recommendation=recommendation, by=planner.user, at=last, reason="Loose cable.")
    assert Anomaly.objects.active().count() == 0

    # Some hours later it flaps again: seen, listed, but nobody is asked a second time.
    flap = [*ordinary(90), *(ordinary(BURST) + 4), *ordinary(20)]
    again = store(sensor, flap, start=last + STEP)
    with time_machine.travel(again, tick=False):
        for _ in range(2):
            score_new_readings.delay()
    assert Anomaly.objects.count() > anomalies
    assert Recommendation.objects.count() == 1

    # Two days later it is news.
    later = store(sensor, ordinary(288), start=again + STEP)
    late = store(sensor, flap, start=later + STEP)
    assert late > last + timedelta(hours=24)
    with time_machine.travel(late, tick=False):
        for _ in range(2):
            score_new_readings.delay()
    assert Recommendation.objects.live().count() == 1
