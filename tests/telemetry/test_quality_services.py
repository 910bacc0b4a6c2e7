"""The monitor on the database: faults, what they pause, and what they ask for."""

from datetime import timedelta
from threading import Thread
from typing import Any, NoReturn

import numpy as np
import pytest
from django.db import connection
from numpy.typing import NDArray

from anomalies import services as anomalies
from anomalies.models import Anomaly, DetectorState
from anomalies.tasks import score_new_readings
from assets.models import Sensor
from assets.services.readings import ingest
from maintenance.models import Recommendation, Urgency
from telemetry.models import QualityFault, QualityState
from telemetry.queries.quality import faults_of
from telemetry.services import quality
from telemetry.services.quality_advice import MENDED, SENSOR_FAULT, advise
from tests.anomalies.signals import STEP, ordinary, sensor_with, store
from tests.factories import NOON, QualityFaultFactory, UptimeEventFactory

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=11)
Values = NDArray[np.float64]


def frozen(count: int = 1440) -> Values:
    """Ten days, the last 140 readings of which are all the same."""
    values = ordinary(count)
    values[1300:] = values[1300]
    return values


def in_inches(count: int = 1440) -> Values:
    values = ordinary(count)
    values[1300:] /= 25.4
    return values


def look(sensor: Sensor, at: Any = LATER) -> int:
    return quality.look(sensor_ids=[sensor.pk], at=at)


def facts() -> list[tuple[object, ...]]:
    fields = ("sensor__key", "kind", "started_at", "ended_at", "explanation")
    return list(QualityFault.objects.order_by("sensor", "started_at").values_list(*fields))


def test_a_flat_line_is_a_fault_while_it_lasts_and_found_once() -> None:
    sensor = sensor_with(frozen())

    assert look(sensor) == 1
    assert look(sensor) == 0

    fault = QualityFault.objects.get()
    assert (fault.kind, fault.asset_id) == ("flat_line", sensor.asset_id)
    assert fault.started_at == NOON + 1300 * STEP
    assert fault.found_at == LATER
    assert fault.ended_at is None
    assert "24 readings in a row" in fault.explanation

    store(sensor, ordinary(1500)[1440:], NOON + 1440 * STEP)
    assert look(sensor) == 1
    fault.refresh_from_db()
    assert fault.ended_at == NOON + 1440 * STEP
    assert faults_of([sensor.pk], NOON, LATER) == [fault]


def test_reading_by_reading_finds_what_one_long_batch_finds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = np.concatenate((frozen()[:1400], ordinary(1440)[1400:]))
    look(sensor_with(values, key="vibration"))
    expected = facts()
    QualityFault.objects.all().delete()
    monkeypatch.setattr(quality, "READINGS_PER_TRANSACTION", 37)
    monkeypatch.setattr(quality, "FEWEST_READINGS", 37)

    look(sensor_with(values, key="vibration"))

    assert facts() == expected
    assert len(expected) == 1


def test_a_worker_that_dies_leaves_nothing_half_done(monkeypatch: pytest.MonkeyPatch) -> None:
    sensor = sensor_with(frozen())

    def dies(*_: object, **__: object) -> NoReturn:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr(quality, "_save_states", dies)
        with pytest.raises(RuntimeError):
            look(sensor)
    assert not QualityFault.objects.exists()

    assert look(sensor) == 1
    assert QualityState.objects.get().watermark == sensor.last_time


def test_a_new_monitor_ends_what_the_one_before_found_and_it_does_not_remember() -> None:
    sensor = sensor_with(ordinary())
    old = QualityFaultFactory.create(asset=sensor.asset, sensor=sensor, kind="noise_collapse")
    silent = QualityFaultFactory.create(asset=sensor.asset, sensor=sensor, kind="silent")

    look(sensor)

    old.refresh_from_db()
    silent.refresh_from_db()
    assert old.ended_at == sensor.last_time
    assert silent.ended_at is None


def test_a_recorded_stop_of_the_machine_is_no_flat_line() -> None:
    sensor = sensor_with(frozen())
    UptimeEventFactory.create(
        asset=sensor.asset, state="idle", started_at=NOON + 1299 * STEP, ended_at=None
    )

    assert look(sensor) == 0


def test_a_sensor_ahead_of_its_time_is_told() -> None:
    sensor = sensor_with(ordinary(50))

    look(sensor, at=NOON + 30 * STEP)

    assert QualityFault.objects.get().kind == "clock_skew"


def test_a_reading_of_the_future_hides_nothing_that_comes_before_its_time() -> None:
    values = frozen()
    sensor = sensor_with(values[:1290])
    now = NOON + 1289 * STEP
    ingest(rows=[(sensor.pk, now + timedelta(hours=23), 5.0)])

    assert look(sensor, at=now) == 1
    assert QualityFault.objects.get().kind == "clock_skew"
    assert QualityState.objects.get().watermark == now
    rows = [(sensor.pk, NOON + n * STEP, float(values[n])) for n in range(1290, 1400)]
    ingest(rows=rows)
    look(sensor, at=NOON + 1399 * STEP)

    assert QualityFault.objects.filter(kind="flat_line", started_at=NOON + 1300 * STEP).exists()


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_find_what_one_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    values = np.concatenate((frozen()[:1400], ordinary(1440)[1400:]))
    looked_at = [sensor_with(values, key=f"s{n}") for n in range(4)]
    quality.look(sensor_ids=[one.pk for one in looked_at], at=LATER)
    expected = facts()
    QualityFault.objects.all().delete()
    QualityState.objects.all().delete()
    monkeypatch.setattr(quality, "READINGS_PER_TRANSACTION", 200)
    monkeypatch.setattr(quality, "FEWEST_READINGS", 50)
    found: list[int] = []
    failures: list[BaseException] = []

    def work(sensor_ids: list[int]) -> None:
        try:
            found.extend(quality.look(sensor_ids=sensor_ids, at=LATER) for _ in range(2))
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    ids = [one.pk for one in looked_at]
    workers = [Thread(target=work, args=(order,)) for order in (ids, ids[::-1])]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    found.append(quality.look(sensor_ids=ids, at=LATER))

    assert failures == []
    assert facts() == expected
    assert len(expected) == 4
    assert sum(found) == 8  # four begun, four ended, none twice


