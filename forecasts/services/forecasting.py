"""One forecast a day per sensor, from the hourly means of its last weeks."""

import logging
import math
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np
from django.db import transaction

from assets.models import Sensor
from assets.queries import Readings
from forecasts import queries
from forecasts.forecasters.base import Forecast as Ahead
from forecasts.forecasters.base import TooLittleHistory
from forecasts.forecasters.choose import forecast
from forecasts.forecasters.series import Series, resample, seasons_of
from forecasts.forecasters.totals import running_total
from forecasts.models import Forecast

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
    sensors = Sensor.objects.filter(
        asset__in=list(asset_ids), is_active=True, last_time__gte=at - STALE_AFTER
    ).in_bulk()
    hourly = queries.hourly_means(list(sensors), end - HISTORY, end)
    rows = [
        row
        for pk, means in sorted(hourly.items())
        if (row := _forecast(sensors[pk], means, at)) is not None
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
            "level",
            "method",
            "backtest_error",
        ],
    )
    Forecast.objects.filter(asset__in=asset_ids, starts_at__lt=at - KEPT).delete()


def _forecast(sensor: Sensor, hourly: Readings, at: datetime) -> Forecast | None:
    """The row for a sensor, not yet stored; None when its data say too little."""
    is_counter = sensor.kind == Sensor.Kind.COUNTER
    middles = hourly.seconds + HOUR / 2
    try:
        series = resample(middles, hourly.values, HOUR, kind="counter" if is_counter else "gauge")
        if len(series.values) < FEWEST_HOURS:
            return None
        ahead = forecast(series.values, steps=HORIZON, seasons=seasons_of(HOUR))
    except TooLittleHistory:
        return None
    except (ArithmeticError, ValueError):
        # One sensor that cannot be forecast must not hold up the others of its chunk.
        logger.exception("Sensor %s could not be forecast.", sensor.pk)
        return None
    return _row(sensor, series, ahead, at)


def _row(sensor: Sensor, series: Series, ahead: Ahead, at: datetime) -> Forecast:
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
        starts_at=datetime.fromtimestamp(series.end, UTC),
        step=queries.STEP,
        values=middle.tolist(),
        lower=ends[0, 0].tolist(),
        upper=ends[0, 1].tolist(),
        inner=ends[1:].reshape(-1, len(middle)).tolist(),
        dependence=ahead.dependence,
        level=ahead.level,
        method=(f"rise per hour: {ahead.method}" if is_counter else ahead.method)[:100],
        backtest_error=ahead.mase if math.isfinite(ahead.mase) else None,
    )
