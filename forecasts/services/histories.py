"""The hours of sensors, as forecasts see and models learn them."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from assets.models import Sensor
from forecasts import queries
from forecasts.forecasters.base import Floats, TooLittleHistory
from forecasts.forecasters.series import Series
from forecasts.services.calendars import SensorDays, sensor_days
from forecasts.services.learned import SHAPE

logger = logging.getLogger(__name__)

HISTORY = timedelta(days=28)
HORIZON = SHAPE.steps * queries.STEP
FEWEST_HOURS = 72
"""A shorter history says too little: insufficient data is no number."""


@dataclass(frozen=True, slots=True)
class History:
    """What a sensor has read hour by hour, and what the calendar says of it.

    series   the hours as they were, on the clock of the site
    values   the same without what is no ordinary hour
    """

    sensor: Sensor
    calendar: SensorDays
    series: Series
    values: Floats


def last_hour(at: datetime) -> datetime:
    """Where histories end at this time."""
    return at.replace(minute=0, second=0, microsecond=0)


def histories(sensors: Sequence[Sensor], end: datetime) -> Iterator[History]:
    """The histories up to `end` of those sensors that have enough of one, by their ids.

    The sensors with their assets and sites.
    """
    since = end - HISTORY
    by_id = {sensor.pk: sensor for sensor in sensors}
    hourly = queries.hourly_means(list(by_id), since, end)
    known = [by_id[pk] for pk in sorted(hourly)]
    calendars = sensor_days(known, since, end, end + HORIZON)
    for sensor in known:
        calendar = calendars[sensor.pk]
        try:
            series = calendar.series(hourly[sensor.pk])
            if len(series.values) >= FEWEST_HOURS:
                values = calendar.learned_from(series).values
                yield History(sensor, calendar, series, values)
        except TooLittleHistory:
            continue
        except (ArithmeticError, ValueError):
            # One sensor whose readings cannot be counted with must not hold up the others.
            logger.exception("The history of sensor %s cannot be used.", sensor.pk)
