"""`asset_metrics_hourly` and `asset_metrics_daily` say what the readings say, at every moment."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.models import DayFigures, HourFigures, Reading, Sensor, TouchedHour
from assets.services import aggregates
from assets.services.readings import ingest
from tests.factories import NOON, SensorFactory

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LATER = NOON + 365 * DAY

Row = tuple[Any, ...]


def rows(sql: str, *values: Any) -> list[Row]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def shown(relation: str) -> list[Row]:
    return rows(
        "SELECT sensor_id, bucket, count, min, max, avg, first, last, sum_squares"  # noqa: S608
        f" FROM asset_metrics_{relation} ORDER BY sensor_id, bucket"
    )


def computed(width: timedelta) -> list[Row]:
    """The same in plain Python, of the readings themselves."""
    found: dict[tuple[int, datetime], list[float]] = {}
    for sensor, time, value in Reading.objects.order_by("sensor", "time").values_list(
        "sensor", "time", "value"
    ):
        begin = datetime(1970, 1, 1, tzinfo=UTC)
        found.setdefault((sensor, time - (time - begin) % width), []).append(value)
    return [
        (*key, len(v), min(v), max(v), sum(v) / len(v), v[0], v[-1], sum(x * x for x in v))
        for key, v in found.items()
    ]


def assert_right() -> None:
    for relation, width in (("hourly", HOUR), ("daily", DAY)):
        assert_same(shown(relation), computed(width))


def assert_same(found: list[Row], expected: list[Row]) -> None:
    """Equal as far as sums in another order can be."""
    assert [row[:5] for row in found] == [row[:5] for row in expected]
    for row, other in zip(found, expected, strict=True):
        assert row[5:] == pytest.approx(other[5:], rel=1e-9, abs=1e-6)


def kept() -> tuple[int, int, int]:
    """How many hours and days are kept, and how many marks wait."""
    return HourFigures.objects.count(), DayFigures.objects.count(), TouchedHour.objects.count()


@pytest.mark.django_db
def test_figures_are_right_at_once_and_after_the_refresh() -> None:
    first, second = SensorFactory.create_batch(2)
    ingest(rows=[(first.pk, NOON + i * 7 * MINUTE, i**0.5 - 9) for i in range(300)])
    ingest(rows=[(second.pk, NOON + DAY, 5.0)])
    assert_right()

    taken = aggregates.refresh(at=LATER)

    assert taken == 36
    assert kept() == (36, 3, 0)
    assert_right()


@pytest.mark.django_db
def test_an_hour_that_goes_on_waits_while_those_that_are_over_are_kept() -> None:
    sensor = SensorFactory.create()
    ingest(rows=[(sensor.pk, NOON + i * 20 * MINUTE, float(i)) for i in range(6)])

    aggregates.refresh(at=NOON + 90 * MINUTE)

    assert list(HourFigures.objects.values_list("bucket", flat=True)) == [NOON]
    assert list(TouchedHour.objects.values_list("bucket", flat=True)) == [NOON + HOUR]
    assert_right()


@pytest.mark.django_db
def test_an_hour_is_marked_once_however_many_batches_touch_it() -> None:
    sensor = SensorFactory.create()
    for i in range(5):
        ingest(rows=[(sensor.pk, NOON + i * MINUTE, 1.0)])

    assert TouchedHour.objects.count() == 1


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["send", "send", "delete", "change", "refresh"]),
        st.lists(st.integers(0, 72 * 4), min_size=1, max_size=12),
        st.floats(-1e9, 1e9),
    ),
    min_size=1,
    max_size=8,
)


@pytest.mark.django_db
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(ACTS)
def test_late_readings_corrections_and_deletions_are_right_whenever_they_come(acts: Any) -> None:
    with transaction.atomic():
        sensor = SensorFactory.create()
        for act, quarters, value in acts:
            times = [NOON + quarter * 15 * MINUTE for quarter in quarters]
            mine = Reading.objects.filter(sensor=sensor, time__in=times)
            if act == "send":
                ingest(rows=[(sensor.pk, time, value + i) for i, time in enumerate(times)])
            elif act == "delete":
                mine.delete()
            elif act == "change":
                mine.update(value=value)
            else:
                aggregates.refresh(at=NOON + 40 * HOUR)
            assert_right()
        aggregates.refresh(at=LATER)
        assert TouchedHour.objects.count() == 0
        assert_right()
        transaction.set_rollback(True)


def _run(errors: list[BaseException], act: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            act()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db(transaction=True)
def test_a_reading_that_is_committed_during_the_refresh_is_not_lost() -> None:
    """Writers that commit late, while one refresh after another runs beside them."""
    sensors = SensorFactory.create_batch(2)
    errors: list[BaseException] = []
    written = threading.Event()

    def write(number: int) -> None:
        for turn in range(25):
            time = NOON + (turn % 5) * HOUR + (turn * 4 + number) * timedelta(seconds=9)
            with transaction.atomic():
                ingest(rows=[(sensor.pk, time, float(turn)) for sensor in sensors])
                rows("SELECT pg_sleep(0.002)")

    def refresh() -> None:
        while not written.is_set():
            aggregates.refresh(at=LATER)

    refreshers = [_run(errors, refresh) for _ in range(2)]
    for writer in [_run(errors, partial(write, number)) for number in range(3)]:
        writer.join()
    written.set()
    for thread in refreshers:
        thread.join()

    assert not errors
    assert_right()
    aggregates.refresh(at=LATER)
    assert TouchedHour.objects.count() == 0
    assert_right()


@pytest.mark.django_db(transaction=True)
def test_an_uncommitted_reading_keeps_its_hour_from_being_taken_up() -> None:
    sensor = SensorFactory.create()
    ingest(rows=[(sensor.pk, NOON, 1.0)])
    taken: list[int] = []
    errors: list[BaseException] = []

    with transaction.atomic():
        ingest(rows=[(sensor.pk, NOON + MINUTE, 2.0)])
        _run(errors, lambda: taken.append(aggregates.refresh(at=LATER))).join()
    assert not errors
    assert taken == [0]
    assert_right()

    assert aggregates.refresh(at=LATER) == 1
    assert_right()


@pytest.mark.django_db
def test_an_asset_takes_its_figures_with_it() -> None:
    sensor = SensorFactory.create()
    ingest(rows=[(sensor.pk, NOON, 1.0)])
    aggregates.refresh(at=LATER)

    Sensor.objects.get(pk=sensor.pk).asset.delete()
    aggregates.refresh(at=LATER)

    assert kept() == (0, 0, 0)
