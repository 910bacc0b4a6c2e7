"""Saying what a name stands for, on the page and over the API."""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from assets.models import Reading, Sensor
from opssight.accounts.models import Organization
from telemetry.models import HeldReading, Signal, UnknownSignal
from telemetry.queries.guesses import guesses
from telemetry.services.signals import drop_names, map_name
from tests.factories import AssetFactory, SensorFactory, SignalFactory, TelemetryPolicyFactory
from tests.telemetry.test_intake import NOON, batch, send

pytestmark = pytest.mark.django_db
NAME = "plant/P-101A/temperature"


@pytest.fixture
def sensor(plant: Organization) -> Sensor:
    asset = AssetFactory.create(organization=plant, tag="P-101A")
    sensor: Sensor = SensorFactory.create(asset=asset, key="temp", unit="degC", physical_low=-40)
    return sensor


def test_a_mapped_name_brings_what_was_held_by_it_through_the_same_rules(
    plant: Organization, sensor: Sensor
) -> None:
    cold = NOON - timedelta(hours=1)
    rows = ((NAME, NOON, 212.0), (NAME, cold, -459.0))
    send(plant, batch(*rows, units={NAME: "degF"}))

    mapped = map_name(organization_id=plant.pk, name=NAME, sensor=sensor, at=NOON)

    assert Reading.objects.get(sensor=sensor).value == pytest.approx(100)
    assert (mapped.account.stored.inserted, len(mapped.account.refused)) == (1, 1)
    assert "impossible" in mapped.account.refused[0].reason
    assert not UnknownSignal.objects.exists()
    assert not HeldReading.objects.exists()
    assert send(plant, batch((NAME, NOON, 20.0))).stored.updated == 1


def test_a_unit_that_cannot_become_the_sensors_is_refused_and_nothing_is_lost(
    plant: Organization, sensor: Sensor
) -> None:
    send(plant, batch((NAME, NOON, 2.0), units={NAME: "bar"}))

    with pytest.raises(ValidationError, match="'bar' cannot be converted to 'degC'"):
        map_name(organization_id=plant.pk, name=NAME, sensor=sensor, at=NOON)

    assert HeldReading.objects.count() == 1
    assert not Signal.objects.exists()


def test_what_comes_by_a_dropped_name_is_counted_and_not_kept(plant: Organization) -> None:
    send(plant, batch((NAME, NOON, 2.0)))

    assert drop_names(organization_id=plant.pk, names=[NAME, "never heard of"]) == 1

    assert not HeldReading.objects.exists()
    account = send(plant, batch((NAME, NOON, 2.0)))
    assert (account.accepted, account.dropped) == (1, 1)


def test_guesses_the_sensor_whose_tag_and_key_are_in_the_name(
    plant: Organization, sensor: Sensor
) -> None:
    SensorFactory.create(asset=sensor.asset, key="vibration_de", quantity="vibration")
    AssetFactory.create(organization=plant, tag="P-10")

    found = guesses(
        organization_id=plant.pk,
        names=[NAME, "motor,asset=p_101a,host=gw#vib_de", "P-101A/flow", "boiler/temp"],
    )

    assert {name: guess.label for name, guess in found.items()} == {
        NAME: "P-101A/temp",
        "motor,asset=p_101a,host=gw#vib_de": "P-101A/vibration_de",
    }


def run(task: Callable[[int], None], turn: int, failures: list[BaseException]) -> None:
    try:
        task(turn)
    except BaseException as error:
        failures.append(error)
    finally:
        connection.close()


@pytest.mark.django_db(transaction=True)
def test_writers_of_unknown_names_and_somebody_who_maps_them_neither_deadlock_nor_lose(
    plant: Organization, sensor: Sensor
) -> None:
    names = [f"line/{n}/temp" for n in range(20)]
    failures: list[BaseException] = []

    def write(turn: int) -> None:
        for minute in range(15):
            order = names if (turn + minute) % 2 else names[::-1]
            time = NOON - timedelta(minutes=minute, seconds=turn)
            account = send(plant, batch(*((name, time, 1.0) for name in order)))
            assert account.accepted == len(names)

    def name_them(_turn: int) -> None:
        for name in names:
            other = SensorFactory.create(asset=sensor.asset, key=name.replace("/", "_"), unit="")
            map_name(organization_id=plant.pk, name=name, sensor=other, at=NOON)

    tasks = [(write, 1), (write, 2), (name_them, 0)]
    threads = [Thread(target=run, args=(*task, failures)) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert not UnknownSignal.objects.exists()
    assert Reading.objects.count() == 2 * 15 * len(names)


@pytest.mark.django_db(transaction=True)
def test_two_writers_of_new_names_make_each_sensor_once(
    plant: Organization, sensor: Sensor
) -> None:
    TelemetryPolicyFactory.create(organization=plant, unknown="create")
    names = [f"P-101A/made_{n}" for n in range(30)]
    failures: list[BaseException] = []

    def write(turn: int) -> None:
        rows = [(name, NOON, 1.0) for name in (names if turn else names[::-1])]
        assert send(plant, batch(*rows, ("nobody/knows", NOON, 1.0))).held == 1

    threads = [Thread(target=run, args=(write, turn, failures)) for turn in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert Reading.objects.count() == len(names)
    assert Sensor.objects.filter(key__startswith="made_").count() == len(names)
    assert UnknownSignal.objects.get().count == 2


def test_a_signal_of_another_organization_means_nothing_here(plant: Organization) -> None:
    theirs = SignalFactory.create(name=NAME)

    account = send(plant, batch((NAME, NOON, 1.0)))

    assert account.held == 1
    assert not Reading.objects.filter(sensor=theirs.sensor).exists()
