"""Readings that one sends again while another removes them: both wait, nobody in a circle."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction

from assets.models import Reading, Sensor
from assets.services import corrections, retention
from assets.services.readings import ingest
from tests.factories import NOON, SensorFactory
from tests.runtime.product import wait_for

TIMES = [NOON + n * timedelta(minutes=1) for n in range(400)]
TOMORROW = NOON.replace(hour=0) + timedelta(days=1)


def prune(sensor: Sensor) -> None:
    retention.remove_readings(sensors=[sensor.pk], before=TOMORROW)


def delete(sensor: Sensor) -> None:
    corrections.delete(sensor=sensor, start=NOON, end=TOMORROW)


def waiting() -> int:
    """How many connections wait for a row of another."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0])


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("remove", [prune, delete])
def test_who_corrects_and_who_removes_the_same_readings_do_not_deadlock(
    remove: Callable[[Sensor], None],
) -> None:
    sensor = SensorFactory.create()
    for time in reversed(TIMES):  # they lie in the table in the order in which they came
        Reading.objects.create(sensor=sensor, time=time, value=1.0)
    failures: list[BaseException] = []

    def start(act: Callable[[], object]) -> threading.Thread:
        def run() -> None:
            try:
                act()
            except BaseException as error:
                failures.append(error)
            finally:
                connection.close()

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    with transaction.atomic():
        # Both come as far as this one, and go on when it is free.
        Reading.objects.select_for_update().get(sensor=sensor, time=TIMES[200])
        threads = [start(lambda: ingest(rows=[(sensor.pk, time, 2.0) for time in TIMES]))]
        wait_for(lambda: waiting() == 1, 10)
        threads.append(start(lambda: remove(sensor)))
        wait_for(lambda: waiting() == 2, 10)
    for thread in threads:
        thread.join()

    assert failures == []
    assert not Reading.objects.exists()