def test_queries_do_not_grow_with_the_sensors(django_assert_max_num_queries: Any) -> None:
    sensors = [sensor_with(frozen()) for _ in range(6)]

    with django_assert_max_num_queries(14):
        assert quality.look(sensor_ids=[sensor.pk for sensor in sensors], at=LATER) == 6


class TestScoring:
    def test_a_change_of_unit_is_never_taken_for_a_fault_of_the_machine(self) -> None:
        values = in_inches(1330)
        sensor = sensor_with(values[:1300])
        for index in range(1300, 1330):
            now = store(sensor, values[index : index + 1], NOON + index * STEP)
            look(sensor, now)
            anomalies.score_sensors(sensor_ids=[sensor.pk], at=now)

        assert QualityFault.objects.get().kind == "unit_jump"
        assert not Anomaly.objects.exists()
        advise(organization_id=sensor.organization_id, at=LATER)
        row = Recommendation.objects.get()
        assert row.source == Recommendation.Source.DATA_QUALITY
        assert DetectorState.objects.get().watermark == sensor.last_time

    def test_what_only_looked_like_another_unit_is_scored_a_little_later(self) -> None:
        values = ordinary(1400)
        values[1300:1304] /= 25.4
        values[1304:] += 30
        sensor = sensor_with(values[:1302])
        look(sensor)
        anomalies.score_sensors(sensor_ids=[sensor.pk], at=LATER)
        assert DetectorState.objects.get().watermark == NOON + 1299 * STEP
        assert not Anomaly.objects.exists()

        store(sensor, values[1302:], NOON + 1302 * STEP)
        look(sensor)
        anomalies.score_sensors(sensor_ids=[sensor.pk], at=LATER)
        assert Anomaly.objects.get().started_at == NOON + 1300 * STEP
        assert not QualityFault.objects.exists()

    def test_a_doubt_that_no_reading_ends_does_not_hold_back_for_ever(self) -> None:
        sensor = sensor_with(in_inches()[:1302])
        look(sensor, at=NOON + 1302 * STEP)

        anomalies.score_sensors(sensor_ids=[sensor.pk], at=NOON + 1302 * STEP)
        assert DetectorState.objects.get().watermark == NOON + 1299 * STEP
        anomalies.score_sensors(sensor_ids=[sensor.pk], at=LATER)
        assert DetectorState.objects.get().watermark == sensor.last_time

    def test_readings_of_a_fault_of_the_data_are_neither_judged_nor_learned(self) -> None:
        values = ordinary(1440)
        values[1300:] += 8
        sensor = sensor_with(values)
        QualityFaultFactory.create(
            asset=sensor.asset,
            sensor=sensor,
            kind="out_of_range",
            started_at=NOON + 1300 * STEP,
        )

        anomalies.score_sensors(sensor_ids=[sensor.pk], at=LATER)
        assert not Anomaly.objects.exists()

        # A wrong clock says nothing of the values.
        QualityFault.objects.update(kind="clock_skew")
        DetectorState.objects.all().delete()
        anomalies.score_sensors(sensor_ids=[sensor.pk], at=LATER)
        assert Anomaly.objects.exists()

    def test_the_task_looks_before_it_scores(self) -> None:
        sensor = sensor_with(in_inches())

        score_new_readings.delay()

        assert QualityFault.objects.get().sensor == sensor
        assert not Anomaly.objects.exists()
        assert not Recommendation.objects.exists()


class TestAdvice:
    def test_faults_ask_for_a_look_at_the_sensor_until_they_are_over(self) -> None:
        sensor = sensor_with(frozen())
        look(sensor)

        assert advise(organization_id=sensor.organization_id, at=LATER) == 1
        assert advise(organization_id=sensor.organization_id, at=LATER) == 0

        row = Recommendation.objects.get()
        assert (row.failure_mode, row.urgency) == (SENSOR_FAULT, Urgency.MEDIUM)
        assert row.source == Recommendation.Source.DATA_QUALITY
        assert f"{sensor.key}, since" in row.reason
        assert row.reason.endswith(
            "Look at the sensor and what it is connected to, not at the machine."
        )
        assert [one["about"] for one in row.evidence] == [sensor.key]

        store(sensor, ordinary(1500)[1440:], NOON + 1440 * STEP)
        look(sensor)
        advise(organization_id=sensor.organization_id, at=LATER)
        row.refresh_from_db()
        assert row.dismiss_reason == MENDED[SENSOR_FAULT]

    @pytest.mark.parametrize("kind", QualityFault.Kind.values)
    def test_no_kind_asks_for_work_on_the_machine(self, kind: str) -> None:
        sensor = sensor_with(ordinary(10), expected_interval=STEP)
        QualityFaultFactory.create(asset=sensor.asset, sensor=sensor, kind=kind)

        assert advise(organization_id=sensor.organization_id, at=LATER) == 1

        assert Recommendation.objects.get().source == Recommendation.Source.DATA_QUALITY
