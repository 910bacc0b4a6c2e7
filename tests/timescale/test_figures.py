"""`asset_metrics_hourly` and `asset_metrics_daily` where continuous aggregates are behind them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from assets.models import DayFigures, HourFigures, Reading, Sensor, TouchedHour
from assets.queries import Resolution, series_of
from assets.services import corrections, retention
from assets.services.readings import ingest
from tests.assets.test_aggregates import (
    DAY,
    HOUR,
    MINUTE,
    Row,
    assert_right,
    assert_same,
    rows,
    shown,
)
from tests.factories import NOON, SensorFactory

pytestmark = pytest.mark.timescale

MIDNIGHT = NOON.replace(hour=0) + 14 * DAY


def refresh() -> None:
    """What the policies do in the background."""
    for relation in ("hours", "days"):
        with connection.cursor() as cursor:
            cursor.execute(
                f"CALL refresh_continuous_aggregate('asset_metrics_live_{relation}', NULL, NULL)"
            )


@pytest.fixture
def sensor(transactional_db: None) -> Iterator[Sensor]:
    """With thirty days of readings, in chunks that are aggregated; nothing is left behind."""
    sensor: Sensor = SensorFactory.create()
    ingest(rows=[(sensor.pk, NOON + i * 20 * MINUTE, i**0.5) for i in range(30 * 72)])
    refresh()
    yield sensor
    for kind in (Reading, HourFigures, DayFigures):
        kind.objects.all().delete()
    refresh()


@pytest.mark.django_db
def test_figures_are_right_at_once() -> None:
    sensor = SensorFactory.create()

    ingest(rows=[(sensor.pk, NOON + i * 7 * MINUTE, i**0.5 - 9) for i in range(300)])

    assert_right()
    assert not TouchedHour.objects.exists()


def test_late_readings_corrections_and_deletions_come_with_the_next_refresh(sensor: Any) -> None:
    assert_right()
    ingest(rows=[(sensor.pk, NOON + MINUTE, 1e6), (sensor.pk, NOON - 3 * DAY, 5.0)])
    corrections.correct(sensor=sensor, time=NOON + 7 * DAY, value=-50.0)
    corrections.delete(sensor=sensor, start=NOON + 9 * DAY, end=NOON + 10 * DAY + 5 * HOUR)

    refresh()

    assert_right()


def test_figures_outlive_their_readings_whatever_is_refreshed(sensor: Sensor) -> None:
    other: Any = SensorFactory.create()
    ingest(rows=[(other.pk, NOON + i * DAY, float(i)) for i in range(20)])
    refresh()
    before = shown("hourly"), shown("daily")

    removed = retention.remove_readings(sensors=[sensor.pk], before=MIDNIGHT)
    assert retention.drop_chunks() == 0, "the other sensor keeps its readings"
    ingest(rows=[(other.pk, NOON + 2 * DAY, 2.0), (sensor.pk, NOON + 2 * MINUTE, 1e6)])
    refresh()

    assert removed == 13 * 72 + 36
    assert_same(shown("hourly"), before[0])
    assert_same(shown("daily"), before[1])


def test_chunks_in_which_nobody_keeps_readings_are_dropped_whole(sensor: Sensor) -> None:
    before = shown("daily")
    retention.remove_readings(sensors=[sensor.pk], before=MIDNIGHT)

    dropped = retention.drop_chunks()
    refresh()

    assert dropped == 2
    assert Reading.objects.filter(sensor=sensor).count() == 30 * 72 - 13 * 72 - 36
    assert_same(shown("daily"), before)


def test_hours_go_after_their_time_and_days_stay(sensor: Sensor) -> None:
    days = len(shown("daily"))
    retention.remove_readings(sensors=[sensor.pk], before=MIDNIGHT)

    assert retention.remove_hours(sensors=[sensor.pk], before=MIDNIGHT - 2 * DAY) == 11 * 24 + 12
    refresh()

    hours: list[Row] = shown("hourly")
    assert hours[0][1] == MIDNIGHT - 2 * DAY
    assert len(shown("daily")) == days


@pytest.mark.django_db
def test_the_server_refreshes_and_compresses_by_itself() -> None:
    jobs = rows("SELECT proc_name, schedule_interval, config FROM timescaledb_information.jobs")
    aggregates = [config for name, _, config in jobs if "continuous_aggregate" in name]
    compressed = [config for name, _, config in jobs if name == "policy_compression"]
    real_time = rows(
        "SELECT bool_and(NOT materialized_only) FROM timescaledb_information.continuous_aggregates"
    )

    assert [config["start_offset"] for config in map(_parsed, aggregates)] == [None, None]
    assert len(compressed) == 2
    assert real_time == [(True,)]
    assert rows(
        "SELECT hypertable_name, attname, segmentby_column_index IS NOT NULL, orderby_asc"
        " FROM timescaledb_information.compression_settings ORDER BY 1, 2"
    ) == [
        (table, *column)
        for table in ("anomaly_scores", "asset_metrics")
        for column in (("sensor_id", True, None), ("time", False, False))
    ]


def _parsed(config: Any) -> Any:
    return json.loads(config) if isinstance(config, str) else config


def test_late_readings_and_removals_reach_into_compressed_chunks(sensor: Sensor) -> None:
    others: Any = SensorFactory.create_batch(3)
    ingest(rows=[(o.pk, NOON + i * 20 * MINUTE, 1.0) for o in others for i in range(30 * 72)])
    rows("SELECT compress_chunk(c) FROM show_chunks('asset_metrics', newer_than => %s) c", NOON)
    # As much as many sensors and the usual limit.
    rows("SELECT set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '5', false)")

    ingest(rows=[(one.pk, NOON + 20 * MINUTE, 7.0) for one in [sensor, *others]])
    corrections.correct(sensor=sensor, time=NOON + DAY, value=-50.0)
    corrections.delete(sensor=sensor, start=NOON + 9 * DAY, end=NOON + 10 * DAY)
    refresh()
    assert_right()
    before = shown("daily")
    removed = retention.remove_readings(sensors=[others[0].pk], before=MIDNIGHT)
    refresh()

    assert removed == 13 * 72 + 36
    assert_same(shown("daily"), before)
    rows("SELECT set_config('timescaledb.max_tuples_decompressed_per_dml_transaction', '0', false)")


def test_a_window_is_the_same_from_readings_hours_and_days(sensor: Sensor) -> None:
    start, end = NOON + 5 * MINUTE, NOON + 29 * DAY + 100 * MINUTE

    found = [series_of([sensor.pk], start, end, 40, source)[sensor.pk] for source in Resolution]

    assert [one.resolution for one in found] == list(Resolution)
    for one in found:
        assert (int(one.counts.sum()), one.low.min(), one.high.max()) == (2092, 1.0, 2092**0.5)
