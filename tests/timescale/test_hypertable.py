"""What the readings' table has on TimescaleDB and no plain PostgreSQL has."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from assets.models import Reading, Sensor
from tests.factories import NOON, ReadingFactory, SensorFactory

pytestmark = [pytest.mark.timescale, pytest.mark.django_db]

UPSERT = """
    INSERT INTO asset_metrics (sensor_id, time, value)
    SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::double precision[])
    ON CONFLICT (sensor_id, time) DO UPDATE SET value = EXCLUDED.value
    RETURNING (xmax = 0)
"""
BUCKETS = """
    SELECT {bucket} AS bucket, avg(value), min(value), max(value), count(*)
    FROM asset_metrics WHERE sensor_id = %s GROUP BY bucket ORDER BY bucket
"""


def rows(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())


def upsert(sensor: Sensor, values: dict[dt.datetime, float]) -> tuple[int, int]:
    """How many rows were new, and how many changed."""
    times = sorted(values)
    new = rows(UPSERT, [sensor.pk] * len(times), times, [values[time] for time in times])
    settle()
    return sum(is_new for (is_new,) in new), sum(not is_new for (is_new,) in new)


def settle() -> None:
    """Check foreign keys now, as a commit would: chunks with checks to come cannot be changed."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


def chunks() -> int:
    return int(
        rows(
            "SELECT count(*) FROM timescaledb_information.chunks"
            " WHERE hypertable_name = 'asset_metrics'"
        )[0][0]
    )


def test_the_readings_are_a_hypertable_with_a_chunk_per_week() -> None:
    assert rows(
        "SELECT column_name, time_interval FROM timescaledb_information.dimensions"
        " WHERE hypertable_name = 'asset_metrics'"
    ) == [("time", dt.timedelta(days=7))]


def test_the_composite_key_survives_the_change_into_a_hypertable() -> None:
    assert rows(
        "SELECT pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = 'asset_metrics'::regclass AND contype = 'p'"
    ) == [('PRIMARY KEY (sensor_id, "time")',)]


def test_readings_of_three_weeks_lie_in_chunks_of_their_own() -> None:
    sensor = SensorFactory.create()

    upsert(sensor, {NOON + dt.timedelta(weeks=week): 1.0 for week in range(3)})

    assert chunks() == 3


def test_a_batch_sent_twice_adds_nothing_and_the_last_value_wins() -> None:
    sensor = SensorFactory.create()
    batch = {NOON + dt.timedelta(days=day): float(day) for day in range(30)}

    first = upsert(sensor, batch)
    second = upsert(sensor, batch | {NOON: 99.0})

    assert first == (30, 0)
    assert second == (0, 30)
    assert Reading.objects.count() == 30
    assert Reading.objects.get(pk=(sensor.pk, NOON)).value == 99.0


def test_a_second_reading_at_one_moment_is_refused() -> None:
    reading = ReadingFactory.create()

    with pytest.raises(IntegrityError, match="asset_metrics_pkey"), transaction.atomic():
        Reading.objects.create(sensor=reading.sensor, time=reading.time, value=2.0)


def test_a_reading_of_no_sensor_is_refused() -> None:
    settle()
    with pytest.raises(IntegrityError), transaction.atomic():
        Reading.objects.create(sensor_id=987654321, time=NOON, value=1.0)


def test_a_sensor_takes_its_readings_with_it() -> None:
    sensor = SensorFactory.create()
    upsert(sensor, {NOON + dt.timedelta(weeks=week): 1.0 for week in range(3)})

    sensor.delete()

    assert not Reading.objects.exists()


def test_date_bin_makes_the_buckets_of_time_bucket() -> None:
    sensor = SensorFactory.create()
    upsert(sensor, {NOON + dt.timedelta(minutes=7 * step): step**0.5 for step in range(5000)})

    portable = rows(
        BUCKETS.format(bucket="date_bin('6 hours', time, '2000-01-03 00:00+00')"), sensor.pk
    )
    native = rows(BUCKETS.format(bucket="time_bucket('6 hours', time)"), sensor.pk)

    assert len(portable) == 98
    assert portable == native


def test_a_query_of_one_day_reads_one_chunk() -> None:
    sensor = SensorFactory.create()
    upsert(sensor, {NOON + dt.timedelta(days=day): 1.0 for day in range(70)})

    plan = rows(
        "EXPLAIN SELECT avg(value) FROM asset_metrics"
        " WHERE sensor_id = %s AND time >= %s AND time < %s",
        sensor.pk,
        NOON,
        NOON + dt.timedelta(days=1),
    )

    assert chunks() == 11
    assert "".join(line for (line,) in plan).count("_hyper_") in {1, 2}  # the chunk and its index


def test_a_compressed_chunk_answers_the_same_and_still_takes_an_upsert() -> None:
    sensor = SensorFactory.create()
    upsert(sensor, {NOON + dt.timedelta(minutes=10 * step): step % 7 for step in range(2000)})
    before = rows("SELECT sum(value), count(*) FROM asset_metrics")
    rows_compressed = compress()

    after = rows("SELECT sum(value), count(*) FROM asset_metrics")
    again = upsert(sensor, {NOON: 100.0, NOON + dt.timedelta(minutes=1): 1.0})

    assert rows_compressed == chunks()
    assert after == before
    assert again == (1, 1)
    assert Reading.objects.get(pk=(sensor.pk, NOON)).value == 100.0


def compress() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT compress_chunk(c) FROM show_chunks('asset_metrics') c")
        return len(cursor.fetchall())


def test_old_chunks_are_dropped_whole() -> None:
    sensor = SensorFactory.create()
    upsert(sensor, {NOON + dt.timedelta(weeks=week): 1.0 for week in range(4)})

    dropped = rows("SELECT drop_chunks('asset_metrics', %s)", NOON + dt.timedelta(weeks=2))

    assert len(dropped) == chunks() == 2
