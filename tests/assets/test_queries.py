from datetime import timedelta

import numpy as np
import pytest

from assets.queries import readings_after, readings_until, series_of
from assets.services.readings import ingest
from tests.factories import NOON, SensorFactory

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
LATER = NOON + DAY


@pytest.fixture
def sensor():
    one = SensorFactory.create()
    ingest(rows=[(one.pk, NOON + i * MINUTE, float(i)) for i in range(100)])
    return one


@pytest.mark.django_db
def test_reads_on_from_the_watermark_of_each_sensor(sensor):
    other = SensorFactory.create()
    ingest(rows=[(other.pk, NOON, 7.0)])
    silent = SensorFactory.create()

    marks = {sensor.pk: NOON + 9 * MINUTE, other.pk: None, silent.pk: None}
    found = readings_after(watermarks=marks, until=LATER, limit=3)

    assert set(found) == {sensor.pk, other.pk}
    assert found[sensor.pk].values.tolist() == [10.0, 11.0, 12.0]
    expected = np.datetime64("2026-03-01T12:10:00.000000")
    assert found[sensor.pk].times[0] == expected
    assert found[sensor.pk].times.dtype == np.dtype("datetime64[us]")
    assert found[other.pk].values.tolist() == [7.0]
    found = readings_after(watermarks=marks, until=NOON + 11 * MINUTE, limit=3)
    assert found[sensor.pk].values.tolist() == [10.0, 11.0]


@pytest.mark.django_db
def test_reads_the_last_readings_up_to_a_moment_in_order_of_time(sensor):
    found = readings_until(sensor_id=sensor.pk, until=NOON + 9 * MINUTE, limit=3)

    assert found.values.tolist() == [7.0, 8.0, 9.0]
    assert found.seconds[-1] == (NOON + 9 * MINUTE).timestamp()
    assert len(readings_until(sensor_id=sensor.pk, until=NOON - DAY, limit=3)) == 0


@pytest.mark.django_db
def test_nothing_is_read_when_nothing_is_asked():
    assert readings_after(watermarks={}, until=LATER, limit=3) == {}
    assert series_of([], NOON, NOON + DAY) == {}
