"""A pump with a sensor, and a device that may send."""

import pytest

from assets.models import Sensor
from opssight.access.models import digest_of
from opssight.access.services.secrets import new_secret
from opssight.accounts.models import Organization
from tests.factories import AssetFactory, DeviceFactory, SensorFactory


@pytest.fixture
def temperature(plant: Organization) -> Sensor:
    asset = AssetFactory.create(organization=plant, tag="P-101A")
    sensor: Sensor = SensorFactory.create(asset=asset, key="temp", unit="degC")
    return sensor


@pytest.fixture
def device_secret(plant: Organization) -> str:
    """Of a device of the plant."""
    secret = new_secret()
    DeviceFactory.create(organization=plant, digest=digest_of(secret))
    return secret
