"""Readings that come by name: which are stored, which are not, and why."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from assets.models import Reading, Sensor
from opssight.accounts.models import Membership, Organization
from telemetry.models import HeldReading, UnknownSignal, Way
from telemetry.services.intake import Account, Batch, take
from tests.factories import AssetFactory, SensorFactory, SignalFactory

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micro(time: datetime) -> int:
    return (time - EPOCH) // timedelta(microseconds=1)


def batch(
    *rows: tuple[str, datetime, float], units: dict[str, str] | None = None, **more: Any
) -> Batch:
    known = list(dict.fromkeys(name for name, _time, _value in rows))
    return Batch(
        known=known,
        names=np.array([known.index(name) for name, _time, _value in rows], dtype=np.int64),
        times=np.array([micro(time) for _name, time, _value in rows], dtype=np.int64),
        values=np.array([value for _name, _time, value in rows], dtype=np.float64),
        units=[(units or {}).get(name, "") for name in known],
        **more,
    )


def send(plant: Organization, sent: Batch, by: Membership | None = None) -> Account:
    return take(
        organization_id=plant.pk, way=Way.JSON, batch=sent, by=by.user if by else None, at=NOON
    )


@pytest.fixture
def sensor(plant: Organization) -> Sensor:
    asset = AssetFactory.create(organization=plant, tag="P-101A")
    sensor: Sensor = SensorFactory.create(asset=asset, key="temp", unit="degC")
    return sensor


def test_a_name_of_tag_and_key_stands_for_that_sensor(plant: Organization, sensor: Sensor) -> None:
    account = send(plant, batch(("P-101A/temp", NOON, 61.5), ("P-101A/temp", NOON, 62.0)))

    assert (account.accepted, account.stored.inserted) == (2, 1)
    assert Reading.objects.get(sensor=sensor).value == 62.0


def test_an_unknown_name_is_held(plant: Organization, sensor: Sensor) -> None:
    sent = batch(
        ("cpu,host=a#load", NOON, 1.0), ("cpu,host=a#load", NOON, 2.0), ("P-101A/temp", NOON, 3.0)
    )

    account = send(plant, sent)

    assert (account.accepted, account.held, account.stored.inserted) == (3, 2, 1)
    assert HeldReading.objects.get().value == 2.0
    assert UnknownSignal.objects.get().count == 2


def test_converts(plant: Organization, sensor: Sensor) -> None:
    SignalFactory.create(sensor=sensor, name="x", unit="degF")
    account = send(plant, batch(("x", NOON, 212.0)))
    assert account.accepted == 1, account
    assert Reading.objects.get(sensor=sensor).value == pytest.approx(100.0)
