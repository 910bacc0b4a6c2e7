"""The product's own statements about readings, on the hypertable."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from assets import queries
from assets.models import Reading, Sensor
from assets.services import readings
from tests.factories import NOON, SensorFactory

pytestmark = [
    pytest.mark.timescale,
    pytest.mark.django_db,
]

Row = tuple[int, datetime, float]


def month(sensor: Sensor) -> list[Row]:
    """A value every ten minutes for 30 days: five or six chunks."""
    times = (NOON + timedelta(minutes=10 * step) for step in range(30 * 144))
    return [(sensor.pk, time, step % 100 / 10) for step, time in enumerate(times)]


def test_ingesting_a_month_twice_stores_it_once() -> None:
    sensor = SensorFactory.create()
    rows = month(sensor)

    first = readings.ingest(rows=rows)
    second = readings.ingest(rows=reversed(rows))

    assert first == readings.IngestResult(inserted=4320)
    assert second == readings.IngestResult(unchanged=4320)
    assert Reading.objects.count() == 4320


def test_a_correction_changes_one_row_and_the_sensor_keeps_its_latest_reading() -> None:
    sensor = SensorFactory.create()
    rows = month(sensor)
    readings.ingest(rows=rows)

    result = readings.ingest(rows=[(sensor.pk, NOON, 55.5)])

    sensor.refresh_from_db()
    assert result == readings.IngestResult(updated=1)
    assert Reading.objects.get(pk=(sensor.pk, NOON)).value == 55.5
    assert (sensor.last_time, sensor.last_value) == rows[-1][1:]


def test_a_short_series_gives_each_reading() -> None:
    sensor = SensorFactory.create()
    readings.ingest(rows=month(sensor))

    found = queries.series(sensor, NOON, NOON + timedelta(days=1))

    assert found.bucket is None
    assert len(found.times) == 144
    assert (found.mean == found.low).all()
    assert (found.mean == found.high).all()


def test_a_long_series_gives_buckets_across_chunks() -> None:
    sensor = SensorFactory.create()
    rows = month(sensor)
    readings.ingest(rows=rows)

    found = queries.series(sensor, NOON, NOON + timedelta(days=30), max_points=100)

    assert found.bucket is not None
    assert 0 < len(found.times) <= 100
    assert (min(found.low), max(found.high)) == (0.0, 9.9)
    assert found.times[0] == np.datetime64(NOON.replace(tzinfo=None))


def test_new_readings_are_read_after_each_sensors_watermark() -> None:
    old, new = SensorFactory.create(), SensorFactory.create()
    readings.ingest(rows=[*month(old), *month(new)])
    mark = NOON + timedelta(days=29)

    marks = {old.pk: None, new.pk: mark}
    found = queries.readings_after(watermarks=marks, until=mark + timedelta(days=9), limit=1000)

    assert len(found[old.pk].times) == 1000
    assert len(found[new.pk].times) == 143
    assert found[new.pk].values[0] == pytest.approx((29 * 144 + 1) % 100 / 10)


def test_the_last_readings_up_to_a_moment_are_read_across_chunks() -> None:
    sensor = SensorFactory.create()
    readings.ingest(rows=month(sensor))
    until = NOON + timedelta(days=20)

    found = queries.readings_until(sensor_id=sensor.pk, until=until, limit=2000)

    assert len(found) == 2000
    assert found.seconds[-1] == until.timestamp()
