"""Made-up telemetry: ten days of ordinary vibration, and what goes wrong in it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from assets.models import Reading, Sensor
from tests.factories import NOON, SensorFactory

STEP = timedelta(minutes=10)
Values = Sequence[float] | NDArray[np.float64]


def ordinary(count: int = 1440, seed: int = 3) -> NDArray[np.float64]:
    """A daily rhythm with noise, around 4.8."""
    noise = np.random.default_rng(seed).normal(0, 0.1, count)
    return 4.8 + 0.3 * np.sin(np.arange(count) / 144 * 2 * np.pi) + noise


def with_fault(count: int = 1440, first: int = 1300, last: int = 1340) -> NDArray[np.float64]:
    values = ordinary(count)
    values[first:last] += 4.0
    return values


def store(sensor: Sensor, values: Values, start: datetime = NOON) -> datetime:
    """Append readings every ten minutes from `start`; returns the time of the last one."""
    times = [start + index * STEP for index in range(len(values))]
    Reading.objects.bulk_create(
        [
            Reading(sensor=sensor, time=time, value=float(value))
            for time, value in zip(times, values, strict=True)
        ]
    )
    sensor.last_time, sensor.last_value = times[-1], float(values[-1])
    sensor.save(update_fields=["last_time", "last_value"])
    return times[-1]


def sensor_with(values: Values, **fields: object) -> Sensor:
    sensor: Sensor = SensorFactory.create(**fields)
    store(sensor, values)
    return sensor
