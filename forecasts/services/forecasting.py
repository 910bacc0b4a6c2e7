"""One forecast a day per sensor, from the hourly means of its last weeks."""

import logging
import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from django.db import transaction

from assets.models import Sensor
from assets.queries import Readings
from forecasts import queries
from forecasts.forecasters.base import Forecast as Ahead
from forecasts.forecasters.base import TooLittleHistory
from forecasts.forecasters.choose import forecast
from forecasts.forecasters.series import seasons_of
from forecasts.forecasters.totals import running_total
from forecasts.models import Forecast
from forecasts.services.calendars import SensorDays, sensor_days

logger = logging.getLogger(__name__)

HISTORY = timedelta(days=28)
HORIZON = 48
"""Steps of an hour."""

FEWEST_HOURS = 72
"""A sensor with a shorter history gets no forecast: insufficient data is no number."""

STALE_AFTER = timedelta(hours=24)
"""Nor does a sensor that has been silent for longer than this."""

KEPT = timedelta(days=14)
HOUR = queries.STEP.total_seconds()


def refresh_forecasts(*, asset_ids: Iterable[int], at: datetime) -> int:
    """Forecast the active sensors of these assets for 48 h and forget forecasts older than 14 days.

    Returns how many sensors have one. Run again within the hour it replaces what it wrote.
    """
    end = at.replace(minute=0, second=0, microsecond=0)
    active = Sensor.objects.filter(
        asset__in=list(asset_ids), is_active=True, last_time__gte=at - STALE_AFTER
    )
    sensors = active.select_related("asset__site").in_bulk()
    hourly = queries.hourly_means(list(sensors), end - HISTORY, end)
    known = [sensors[pk] for pk in sorted(hourly)]
    calendars = sensor_days(known, end - HISTORY, end, end + HORIZON * queries.STEP)
    rows = [
        row
        for sensor in known
        if (row := _forecast(sensor, hourly[sensor.pk], calendars[sensor.pk], at)) is not None
    ]
    _store(rows, asset_ids=list(asset_ids), at=at)
    return len(rows)


@transaction.atomic
def _store(rows: Sequence[Forecast], *, asset_ids: Sequence[int], at: datetime) -> None:
    Forecast.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["sensor", "starts_at"],
        update_fields=[
            "made_at",
            "step",
            "values",
            "lower",
            "upper",
            "inner",
            "dependence",
            "calendar",
            "level",
            "method",
            "backtest_error",
        ],
    )
    Forecast.objects.filter(asset__in=asset_ids, starts_at__lt=at - KEPT).delete()


def _forecast(
    sensor: Sensor, hourly: Readings, calendar: SensorDays, at: datetime
) -> Forecast | None:
    """The row for a sensor, not yet stored; None when its data say too little."""
    try:
        series = calendar.series(hourly)
        if len(series.values) < FEWEST_HOURS:
            return None
        history = calendar.learned_from(series).values
        ahead = forecast(history, steps=HORIZON, seasons=seasons_of(HOUR))
    except TooLittleHistory:
        return None
    except (ArithmeticError, ValueError):
        # One sensor that cannot be forecast must not hold up the others of its chunk.
        logger.exception("Sensor %s could not be forecast.", sensor.pk)
        return None
    ahead, unusual = calendar.ahead(ahead, series)
    return _row(sensor, calendar.starts_at(series), ahead, unusual, at)


def _row(
    sensor: Sensor, starts_at: datetime, ahead: Ahead, unusual: list[dict[str, Any]], at: datetime
) -> Forecast:
    """A counter is forecast by its rise per hour and shown as what it will read."""
    is_counter = sensor.kind == Sensor.Kind.COUNTER
    middle, ends = ahead.point, np.stack(((ahead.lower, ahead.upper), *ahead.inner))
    if is_counter:
        middle, ends = running_total(sensor.last_value or 0.0, middle, ends, ahead.dependence)
    return Forecast(
        organization_id=sensor.organization_id,
        asset_id=sensor.asset_id,
        sensor=sensor,
        made_at=at,
        starts_at=starts_at,
        step=queries.STEP,
        values=middle.tolist(),
        lower=ends[0, 0].tolist(),
        upper=ends[0, 1].tolist(),
        inner=ends[1:].reshape(-1, len(middle)).tolist(),
        dependence=ahead.dependence,
        level=ahead.level,
        calendar=unusual,
        method=(f"rise per hour: {ahead.method}" if is_counter else ahead.method)[:100],
        backtest_error=ahead.mase if math.isfinite(ahead.mase) else None,
    )
