"""A made-up machine: three gauges that follow one load, each with noise of its own."""

from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from assets.models import Asset, Reading, Sensor
from tests.factories import NOON, AssetFactory, SensorFactory

STEP = timedelta(hours=1)
DAY = 24
GAINS = {"current": 4.0, "flow": -2.0, "temperature": 1.0}

Rows = NDArray[np.float64]


def running(count: int, seed: int = 3) -> Rows:
    """(count, 3): the load wanders, the sensors go with it."""
    rng = np.random.default_rng(seed)
    load = np.empty(count)
    level = 0.0
    for i in range(count):
        level = 0.95 * level + rng.normal(0, 0.3)
        load[i] = level
    return np.outer(load, list(GAINS.values())) + rng.normal(0, 0.2, (count, 3)) + [80, 40, 60]


def machine(rows: Rows, start: datetime = NOON, asset: Asset | None = None) -> Asset:
    """An asset whose gauges read the rows every hour from `start`."""
    asset = asset or AssetFactory.create()
    for j, key in enumerate(GAINS):
        sensor = asset.sensors.filter(key=key).first() or SensorFactory.create(
            asset=asset, key=key, quantity=key, unit="A", expected_interval=STEP
        )
        send(sensor, rows[:, j], start)
    return asset


def send(sensor: Sensor, values: Rows, start: datetime) -> None:
    Reading.objects.bulk_create(
        Reading(sensor=sensor, time=start + i * STEP, value=value)
        for i, value in enumerate(values.tolist())
    )
    sensor.last_time = start + (len(values) - 1) * STEP
    sensor.save(update_fields=["last_time"])
