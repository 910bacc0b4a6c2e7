"""Readings go after their time; what is kept of them stays right."""

from datetime import timedelta
from typing import Any

import pytest

from assets.models import DayFigures, HourFigures, Reading, SealedReadings, Sensor, TouchedHour
from assets.services import aggregates, retention
from assets.services.readings import SensorHasReadings, ingest, remove_sensor
from tests.assets.test_aggregates import DAY, HOUR, LATER, Row, assert_right, assert_same, shown
from tests.factories import NOON, SensorFactory

pytestmark = pytest.mark.django_db

MIDNIGHT = NOON.replace(hour=0) + 5 * DAY


def ten_days(sensor: Sensor) -> None:
    ingest(rows=[(sensor.pk, NOON + i * 20 * timedelta(minutes=1), i**0.5) for i in range(720)])


def both() -> tuple[list[Row], list[Row]]:
    return shown("hourly"), shown("daily")


def assert_still(before: tuple[list[Row], list[Row]]) -> None:
    for found, expected in zip(both(), before, strict=True):
        assert_same(found, expected)


@pytest.mark.parametrize("is_refreshed", [True, False])
def test_figures_outlive_their_readings(is_refreshed: bool, monkeypatch: Any) -> None:  # noqa: FBT001
    monkeypatch.setattr(retention, "READINGS_AT_ONCE", 100)
    sensor, other = SensorFactory.create_batch(2)
    ten_days(sensor)
    ten_days(other)
    if is_refreshed:
        aggregates.refresh(at=LATER)
    before = both()

    removed = retention.remove_readings(sensors=[sensor.pk], before=MIDNIGHT)

    assert removed == 4 * 72 + 36
    assert not Reading.objects.filter(sensor=sensor, time__lt=MIDNIGHT).exists()
    assert Reading.objects.filter(sensor=other).count() == 720
    assert_still(before)
    assert retention.remove_readings(sensors=[sensor.pk], before=MIDNIGHT) == 0
    aggregates.refresh(at=LATER)
    assert_still(before)
    assert not TouchedHour.objects.exists()


def test_what_comes_late_for_removed_hours_changes_no_figures_and_fills_empty_ones() -> None:
    sensor = SensorFactory.create()
    ten_days(sensor)
    retention.remove_readings(sensors=[sensor.pk], before=MIDNIGHT)
    before = both()
    empty = NOON - 3 * DAY

    ingest(rows=[(sensor.pk, NOON + HOUR, 99.0), (sensor.pk, empty, 7.0)])
    aggregates.refresh(at=LATER)
    assert both() == before
    removed = retention.remove_readings(sensors=[sensor.pk], before=MIDNIGHT + DAY)

    assert removed == 72 + 2
    hourly, daily = both()
    assert hourly == [(sensor.pk, empty, 1, *[7.0] * 5, 49.0), *before[0]]
    assert len(daily) == len(before[1]) + 1


def test_a_sensor_without_old_readings_is_sealed_as_well() -> None:
    sensor = SensorFactory.create()

    assert retention.remove_readings(sensors=[sensor.pk], before=MIDNIGHT) == 0
    retention.remove_readings(sensors=[sensor.pk], before=MIDNIGHT - DAY)

    assert SealedReadings.objects.get(sensor=sensor).until == MIDNIGHT


def test_hours_go_after_their_time_and_days_stay() -> None:
    sensor = SensorFactory.create()
    ten_days(sensor)
    aggregates.refresh(at=LATER)
    retention.remove_readings(sensors=[sensor.pk], before=MIDNIGHT)

    # Never those that could be computed again.
    assert retention.remove_hours(sensors=[sensor.pk], before=MIDNIGHT + 2 * DAY) == 4 * 24 + 12

    assert HourFigures.objects.order_by("bucket")[0].bucket == MIDNIGHT
    assert DayFigures.objects.count() == 11
    aggregates.refresh(at=LATER)
    assert DayFigures.objects.count() == 11


def test_the_sensor_still_knows_its_last_reading_and_cannot_be_deleted() -> None:
    sensor = SensorFactory.create()
    ten_days(sensor)
    retention.remove_readings(sensors=[sensor.pk], before=MIDNIGHT + 30 * DAY)

    sensor.refresh_from_db()
    assert not Reading.objects.exists()
    assert sensor.last_time == NOON + 719 * timedelta(minutes=20)
    with pytest.raises(SensorHasReadings):
        remove_sensor(sensor=sensor)


def test_nothing_is_dropped_from_a_plain_server() -> None:
    sensor = SensorFactory.create()
    ten_days(sensor)

    assert retention.drop_chunks() == 0
    assert_right()
