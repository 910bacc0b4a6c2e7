"""What the beat asks for: figures kept current, and readings removed as each organization says."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from assets.models import HourFigures, Reading, Sensor, TouchedHour
from assets.services.readings import ingest
from opssight.accounts.models import Organization
from telemetry import tasks
from tests.factories import SensorFactory, TelemetryPolicyFactory

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def sensor_of(plant: Organization) -> Sensor:
    """With a reading at noon of each of the last twenty days."""
    sensor: Sensor = SensorFactory.create(asset__organization=plant)
    noon = timezone.now().replace(hour=12, minute=0) - DAY
    ingest(rows=[(sensor.pk, noon - i * DAY, float(i)) for i in range(20)])
    return sensor


def days(sensor: Sensor) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM asset_metrics_daily WHERE sensor_id = %s", [sensor.pk])
        return int(cursor.fetchone()[0])


def test_each_organization_keeps_readings_for_as_long_as_it_says(plant: Organization) -> None:
    mine, other = sensor_of(plant), SensorFactory.create()
    other = sensor_of(other.organization)
    TelemetryPolicyFactory.create(organization=plant, readings_days=7, hourly_days=14)
    tasks.refresh_aggregates()

    tasks.remove_old_readings()
    tasks.remove_old_readings()
    tasks.drop_old_chunks()

    assert Reading.objects.filter(sensor=mine).count() == 7
    assert HourFigures.objects.filter(sensor=mine).count() == 14
    assert Reading.objects.filter(sensor=other).count() == 20
    assert HourFigures.objects.filter(sensor=other).count() == 20
    assert (days(mine), days(other)) == (20, 20)


def test_without_a_limit_everything_stays(plant: Organization) -> None:
    sensor = sensor_of(plant)
    TelemetryPolicyFactory.create(organization=plant, readings_days=None, hourly_days=None)

    tasks.remove_old_readings()

    assert Reading.objects.filter(sensor=sensor).count() == 20


def test_the_task_takes_up_marks_of_every_organization(plant: Organization) -> None:
    sensor_of(plant)
    sensor_of(SensorFactory.create().organization)
    assert TouchedHour.objects.count() == 40

    assert tasks.refresh_aggregates() == 40
    assert (TouchedHour.objects.count(), HourFigures.objects.count()) == (0, 40)
