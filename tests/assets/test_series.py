"""Any window as so many points: the same figures, whatever they are read from."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from assets.models import Reading, SealedReadings
from assets.queries import Resolution, aligned, aligned_by_clock, series, series_of
from assets.queries.aligned import _width
from assets.queries.series import floor
from assets.services.readings import ingest, ingest_columns
from tests.factories import NOON, SensorFactory

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture
def sensor():
    one = SensorFactory.create(expected_interval=None)
    ingest(rows=[(one.pk, NOON + i * MINUTE, float(i)) for i in range(100)])
    return one


@pytest.fixture
def month():
    """A sensor with a reading every ten minutes of thirty days: its value is its number."""
    one = SensorFactory.create(expected_interval=10 * MINUTE)
    _fill(one, NOON, 10 * MINUTE, np.arange(30 * 144, dtype=float))
    return one


def _fill(sensor, start, step, values):
    first = (start - EPOCH) // timedelta(microseconds=1)
    times = first + np.arange(len(values)) * (step // timedelta(microseconds=1))
    ids = np.full(len(values), sensor.pk)
    ingest_columns(sensor_ids=ids, times=times.view("datetime64[us]"), values=values)


def _moments(found):
    return [time.replace(tzinfo=UTC) for time in found.times.tolist()]


def test_few_readings_come_as_they_are(sensor):
    found = series(sensor, NOON, NOON + 3 * MINUTE, 10)

    assert (found.bucket, found.resolution) == (None, Resolution.RAW)
    assert _moments(found) == [NOON, NOON + MINUTE, NOON + 2 * MINUTE]
    assert found.mean.tolist() == found.low.tolist() == found.high.tolist() == [0.0, 1.0, 2.0]


def test_many_readings_come_as_mean_lowest_and_highest_of_equal_buckets(sensor):
    found = series(sensor, NOON - DAY, NOON + DAY, 10)

    assert len(found.times) == 10
    assert _moments(found)[0] == NOON
    assert found.bucket is not None
    assert found.low[0] == 0.0
    assert found.high[-1] == 99.0
    assert found.mean[0] == sum(range(10)) / 10


@pytest.mark.parametrize("most", [1, 2, 3, 7, 99])
def test_there_are_never_more_points_than_asked_for(sensor, most):
    found = series(sensor, NOON - DAY, NOON + DAY, most)
    assert 1 <= len(found.times) <= most
    assert min(found.low) == 0.0
    assert max(found.high) == 99.0


def test_a_sensor_without_readings_gives_an_empty_series():
    found = series(SensorFactory.create(), NOON - DAY, NOON + DAY)
    assert (len(found), found.bucket, found.gaps) == (0, None, [])


def test_sensors_of_each_kind_are_read_at_once(sensor, month):
    others = SensorFactory.create_batch(5)
    ingest(rows=[(other.pk, NOON, 5.0) for other in others])

    ids = [sensor.pk, month.pk, *(other.pk for other in others)]
    found = series_of(ids, NOON - DAY, NOON + 30 * DAY, 50)

    assert found[sensor.pk].resolution is Resolution.RAW
    assert found[month.pk].resolution is Resolution.HOUR
    assert found[others[0].pk].mean.tolist() == [5.0]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    start=st.integers(-5_000, 45_000),
    minutes=st.integers(1, 45_000),
    most=st.integers(1, 300),
    resolution=st.sampled_from([None, *Resolution]),
)
def test_no_reading_outside_of_the_window_counts_and_none_inside_is_lost(
    month, start, minutes, most, resolution
):
    since = NOON + start * MINUTE + timedelta(seconds=1)
    until = since + minutes * MINUTE
    times = [NOON + i * 10 * MINUTE for i in range(30 * 144)]
    inside = [i for i, time in enumerate(times) if since <= time < until]

    found = series_of([month.pk], since, until, most, resolution)[month.pk]

    assert len(found.times) <= most
    assert sum(found.counts) == len(inside)
    total = sum(m * n for m, n in zip(found.mean, found.counts, strict=True))
    assert total == pytest.approx(sum(inside))
    if inside:
        assert (min(found.low), max(found.high)) == (inside[0], inside[-1])
        moments = _moments(found)
        assert since <= moments[0] <= moments[-1] < until
        assert moments == sorted(set(moments))
    if found.bucket and found.resolution is not Resolution.RAW:
        unit = HOUR if found.resolution is Resolution.HOUR else DAY
        assert found.bucket % unit == timedelta(0)


def test_hours_that_outlive_their_readings_are_shown_with_the_readings_that_are_left(month):
    kept = NOON.replace(hour=0) + 20 * DAY
    _remove_before(month, kept)

    found = series(month, NOON, NOON + 30 * DAY, 2000)

    assert found.resolution is Resolution.HOUR
    assert found.low[0] == 0.0
    assert sum(found.counts) == 30 * 144
    assert series(month, kept, kept + DAY, 2000).resolution is Resolution.RAW


def _remove_before(sensor, midnight):
    """As the retention does it: the figures stay."""
    with connection.cursor() as cursor:
        for store in ("hour", "dai"):
            kept = "hours" if store == "hour" else "days"
            cursor.execute(
                f"INSERT INTO asset_metrics_{kept} SELECT * FROM asset_metrics_{store}ly"  # noqa: S608
            )
    SealedReadings.objects.create(sensor=sensor, until=midnight)
    Reading.objects.filter(sensor=sensor, time__lt=midnight).delete()


def test_a_line_breaks_where_nothing_came_for_three_intervals(month):
    Reading.objects.filter(
        sensor=month, time__gt=NOON + 2 * HOUR, time__lt=NOON + 3 * HOUR
    ).delete()
    Reading.objects.filter(sensor=month, time=NOON + 4 * HOUR).delete()

    points = series(month, NOON, NOON + 6 * HOUR, 100)
    buckets = series(month, NOON, NOON + 6 * HOUR, 20)

    assert points.gaps == [(NOON + 2 * HOUR, NOON + 3 * HOUR)]
    [(begin, end)] = buckets.gaps
    assert NOON + 2 * HOUR <= begin < end <= NOON + 3 * HOUR
    assert series(month, NOON, NOON + 30 * DAY, 100).gaps == []


def test_bucketed_times_rise_by_their_width(month):
    found = series(month, NOON, NOON + 30 * DAY, 200)
    assert {b - a for a, b in pairwise(_moments(found))} == {found.bucket}


def test_sensors_are_laid_over_each_other_in_common_buckets(sensor, month):
    found = aligned_by_clock([sensor, month], NOON + MINUTE, NOON + 2 * HOUR, 60)

    assert found.width == 5 * MINUTE
    assert found.origins == [NOON, NOON]
    assert [sum(one.counts) for one in found.series] == [99, 11]
    for one in found.series:
        assert len(one) <= 60
        assert all((time - NOON) % found.width == timedelta(0) for time in _moments(one)[1:])


def test_windows_of_one_length_begin_where_their_events_were(month):
    begins = [NOON + 30 * MINUTE, NOON + 10 * DAY + 7 * MINUTE]

    found = aligned([(month.pk, start) for start in begins], HOUR, 100, by_clock=False)
    coarse = aligned([(month.pk, start) for start in begins], 20 * DAY, 100, by_clock=False)

    assert found.origins == begins
    assert [one.low[0] for one in found.series] == [3.0, 1441.0]
    assert [sum(one.counts) for one in coarse.series] == [2880, 2879]
    assert coarse.resolution is Resolution.HOUR


@pytest.mark.parametrize("days", [1, 40, 400, 4000, 40_000])
@pytest.mark.parametrize("most", [2, 50, 2000])
def test_aligned_lines_have_never_more_points_than_asked_for(days, most):
    width = _width(days * DAY, most)
    start = NOON + timedelta(seconds=1)
    buckets = (start + days * DAY - floor(start, width)) / width
    assert buckets <= most


def test_readings_close_to_nothing_are_no_error():
    """PostgreSQL refuses to compute what rounds to zero."""
    sensor = SensorFactory.create()
    _fill(sensor, NOON, MINUTE, np.full(3000, 5e-324))

    for points in (10, 100, 1000):
        found = series(sensor, NOON, NOON + 3 * DAY, points)
        assert found.mean.tolist() == pytest.approx(np.zeros(len(found)))
