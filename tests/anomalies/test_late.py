import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection

from anomalies import services
from anomalies.models import Anomaly, DetectorState, LateReadings
from anomalies.queries.lag import scoring_lag
from anomalies.services import scoring
from anomalies.services.lag import note_waiting
from anomalies.services.late import LONGEST_WAIT, QUIET, sensors_with_late
from anomalies.services.passing import decided
from anomalies.services.rescoring import REACH
from assets.models import Sensor
from assets.services import corrections, readings
from assets.services.readings import ingest
from opssight.accounts.models import Membership
from tests.anomalies.signals import STEP, Values, ordinary, sensor_with, store, with_fault
from tests.factories import NOON, AssetFactory

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=11)


def send(sensor: Sensor, values: Values, first: int = 0) -> None:
    rows = enumerate(np.asarray(values).tolist(), first)
    ingest(rows=[(sensor.pk, NOON + index * STEP, value) for index, value in rows])


def facts(sensor: Sensor) -> list[tuple[object, ...]]:
    fields = ("started_at", "ended_at", "peak_value", "score", "severity")
    return list(Anomaly.objects.filter(sensor=sensor).values_list(*fields))


def noted() -> LateReadings:
    return LateReadings.objects.latest("noted_at")


def test_late_readings_give_the_anomalies_that_they_would_have_given_in_time() -> None:
    values = with_fault(1500)
    in_time, late = sensor_with([5.0], key="a"), sensor_with([5.0], key="b")
    send(in_time, values)
    send(late, values[:1290])
    send(late, values[1350:], 1350)
    ids = [in_time.pk, late.pk]
    services.score_sensors(sensor_ids=ids, at=LATER)
    assert facts(in_time) != facts(late)
    send(late, values[1290:1350], 1290)
    organization, quiet = late.organization_id, noted().noted_at + QUIET

    assert sensors_with_late(organization, noted().noted_at + QUIET / 2) == []
    assert sensors_with_late(organization, quiet) == [late.pk]
    assert services.score_late(sensor_id=late.pk, at=LATER)

    assert len(facts(late)) >= 1
    assert facts(late) == facts(in_time)
    assert not LateReadings.objects.exists()
    assert not services.score_late(sensor_id=late.pk, at=LATER)


def test_what_comes_in_order_or_once_more_is_not_late() -> None:
    sensor = sensor_with([5.0])
    send(sensor, ordinary(200))
    services.score_sensors(sensor_ids=[sensor.pk], at=LATER)
    send(sensor, ordinary(210))
    assert not LateReadings.objects.exists()

    send(sensor, [99.0], 150)

    assert noted().since == NOON + 150 * STEP


def test_who_never_ceases_to_send_late_waits_two_hours_at_most() -> None:
    sensor = sensor_with([5.0])
    LateReadings.objects.create(sensor=sensor, since=NOON, noted_at=LATER - LONGEST_WAIT)
    LateReadings.objects.create(sensor=sensor, since=NOON, noted_at=LATER)

    assert sensors_with_late(sensor.organization_id, LATER) == [sensor.pk]


def in_time(values: Values) -> list[tuple[object, ...]]:
    sensor = sensor_with(values, key="in time")
    services.score_sensors(sensor_ids=[sensor.pk], at=LATER)
    return facts(sensor)


def test_what_is_corrected_or_deleted_is_scored_again() -> None:
    values = ordinary(1440)
    values[1300] += 40
    sensor = sensor_with(values)
    services.score_sensors(sensor_ids=[sensor.pk], at=LATER)
    Anomaly.objects.update(recommendation=None)
    assert facts(sensor) != []
    organization, wrong = sensor.organization_id, NOON + 1300 * STEP

    assert corrections.correct(sensor=sensor, time=wrong, value=4.8) == values[1300]
    assert noted().since == wrong
    assert sensors_with_late(organization, noted().noted_at + QUIET) == [sensor.pk]
    services.score_late(sensor_id=sensor.pk, at=LATER)
    values[1300] = 4.8
    assert facts(sensor) == in_time(values)

    corrections.delete(sensor=sensor, start=NOON + 1400 * STEP, end=LATER)
    assert noted().since == NOON + 1400 * STEP
    services.score_late(sensor_id=sensor.pk, at=LATER)
    # What is sent in their place is scored as if nothing had been there.
    send(sensor, values[1400:] + 4.0, 1400)
    assert not LateReadings.objects.exists()
    services.score_sensors(sensor_ids=[sensor.pk], at=LATER)
    Sensor.objects.filter(key="in time").delete()
    assert facts(sensor) == in_time([*values[:1400], *(values[1400:] + 4.0)])


