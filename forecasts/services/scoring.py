"""Past forecasts are compared with what came, once each, and summed up by model and horizon."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
from django.db import transaction
from django.db.models import F

from assets.models import Sensor
from assets.queries import Readings
from forecasts import queries
from forecasts.forecasters.base import Floats
from forecasts.forecasters.scoring import Came, Said, came_of
from forecasts.models import Forecast, ForecastScore
from forecasts.services.learned import HORIZONS, SHAPE
from opssight.accounts.models import Organization

CHUNK = 500
"""Forecasts compared in one transaction."""

BEFORE = SHAPE.season * queries.STEP
AFTER = (SHAPE.steps + 2) * queries.STEP
"""Two hours more than the forecast: the reading at its end is between two means."""


@dataclass(slots=True)
class _Sums:
    forecasts: int = 0
    steps: int = 0
    errors: float = 0.0
    naive_errors: float = 0.0
    judged: int = 0
    inside: int = 0
    promised: float = 0.0


Key = tuple[int | None, date, int]


def score_forecasts(*, organization_id: int, at: datetime) -> int:
    """Compare forecasts whose time is over with what came; returns how many. Safe to run twice."""
    count = 0
    while scored := _score_some(organization_id, at):
        count += scored
    return count


@transaction.atomic
def _score_some(organization_id: int, at: datetime) -> int:
    over = Forecast.objects.filter(
        organization=organization_id, scored_at=None, starts_at__lte=at - AFTER
    )
    # Two at once must not count a forecast twice.
    Organization.objects.select_for_update(of=("self",), no_key=True).get(pk=organization_id)
    rows = list(over.select_related("sensor").order_by("starts_at", "pk")[:CHUNK])
    if not rows:
        return 0
    hourly = queries.hourly_means(
        sorted({row.sensor_id for row in rows}),
        rows[0].starts_at - BEFORE - queries.STEP,
        rows[-1].starts_at + AFTER,
    )
    sums: dict[Key, _Sums] = defaultdict(_Sums)
    for row in rows:
        if row.sensor_id in hourly:
            _add(sums, row, came_of(_said(row), _hours(row, hourly[row.sensor_id]), SHAPE.season))
    _keep(organization_id, sums)
    Forecast.objects.filter(pk__in=[row.pk for row in rows]).update(scored_at=at)
    return len(rows)


def _said(row: Forecast) -> Said:
    values, lower, upper = (np.array(part, dtype=np.float64) for part in _parts(row))
    return Said(values, lower, upper, row.scale or 0.0, row.sensor.kind == Sensor.Kind.COUNTER)


def _parts(row: Forecast) -> Sequence[Sequence[float]]:
    return row.values, row.lower, row.upper


def _hours(row: Forecast, known: Readings) -> Floats:
    """Means from one season before the forecast to an hour after it, NaN where there are none.

    A forecast that begins within an hour, as at places half an hour off, lies between two of them.
    """
    step = queries.STEP.total_seconds()
    begin = (row.starts_at - BEFORE).timestamp()
    first = begin // step
    count = SHAPE.season + len(row.values) + 2
    hours = np.full(count, np.nan)
    places = np.round(known.seconds / step - first).astype(np.int64)
    inside = (places >= 0) & (places < count)
    hours[places[inside]] = known.values[inside]
    part = begin / step - first
    return hours[:-1] if part == 0 else (1 - part) * hours[:-1] + part * hours[1:]


def _add(sums: dict[Key, _Sums], row: Forecast, came: Came) -> None:
    for low, high in zip((0, *HORIZONS), HORIZONS, strict=False):
        errors, naive, inside = (part[low:high] for part in (came.errors, came.naive, came.inside))
        into = sums[row.model_id, row.starts_at.date(), high]
        judged = int(np.isfinite(inside).sum())
        into.forecasts += 1
        into.steps += int(np.isfinite(errors).sum())
        into.errors += float(np.nansum(errors))
        into.naive_errors += float(np.nansum(naive))
        into.judged += judged
        into.inside += int(np.nansum(inside))
        into.promised += row.level * judged


def _keep(organization_id: int, sums: Mapping[Key, _Sums]) -> None:
    """Add to what is there; the caller holds the organization's row."""
    for (model_id, day, horizon), one in sorted(sums.items(), key=lambda item: str(item[0])):
        values = {name: getattr(one, name) for name in _Sums.__slots__}
        rows = ForecastScore.objects.filter(
            organization=organization_id, model=model_id, day=day, horizon=horizon
        )
        if not rows.update(**{name: F(name) + value for name, value in values.items()}):
            ForecastScore.objects.create(
                organization_id=organization_id,
                model_id=model_id,
                day=day,
                horizon=horizon,
                **values,
            )
