import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import pytest
from django.db import connection

from anomalies import services
from anomalies.detectors.streaming.memory import Memory
from anomalies.models import Anomaly, DetectorState
from anomalies.services import budget, scoring
from anomalies.services.passing import Passed, Stretch, pass_over
from anomalies.services.states import BEFORE_ALL
from assets.models import Reading
from maintenance.models import Recommendation, Urgency, Verdict
from maintenance.services import dismiss
from notifications.models import Notification
from opssight.accounts.models import Membership
from tests.anomalies.signals import STEP, ordinary, sensor_with, store, with_fault
from tests.factories import (
    NOON,
    AnomalyFactory,
    AssetFactory,
    SensorFactory,
    SensorWatchFactory,
    UptimeEventFactory,
)

LATER = NOON + timedelta(days=11)


def facts() -> list[tuple[object, ...]]:
    fields = ("sensor__key", "started_at", "ended_at", "peak_value", "score", "explanation")
    return list(Anomaly.objects.order_by("sensor", "started_at").values_list(*fields))


@pytest.mark.django_db
class TestScoring:
    def test_a_stretch_of_strange_readings_becomes_one_explained_anomaly(self) -> None:
        sensor = sensor_with(with_fault())

        changed = services.score_sensors(sensor_ids=[sensor.pk], at=LATER)

        anomaly = Anomaly.objects.get()
        assert changed == 1
        assert anomaly.organization_id == sensor.organization_id
        assert anomaly.started_at == NOON + 1300 * STEP
        assert anomaly.ended_at is not None
        assert anomaly.ended_at >= NOON + 1339 * STEP
        assert anomaly.channel == Anomaly.Channel.HIGH
        assert anomaly.failure_mode == "bearing wear"
        assert anomaly.peak_value > 8 > 6 > anomaly.expected_value > 4
        assert anomaly.score > 1
        assert anomaly.confidence == "high"
        assert "Vibration reached" in anomaly.explanation
        assert "mm/s" in anomaly.explanation

    def test_an_ordinary_signal_has_none(self) -> None:
        sensor = sensor_with(ordinary())

        assert services.score_sensors(sensor_ids=[sensor.pk], at=LATER) == 0
        assert DetectorState.objects.get().watermark == sensor.last_time

    def test_scored_twice_nothing_is_doubled(self) -> None:
        sensor = sensor_with(with_fault())
        services.score_sensors(sensor_ids=[sensor.pk], at=LATER)
        before = facts()

        assert services.score_sensors(sensor_ids=[sensor.pk], at=LATER) == 0
        assert facts() == before
        assert Recommendation.objects.count() == 1

    def test_reading_by_reading_gives_what_one_long_batch_gives(self) -> None:
        values = with_fault(first=1390, last=1420)
        at_once = sensor_with(values, key="vibration")
        services.score_sensors(sensor_ids=[at_once.pk], at=LATER)
        expected = facts()
        Anomaly.objects.all().delete()
        piecemeal = sensor_with(values[:1380], key="vibration")
        for index in range(1380, 1440):
            services.score_sensors(sensor_ids=[piecemeal.pk], at=NOON + index * STEP)
            store(piecemeal, values[index : index + 1], NOON + index * STEP)
        services.score_sensors(sensor_ids=[piecemeal.pk], at=LATER)

        assert facts() == expected
        one, other = DetectorState.objects.order_by("pk")
        assert one.learned == other.learned == 1440
        assert one.open_event == other.open_event
        assert other.learned_until is not None
        assert other.learned_until < other.watermark == one.watermark, "it need not be saved"

    @pytest.mark.crawl
    def test_a_long_backlog_is_worked_off_in_pieces(self, monkeypatch: pytest.MonkeyPatch) -> None:
        sensor = sensor_with(with_fault(), key="vibration")
        services.score_sensors(sensor_ids=[sensor.pk], at=LATER)
        expected = facts()
        Anomaly.objects.all().delete()
        DetectorState.objects.all().delete()
        monkeypatch.setattr(scoring, "READINGS_PER_TRANSACTION", 7)
        monkeypatch.setattr(scoring, "FEWEST_READINGS", 7)

        services.score_sensors(sensor_ids=[sensor.pk], at=LATER)

        assert facts() == expected

    def test_readings_that_come_late_are_kept_but_not_scored(self) -> None:
        sensor = sensor_with(with_fault())
        services.score_sensors(sensor_ids=[sensor.pk], at=LATER)
        before = facts()
        Reading.objects.create(sensor=sensor, time=NOON - STEP, value=99.0)
        Reading.objects.create(sensor=sensor, time=NOON + 1400.5 * STEP, value=99.0)

        assert services.score_sensors(sensor_ids=[sensor.pk], at=LATER) == 0
        assert facts() == before

    def test_an_anomaly_is_open_while_the_signal_is_strange(self) -> None:
        values = with_fault(first=1400, last=1500)
        sensor = sensor_with(values[:1420])
        now = NOON + 1420 * STEP

        services.score_sensors(sensor_ids=[sensor.pk], at=now)
        anomaly = Anomaly.objects.get()
        assert anomaly.ended_at is None
        assert "It has been high" in anomaly.explanation

        store(sensor, ordinary(1800)[1420:], now)
        services.score_sensors(sensor_ids=[sensor.pk], at=NOON + 1800 * STEP)
        anomaly.refresh_from_db()
        assert anomaly.ended_at is not None
        assert "It stayed high" in anomaly.explanation

    def test_a_sensor_gone_silent_ends_its_anomaly_until_it_goes_on(self) -> None:
        values = with_fault(1500, first=1400, last=1450)
        sensor = sensor_with(values[:1420])
        services.score_sensors(sensor_ids=[sensor.pk], at=NOON + 1420 * STEP)

        assert (
            services.end_silent(organization_id=sensor.organization_id, at=NOON + 1425 * STEP) == 0
        )
        assert (
            services.end_silent(organization_id=sensor.organization_id, at=NOON + 1460 * STEP) == 1
        )
        assert (
            services.end_silent(organization_id=sensor.organization_id, at=NOON + 1460 * STEP) == 0
        )
        assert Anomaly.objects.get().ended_at == NOON + 1419 * STEP

        # A gateway sends what it had kept back.
        store(sensor, values[1420:1440], NOON + 1420 * STEP)
        services.score_sensors(sensor_ids=[sensor.pk], at=NOON + 1440 * STEP)
        assert Anomaly.objects.get().ended_at is None

    def test_a_new_version_of_the_detector_learns_anew_and_goes_on(self) -> None:
        values = with_fault(1500, first=1460, last=1490)
        sensor = sensor_with(values[:1440])
        services.score_sensors(sensor_ids=[sensor.pk], at=LATER)
        DetectorState.objects.update(state=b"something older")

        store(sensor, values[1440:], NOON + 1440 * STEP)
        services.score_sensors(sensor_ids=[sensor.pk], at=LATER)

        assert Anomaly.objects.get().started_at == NOON + 1460 * STEP

    def test_one_sensor_that_cannot_be_scored_holds_up_no_other(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        bad = sensor_with(with_fault())
        good = sensor_with(with_fault(), asset=bad.asset)

        def fragile(memory: Memory, stretches: Sequence[Stretch], at: datetime) -> Passed:
            if any(one.state.sensor == bad for one in stretches):
                raise ArithmeticError
            return pass_over(memory, stretches, at)

        monkeypatch.setattr(scoring, "pass_over", fragile)
        services.score_sensors(sensor_ids=[bad.pk, good.pk], at=LATER)

        assert Anomaly.objects.get().sensor == good
        assert f"Sensor {bad.pk} could not be scored" in caplog.text

    def test_a_counter_is_judged_by_its_rise(self) -> None:
        rise = np.full(1440, 0.166) + np.random.default_rng(3).normal(0, 0.005, 1440)
        rise[1300:1340] -= 0.1
        sensor = sensor_with(
            np.cumsum(rise), kind="counter", quantity="running time", key="hours", unit="h"
        )
        services.score_sensors(sensor_ids=[sensor.pk], at=LATER)

        anomaly = Anomaly.objects.get()
        assert anomaly.channel == Anomaly.Channel.LOW
        assert "h/h" in anomaly.explanation

    @pytest.mark.parametrize("kind", ["gauge", "counter"])
    def test_a_machine_that_is_known_to_stand_still_has_no_anomaly(self, kind: str) -> None:
        values = ordinary()
        values[1300:1360] = 0.0
        sensor = sensor_with(np.cumsum(values) if kind == "counter" else values, kind=kind)
        UptimeEventFactory.create(
            asset=sensor.asset, started_at=NOON + 1300 * STEP, ended_at=NOON + 1360 * STEP
        )
        services.score_sensors(sensor_ids=[sensor.pk], at=LATER)

        assert not Anomaly.objects.exists()

    def test_inactive_sensors_are_left_alone(self) -> None:
        sensor = sensor_with(with_fault(), is_active=False)

        assert services.score_sensors(sensor_ids=[sensor.pk], at=LATER) == 0

    def test_queries_do_not_grow_with_the_number_of_sensors(
        self, django_assert_max_num_queries
    ) -> None:
        asset = AssetFactory.create()
        sensors = [sensor_with(with_fault(), asset=asset) for _ in range(8)]

        with django_assert_max_num_queries(43):
            services.score_sensors(sensor_ids=[sensor.pk for sensor in sensors], at=LATER)
        assert Anomaly.objects.count() == 8


@pytest.mark.django_db
class TestAdvice:
    def test_an_anomaly_opens_one_recommendation_that_says_why(self, planner: Membership) -> None:
        asset = AssetFactory.create(organization=planner.organization, criticality=5)
        sensor = sensor_with(with_fault(), asset=asset)

        services.score_sensors(sensor_ids=[sensor.pk], at=LATER)

        anomaly, recommendation = Anomaly.objects.get(), Recommendation.objects.get()
        assert anomaly.recommendation == recommendation
        assert recommendation.asset == asset
        assert recommendation.failure_mode == "bearing wear"
        assert anomaly.explanation in recommendation.reason
        assert "since 10 Mar 2026, " in recommendation.reason
        assert recommendation.suggested_due_at > LATER
        assert Notification.objects.get().recipient == planner.user

    def test_a_flapping_signal_opens_one(self) -> None:
        values = ordinary(2000)
        for start in range(1300, 1900, 100):
            values[start : start + 6] += 0.7
        sensor = sensor_with(values[:1300])
        for start in range(1300, 2000, 50):
            store(sensor, values[start : start + 50], NOON + start * STEP)
            services.score_sensors(sensor_ids=[sensor.pk], at=NOON + (start + 50) * STEP)

        assert Anomaly.objects.count() > 1
        recommendation = Recommendation.objects.get()
        severe = Anomaly.objects.exclude(severity=Urgency.LOW)
        assert {a.recommendation for a in severe} == {recommendation}

    def test_beyond_its_budget_a_sensor_asks_for_nothing_but_the_worst_is_told(self) -> None:
        values = ordinary(2000)
        for start, size in ((1300, 0.8), (1500, 0.8), (1700, 4.0)):
            values[start : start + 6] += size
        sensor = sensor_with(values)
        SensorWatchFactory.create(asset=sensor.asset, sensor=sensor, alarms_per_week=1)

        services.score_sensors(sensor_ids=[sensor.pk], at=NOON + 2000 * STEP)

        first, second, worst = Anomaly.objects.order_by("started_at")
        assert [one.is_over_budget for one in (first, second, worst)] == [False, True, False]
        assert first.recommendation is not None
        assert (second.severity, second.recommendation) == (Urgency.LOW, None)
        assert second.explanation.endswith(budget.SENTENCE)
        assert worst.severity == Urgency.CRITICAL

    def test_two_sensors_with_the_same_hint_share_one(self) -> None:
        asset = AssetFactory.create()
        ids = [
            sensor_with(with_fault(), asset=asset).pk,
            sensor_with(with_fault(), asset=asset, key="bearing_temperature").pk,
        ]
        services.score_sensors(sensor_ids=ids, at=LATER)

        assert Anomaly.objects.count() == 2
        assert Recommendation.objects.get().anomalies.count() == 2

    def test_after_a_dismissal_the_same_event_is_quiet(self, planner: Membership) -> None:
        values = with_fault(1600, first=1300, last=1600)
        sensor = sensor_with(values[:1340])
        now = NOON + 1340 * STEP
        services.score_sensors(sensor_ids=[sensor.pk], at=now)
        dismiss(
            recommendation=Recommendation.objects.get(), by=planner.user, at=now, reason="Known"
        )

        store(sensor, values[1340:1400], now)
        services.score_sensors(sensor_ids=[sensor.pk], at=NOON + 1400 * STEP)

        assert not Recommendation.objects.live().exists()
        assert Anomaly.objects.count() == 1

    def test_what_goes_on_a_day_after_it_was_closed_is_a_new_anomaly(
        self, planner: Membership
    ) -> None:
        values = with_fault(1700, first=1300, last=1700)
        sensor = sensor_with(values[:1340])
        now = NOON + 1340 * STEP
        services.score_sensors(sensor_ids=[sensor.pk], at=now)
        dismiss(
            recommendation=Recommendation.objects.get(), by=planner.user, at=now, reason="Known"
        )
        for start in range(1340, 1600, 20):
            store(sensor, values[start : start + 20], NOON + start * STEP)
            services.score_sensors(sensor_ids=[sensor.pk], at=NOON + (start + 20) * STEP)

        first, second = Anomaly.objects.order_by("started_at")
        assert first.closed_at == now
        assert first.ended_at is not None
        assert second.started_at > now + timedelta(hours=24)
        assert second.recommendation == Recommendation.objects.live().get()

    def test_old_history_asks_for_no_work(self) -> None:
        values = ordinary(4500)
        values[1300:1340] += 4.0
        sensor = sensor_with(values)
        services.score_sensors(sensor_ids=[sensor.pk], at=NOON + timedelta(days=40))

        assert Anomaly.objects.count() == 1
        assert not Recommendation.objects.exists()

    def test_what_ended_before_the_last_maintenance_asks_for_no_work(self) -> None:
        asset = AssetFactory.create(last_maintenance_at=NOON + 1790 * STEP)
        sensor = sensor_with(with_fault(1800), asset=asset)
        services.score_sensors(sensor_ids=[sensor.pk], at=NOON + 1800 * STEP)

        assert Anomaly.objects.count() == 1
        assert not Recommendation.objects.exists()

    def test_a_value_beyond_the_limit_is_at_least_high(self) -> None:
        sensor = sensor_with(with_fault(), high_limit=7.0)
        services.score_sensors(sensor_ids=[sensor.pk], at=LATER)

        anomaly = Anomaly.objects.get(method=Anomaly.Method.PATTERN)
        assert anomaly.severity in (Urgency.HIGH, Urgency.CRITICAL)


@pytest.mark.django_db
class TestReview:
    def test_a_person_closes_an_anomaly_with_a_verdict(self, technician: Membership) -> None:
        anomaly = AnomalyFactory.create()

        reviewed = services.review(
            anomaly=anomaly, verdict=Verdict.FALSE_ALARM, by=technician.user, at=NOON
        )
        assert (reviewed.verdict, reviewed.closed_at) == (Verdict.FALSE_ALARM, NOON)

    def test_the_second_person_is_told(self, technician: Membership) -> None:
        anomaly = AnomalyFactory.create(closed_at=NOON)

        with pytest.raises(services.AnomalyClosed):
            services.review(anomaly=anomaly, verdict=Verdict.CONFIRMED, by=technician.user, at=NOON)

    def test_more_readings_do_not_open_it_again(self, technician: Membership) -> None:
        values = with_fault(1800, first=1400, last=1450)
        sensor = sensor_with(values[:1420])
        now = NOON + 1420 * STEP
        services.score_sensors(sensor_ids=[sensor.pk], at=now)
        anomaly = Anomaly.objects.get()
        services.review(anomaly=anomaly, verdict=Verdict.CONFIRMED, by=technician.user, at=now)

        store(sensor, values[1420:], now)
        services.score_sensors(sensor_ids=[sensor.pk], at=NOON + 1800 * STEP)

        anomaly.refresh_from_db()
        assert (anomaly.verdict, anomaly.closed_at) == (Verdict.CONFIRMED, now)
        assert anomaly.ended_at is not None


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_sensor_find_one_anomaly() -> None:
    sensor = sensor_with(with_fault())
    together = threading.Barrier(2)
    errors: list[Exception] = []

    def work() -> None:
        together.wait()
        try:
            services.score_sensors(sensor_ids=[sensor.pk], at=LATER)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert Anomaly.objects.count() == 1
    assert Recommendation.objects.count() == 1
    assert DetectorState.objects.get().watermark == sensor.last_time


@pytest.mark.django_db(transaction=True)
def test_a_failure_in_the_middle_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    sensor = SensorFactory.create()
    store(sensor, with_fault())

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("anomalies.services.recording.recommend", fail)
        with pytest.raises(RuntimeError):
            services.score_sensors(sensor_ids=[sensor.pk], at=LATER)
    assert not Anomaly.objects.exists()
    assert DetectorState.objects.get().watermark == BEFORE_ALL

    services.score_sensors(sensor_ids=[sensor.pk], at=LATER)
    assert Anomaly.objects.count() == 1
