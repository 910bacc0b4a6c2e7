import threading
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.db import connection

from assets.models import Reading, Sensor
from assets.services.readings import (
    IngestResult,
    ingest,
    ingest_columns,
    microseconds,
)
from assets.services.rules import time_problem, value_problem
from tests.factories import NOON, SensorFactory

MINUTE = timedelta(minutes=1)


def stored() -> list[tuple[int, datetime, float]]:
    return list(Reading.objects.order_by("sensor", "time").values_list("sensor", "time", "value"))


@pytest.mark.django_db
def test_stores_readings_exactly_as_they_were_given():
    sensor = SensorFactory.create()
    odd, late = NOON + timedelta(microseconds=1), NOON + MINUTE
    rows = [
        (sensor.pk, NOON, 0.1),
        (sensor.pk, odd, -9.999999999999999e99),
        (sensor.pk, late, 5e-324),
    ]

    assert ingest(rows=rows) == IngestResult(inserted=3)
    assert stored() == rows


@pytest.mark.django_db
def test_storing_the_same_readings_again_changes_nothing():
    sensor = SensorFactory.create()
    rows = [(sensor.pk, NOON + i * MINUTE, float(i)) for i in range(10)]
    ingest(rows=rows)

    assert ingest(rows=rows) == IngestResult(unchanged=10)
    assert stored() == rows


@pytest.mark.django_db
def test_counts_new_corrected_and_equal_readings_apart():
    sensor = SensorFactory.create()
    ingest(rows=[(sensor.pk, NOON, 1.0), (sensor.pk, NOON + MINUTE, 2.0)])

    result = ingest(
        rows=[
            (sensor.pk, NOON, 1.0),
            (sensor.pk, NOON + MINUTE, 5.0),
            (sensor.pk, NOON - MINUTE, 0),
        ]
    )

    assert result == IngestResult(inserted=1, updated=1, unchanged=1)
    assert [value for _, _, value in stored()] == [0.0, 1.0, 5.0]


@pytest.mark.django_db
def test_the_last_of_two_readings_of_one_moment_counts():
    sensor = SensorFactory.create()

    assert ingest(rows=[(sensor.pk, NOON, 1.0), (sensor.pk, NOON, 2.0)]).inserted == 1
    assert stored() == [(sensor.pk, NOON, 2.0)]


@pytest.mark.django_db
def test_a_sensor_shows_its_latest_reading_and_never_an_older_one():
    sensor, other = SensorFactory.create_batch(2)
    ingest(rows=[(sensor.pk, NOON, 1.0), (sensor.pk, NOON - MINUTE, 9.0), (other.pk, NOON, 3.0)])
    ingest(rows=[(sensor.pk, NOON - 2 * MINUTE, 7.0)])

    sensor.refresh_from_db()
    other.refresh_from_db()
    assert (sensor.last_time, sensor.last_value) == (NOON, 1.0)
    assert (other.last_time, other.last_value) == (NOON, 3.0)


@pytest.mark.django_db
def test_a_corrected_latest_reading_shows_on_the_sensor():
    sensor = SensorFactory.create()
    ingest(rows=[(sensor.pk, NOON, 1.0)])
    ingest(rows=[(sensor.pk, NOON, 2.0)])

    sensor.refresh_from_db()
    assert sensor.last_value == 2.0


@pytest.mark.django_db
def test_accepts_nothing_at_all():
    assert ingest(rows=[]) == IngestResult()


@pytest.mark.django_db
@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e100])
def test_refuses_values_that_are_not_finite(value):
    sensor = SensorFactory.create()
    with pytest.raises(ValueError, match="finite"):
        ingest(rows=[(sensor.pk, NOON, value)])
    assert not stored()


@pytest.mark.django_db
def test_refuses_a_time_without_a_time_zone():
    sensor = SensorFactory.create()
    with pytest.raises(ValueError, match="time zone"):
        ingest(rows=[(sensor.pk, NOON.replace(tzinfo=None), 1.0)])


@pytest.mark.django_db
def test_takes_columns_of_numpy_times():
    sensor = SensorFactory.create()
    times = np.array(["2026-03-01T12:00:00"], dtype="datetime64[us]")
    ingest_columns(sensor_ids=np.array([sensor.pk]), times=times, values=np.array([4.0]))
    assert stored() == [(sensor.pk, NOON, 4.0)]


def test_microseconds_count_from_1970():
    assert microseconds([datetime(1970, 1, 1, 0, 0, 1, 5, UTC)]).tolist() == [1_000_005]


@pytest.mark.parametrize(
    ("time", "says"),
    [
        (NOON, None),
        (NOON + timedelta(days=1), None),
        (NOON + timedelta(days=1, seconds=1), "in the future"),
        (datetime(1970, 1, 1, tzinfo=UTC), None),
        (datetime(1969, 12, 31, 23, 59, tzinfo=UTC), "before 1970"),
        (NOON.replace(tzinfo=None), "no time zone"),
    ],
)
def test_a_reading_lies_between_1970_and_tomorrow(time, says):
    problem = time_problem(time, at=NOON)
    assert problem is None if says is None else says in (problem or "")


def test_a_value_is_a_finite_number():
    assert value_problem(1.5) is None
    assert "nan" in (value_problem(float("nan")) or "")


@pytest.mark.django_db(transaction=True)
def test_concurrent_writers_of_the_same_readings_neither_deadlock_nor_double():
    sensors = SensorFactory.create_batch(4)
    keys = [(s.pk, NOON + i * MINUTE) for s in sensors for i in range(50)]
    errors: list[BaseException] = []
    barrier = threading.Barrier(4)

    def write(worker: int) -> None:
        order = keys if worker % 2 else keys[::-1]
        try:
            barrier.wait()
            for turn in range(5):
                ingest(rows=[(pk, time, float(worker * 10 + turn)) for pk, time in order])
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert not errors
    assert Reading.objects.count() == len(keys)
    for sensor in Sensor.objects.all():
        latest = Reading.objects.filter(sensor=sensor).order_by("-time")[0]
        assert (sensor.last_time, sensor.last_value) == (latest.time, latest.value)
