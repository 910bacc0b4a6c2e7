"""One forecast a day per sensor, from the hourly means of its last weeks."""

import logging
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import numpy as np
from django.db import transaction

from assets.models import Sensor
from forecasts import queries
from forecasts.forecasters.base import Forecast as Ahead
from forecasts.forecasters.choose import forecast_many
from forecasts.forecasters.scores import season_scale
from forecasts.forecasters.series import seasons_of
from forecasts.forecasters.totals import running_total
from forecasts.models import Forecast, ModelVersion
from forecasts.services.histories import History, histories, last_hour
from forecasts.services.learned import SHAPE, learned_forecasts, model_in_use

logger = logging.getLogger(__name__)

STALE_AFTER = timedelta(hours=24)
"""A sensor that has been silent for longer than this gets no forecast."""

KEPT = timedelta(days=14)
HOUR = queries.STEP.total_seconds()


def refresh_forecasts(*, asset_ids: Iterable[int], at: datetime) -> int:
    """Forecast the active sensors of these assets for 48 h and forget forecasts older than 14 days.

    Returns how many sensors have one. Run again within the hour it replaces what it wrote.
    """
    active = Sensor.objects.filter(
        asset__in=list(asset_ids), is_active=True, last_time__gte=at - STALE_AFTER
    )
    by_organization: dict[int, list[History]] = defaultdict(list)
    for one in histories(list(active.select_related("asset__site")), last_hour(at)):
        by_organization[one.sensor.organization_id].append(one)
    rows = [row for pk, known in by_organization.items() for row in _forecasts(pk, known, at)]
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
            "model",
            "scale",
        ],
    )
    Forecast.objects.filter(asset__in=asset_ids, starts_at__lt=at - KEPT).delete()


def _forecasts(organization_id: int, known: Sequence[History], at: datetime) -> list[Forecast]:
    """The rows of an organization, not yet stored: by its model, else by simple methods."""
    using = model_in_use(organization_id, at)
    learned = (
        learned_forecasts(*using, {one.sensor.pk: one.values for one in known}) if using else {}
    )
    made = _simple([one for one in known if one.sensor.pk not in learned]) | learned
    return [
        _row(
            one,
            made[one.sensor.pk],
            using[0] if using and one.sensor.pk in learned else None,
            at,
        )
        for one in known
        if one.sensor.pk in made
    ]


def _simple(known: Sequence[History]) -> dict[int, Ahead]:
    """By sensor id; one sensor that cannot be forecast must not hold up the others."""
    try:
        made = forecast_many(
            [one.values for one in known], steps=SHAPE.steps, seasons=seasons_of(HOUR)
        )
    except (ArithmeticError, ValueError):
        if len(known) > 1:
            return {pk: one for each in known for pk, one in _simple([each]).items()}
        logger.exception("Sensor %s could not be forecast.", known[0].sensor.pk)
        return {}
    return {one.sensor.pk: ahead for one, ahead in zip(known, made, strict=True)}


def _row(one: History, ahead: Ahead, version: ModelVersion | None, at: datetime) -> Forecast:
    """A counter is forecast by its rise per hour and shown as what it will read."""
    sensor = one.sensor
    ahead, unusual = one.calendar.ahead(ahead, one.series)
    scale = season_scale(one.values, SHAPE.season)
    is_counter = sensor.kind == Sensor.Kind.COUNTER
    middle, ends = ahead.point, np.stack(((ahead.lower, ahead.upper), *ahead.inner))
    if is_counter:
        middle, ends = running_total(sensor.last_value or 0.0, middle, ends, ahead.dependence)
    return Forecast(
        organization_id=sensor.organization_id,
        asset_id=sensor.asset_id,
        sensor=sensor,
        made_at=at,
        starts_at=one.calendar.starts_at(one.series),
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
        model=version,
        scale=scale if scale > 0 else None,
    )
