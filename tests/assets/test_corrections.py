"""Readings that are put right by hand."""

from datetime import timedelta

import pytest

from assets.models import Reading, Sensor
from assets.services import aggregates, corrections, retention
from assets.services.readings import ingest
from opssight.accounts.models import Membership
from opssight.audit.models import AuditEntry
from opssight.core.walls import acting
from tests.assets.test_aggregates import DAY, HOUR, LATER, assert_right, shown
from tests.factories import NOON, SensorFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def sensor(planner: Membership) -> Sensor:
    """Of six readings, one every half hour, whose figures are kept."""
    sensor: Sensor = SensorFactory.create(
        asset__organization=planner.organization, physical_high=100
    )
    ingest(rows=[(sensor.pk, NOON + i * timedelta(minutes=30), float(i)) for i in range(6)])
    aggregates.refresh(at=LATER)
    return sensor


def test_a_correction_shows_at_once_and_is_written_down(
    sensor: Sensor, planner: Membership
) -> None:
    with acting(user=planner.user_id, organizations=[planner.organization_id]):
        before = corrections.correct(sensor=sensor, time=NOON, value=50.0)

    assert before == 0.0
    assert_right()
    entry = AuditEntry.objects.get(action="correct_readings")
    assert (entry.user_id, entry.organization_id) == (planner.user_id, planner.organization_id)
    assert entry.label == f"{sensor.asset.tag}/{sensor.key}"
    assert entry.after == {
        "sensor": sensor.pk,
        "count": 1,
        "time": NOON.isoformat(),
        "before": 0.0,
        "after": 50.0,
    }


def test_the_sensor_shows_the_corrected_last_value(sensor: Sensor) -> None:
    corrections.correct(sensor=sensor, time=NOON + 150 * timedelta(minutes=1), value=9.5)

    sensor.refresh_from_db()
    assert sensor.last_value == 9.5


def test_only_what_is_there_becomes_what_is_possible(sensor: Sensor) -> None:
    with pytest.raises(corrections.NoSuchReading):
        corrections.correct(sensor=sensor, time=NOON + DAY, value=1.0)
    with pytest.raises(corrections.ImpossibleValue, match="100"):
        corrections.correct(sensor=sensor, time=NOON, value=101.0)
    with pytest.raises(corrections.ImpossibleValue, match="finite"):
        corrections.correct(sensor=sensor, time=NOON, value=float("nan"))

    assert not AuditEntry.objects.filter(action="correct_readings").exists()
    assert_right()


def test_deleted_readings_leave_the_figures_and_an_entry(sensor: Sensor) -> None:
    count = corrections.delete(sensor=sensor, start=NOON + HOUR, end=NOON + 3 * HOUR)

    sensor.refresh_from_db()
    assert count == 4
    assert Reading.objects.filter(sensor=sensor).count() == 2
    assert (sensor.last_time, sensor.last_value) == (NOON + timedelta(minutes=30), 1.0)
    assert_right()
    aggregates.refresh(at=LATER)
    assert_right()
    entry = AuditEntry.objects.get(action="delete_readings")
    assert entry.after == {
        "sensor": sensor.pk,
        "count": 4,
        "start": (NOON + HOUR).isoformat(),
        "end": (NOON + 3 * HOUR).isoformat(),
    }


def test_a_sensor_whose_readings_all_go_shows_none(sensor: Sensor) -> None:
    corrections.delete(sensor=sensor, start=NOON - DAY, end=NOON + DAY)

    sensor.refresh_from_db()
    assert (sensor.last_time, sensor.last_value) == (None, None)
    assert shown("daily") == []


def test_figures_that_outlived_their_readings_go_with_whole_hours_and_days(sensor: Sensor) -> None:
    retention.remove_readings(sensors=[sensor.pk], before=NOON.replace(hour=0) + DAY)

    assert corrections.delete(sensor=sensor, start=NOON, end=NOON + HOUR) == 0
    assert (len(shown("hourly")), len(shown("daily"))) == (2, 1)
    corrections.delete(sensor=sensor, start=NOON - DAY, end=NOON + DAY)

    assert (shown("hourly"), shown("daily")) == ([], [])
    entries = AuditEntry.objects.filter(action="delete_readings").order_by("pk")
    assert list(entries.values_list("after__days", flat=True)) == [0, 1]


def test_too_many_at_once_are_refused(sensor: Sensor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corrections, "MOST_AT_ONCE", 3)

    with pytest.raises(corrections.TooManyReadings):
        corrections.delete(sensor=sensor, start=NOON, end=NOON + DAY)
    assert Reading.objects.filter(sensor=sensor).count() == 6