def test_what_goes_on_and_asks_for_work_stays_one_anomaly_though_it_began_otherwise() -> None:
    values = with_fault(1440, first=1300, last=1440)
    sensor = sensor_with(values[:1350])
    services.score_sensors(sensor_ids=[sensor.pk], at=NOON + 1350 * STEP)
    row = Anomaly.objects.get(ended_at=None)
    assert row.recommendation is not None

    ingest(rows=[(sensor.pk, row.started_at - timedelta(minutes=n), 9.0) for n in (1, 2, 3, 4)])
    services.score_late(sensor_id=sensor.pk, at=NOON + 1350 * STEP)
    send(sensor, values[1350:], 1350)
    services.score_sensors(sensor_ids=[sensor.pk], at=NOON + 1440 * STEP)

    assert Anomaly.objects.get(ended_at=None) == row
    assert Anomaly.objects.filter(started_at__gte=row.started_at - timedelta(hours=1)).count() == 1


class Beside:
    """Something on a connection of its own that stops where `hold` is called, until it may end."""

    def __init__(self, act: Callable[[], None]) -> None:
        self.stopped, self.may_end = threading.Event(), threading.Event()
        self.failures: list[BaseException] = []
        self.thread = threading.Thread(target=self.run, args=(act,))

    def run(self, act: Callable[[], None]) -> None:
        try:
            act()
        except BaseException as error:
            self.failures.append(error)
        finally:
            connection.close()

    def hold(self) -> None:
        if threading.current_thread() is self.thread:
            self.stopped.set()
            assert self.may_end.wait(20)

    def start(self) -> None:
        self.thread.start()
        assert self.stopped.wait(20)

    def end(self) -> None:
        self.may_end.set()
        self.thread.join()
        assert self.failures == []


@pytest.mark.django_db(transaction=True)
def test_a_batch_that_is_stored_beside_a_newer_one_is_not_overlooked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values, lock = with_fault(), readings._lock_sensors
    sensor = sensor_with(values[:1290])
    older = Beside(lambda: send(sensor, values[1290:1350], 1290))

    def lock_when_held(*given: Any) -> Any:
        older.hold()
        return lock(*given)

    monkeypatch.setattr(readings, "_lock_sensors", lock_when_held)
    older.start()
    send(sensor, values[1350:], 1350)
    services.score_sensors(sensor_ids=[sensor.pk], at=LATER)
    assert facts(sensor) == []
    older.end()

    assert noted().since == NOON + 1290 * STEP
    assert services.score_late(sensor_id=sensor.pk, at=LATER)
    assert facts(sensor) == in_time(values) != []


@pytest.mark.django_db(transaction=True)
def test_what_is_stored_while_readings_are_scored_is_not_overlooked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values, look = with_fault(), decided
    sensor = sensor_with(values[:1290])
    _score(sensor)
    send(sensor, values[1350:], 1350)
    scorer = Beside(lambda: _score(sensor))

    def look_when_held(*given: Any) -> Any:
        scorer.hold()
        return look(*given)

    monkeypatch.setattr(scoring, "decided", look_when_held)
    scorer.start()
    send(sensor, values[1290:1350], 1290)
    scorer.end()

    assert noted().since == NOON + 1290 * STEP
    assert services.score_late(sensor_id=sensor.pk, at=LATER)
    assert facts(sensor) == in_time(values) != []


def _score(sensor: Sensor) -> None:
    services.score_sensors(sensor_ids=[sensor.pk], at=LATER)


def test_what_is_behind_the_last_reading_and_not_scored_yet_is_simply_scored() -> None:
    sensor = sensor_with(ordinary(200))
    send(sensor, [5.0], 300)
    send(sensor, [5.0], 250)
    assert noted().since == NOON + 250 * STEP

    _score(sensor)

    assert not LateReadings.objects.exists()


def test_what_is_too_late_is_kept_and_said_not_to_be_scored() -> None:
    sensor = sensor_with(ordinary(200))
    services.score_sensors(sensor_ids=[sensor.pk], at=LATER)
    since = NOON - REACH
    LateReadings.objects.create(sensor=sensor, since=since)

    assert services.score_late(sensor_id=sensor.pk, at=LATER)

    assert DetectorState.objects.get().too_late_since == since


def test_readings_that_nobody_scores_are_told_on_the_dashboard(planner: Membership) -> None:
    asset = AssetFactory.create(organization=planner.organization)
    sensor = sensor_with(ordinary(110), asset=asset)
    services.score_sensors(sensor_ids=[sensor.pk], at=NOON + 110 * STEP)
    assert scoring_lag(planner.user, NOON + 110 * STEP) is None
    now = store(sensor, [5.0], NOON + 110 * STEP)
    assert scoring_lag(planner.user, now) is None

    # No worker takes the tasks of the beat up.
    assert note_waiting(planner.organization_id, now + STEP) == 1
    assert note_waiting(planner.organization_id, now + 2 * STEP) == 0
    assert scoring_lag(planner.user, now + 4 * STEP) == 3 * STEP
    # The beat stands still, too.
    DetectorState.objects.update(waiting_since=None)
    assert scoring_lag(planner.user, now + 4 * STEP) == 4 * STEP

    services.score_sensors(sensor_ids=[sensor.pk], at=now + 4 * STEP)
    assert scoring_lag(planner.user, now + 9 * STEP) is None
