from datetime import timedelta

import numpy as np
import pytest

from assets.queries import readings_after, readings_until, series, series_of
from assets.services.readings import ingest
from tests.factories import NOON, SensorFactory

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@pytest.fixture
def sensor():
    one = SensorFactory.create()
    ingest(rows=[(one.pk, NOON + i * MINUTE, float(i)) for i in range(100)])
    return one


@pytest.mark.django_db
def test_few_readings_come_as_they_are(sensor):
    found = series(sensor, NOON, NOON + 3 * MINUTE, 10)

    assert found.bucket is None
    assert found.times == [NOON, NOON + MINUTE, NOON + 2 * MINUTE]
    assert found.mean == found.low == found.high == [0.0, 1.0, 2.0]


@pytest.mark.django_db
def test_many_readings_come_as_mean_lowest_and_highest_of_equal_buckets(sensor):
    found = series(sensor, NOON - DAY, NOON + DAY, 10)

    assert len(found.times) == 10
    assert found.times[0] == NOON
    assert found.bucket is not None
    assert found.low[0] == 0.0
    assert found.high[-1] == 99.0
    assert found.mean[0] == sum(range(10)) / 10


@pytest.mark.django_db
@pytest.mark.parametrize("most", [1, 2, 3, 7, 99])
def test_there_are_never_more_points_than_asked_for(sensor, most):
    found = series(sensor, NOON - DAY, NOON + DAY, most)
    assert 1 <= len(found.times) <= most
    assert min(found.low) == 0.0
    assert max(found.high) == 99.0


@pytest.mark.django_db
def test_a_sensor_without_readings_gives_an_empty_series():
    found = series(SensorFactory.create(), NOON - DAY, NOON + DAY)
    assert (found.times, found.mean, found.bucket) == ([], [], None)


@pytest.mark.django_db
def test_several_sensors_take_three_queries(sensor, django_assert_num_queries):
    others = SensorFactory.create_batch(5)
    ingest(rows=[(other.pk, NOON, 5.0) for other in others])

    with django_assert_num_queries(3):
        found = series_of([sensor.pk, *(o.pk for o in others)], NOON - DAY, NOON + DAY, 10)

    assert len(found[sensor.pk].times) == 10
    assert found[others[0].pk].mean == [5.0]


@pytest.mark.django_db
def test_reads_on_from_the_watermark_of_each_sensor(sensor):
    other = SensorFactory.create()
    ingest(rows=[(other.pk, NOON, 7.0)])
    silent = SensorFactory.create()

    marks = {sensor.pk: NOON + 9 * MINUTE, other.pk: None, silent.pk: None}
    found = readings_after(watermarks=marks, limit=3)

    assert set(found) == {sensor.pk, other.pk}
    assert found[sensor.pk].values.tolist() == [10.0, 11.0, 12.0]
    expected = np.datetime64("2026-03-01T12:10:00.000000")
    assert found[sensor.pk].times[0] == expected
    assert found[sensor.pk].times.dtype == np.dtype("datetime64[us]")
    assert found[other.pk].values.tolist() == [7.0]


@pytest.mark.django_db
def test_reads_the_last_readings_up_to_a_moment_in_order_of_time(sensor):
    found = readings_until(sensor_id=sensor.pk, until=NOON + 9 * MINUTE, limit=3)

    assert found.values.tolist() == [7.0, 8.0, 9.0]
    assert found.seconds[-1] == (NOON + 9 * MINUTE).timestamp()
    assert len(readings_until(sensor_id=sensor.pk, until=NOON - DAY, limit=3)) == 0


@pytest.mark.django_db
def test_nothing_is_read_when_nothing_is_asked():
    assert readings_after(watermarks={}, limit=3) == {}
    assert series_of([], NOON, NOON + DAY) == {}
