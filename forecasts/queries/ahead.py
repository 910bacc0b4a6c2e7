"""Limits ahead: those that forecasts may reach, and those that slow trends run towards."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from anomalies.models import Anomaly
from anomalies.queries import trends
from anomalies.trends.slow import LONGEST, slow_changes
from anomalies.trends.words import FARTHEST
from assets.models import Sensor
from forecasts.forecasters.slopes import days_until, pace_of
from forecasts.models import Forecast
from forecasts.queries.crossing import EARLY, Crossing, crossings

VALID = timedelta(hours=36)
"""An older forecast says nothing any more."""


@dataclass(frozen=True, slots=True)
class LimitAhead:
    """One limit of one sensor, with the times by which it is reached with 10, 50 and 90 %.

    is_trend  a slow trend runs towards it: the times are days, by the pace of the trend and the
              interval of that; else a forecast of the next two days reaches it
    chance    that it is reached within the forecast; None for a trend
    possible  None: not within the time that is looked at, as for the other two
    """

    sensor: Sensor
    name: str
    limit: float
    is_trend: bool
    possible: datetime | None
    likely: datetime | None
    latest: datetime | None
    chance: float | None

    @property
    def percent(self) -> str:
        """The chance in words; it never reads as certain."""
        share = round((self.chance or 0.0) * 100)
        return "more than 99 %" if share > 99 else f"{share} %"

    @property
    def first(self) -> datetime | None:
        """The time to go by in an order of urgency."""
        return self.likely or self.possible


def limits_ahead(asset_ids: Collection[int], at: datetime) -> list[LimitAhead]:
    """Of these assets, the most urgent first; one row per sensor and limit.

    A limit that the last reading is beyond is not ahead. At most seven queries.
    """
    found = {
        (one.sensor.pk, one.name): one
        for one in (*_of_trends(asset_ids, at), *_of_forecasts(asset_ids, at))
    }
    return sorted(found.values(), key=lambda one: (one.likely is None, one.first or at))


def _of_forecasts(asset_ids: Collection[int], at: datetime) -> list[LimitAhead]:
    newest = (
        Forecast.objects.filter(
            asset__in=asset_ids,
            sensor__is_active=True,
            starts_at__gt=at - VALID,
            starts_at__lte=at + timedelta(hours=1),
        )
        .order_by("sensor_id", "-starts_at")
        .distinct("sensor_id")
        .select_related("sensor__limits", "sensor__asset__site")
    )
    return [
        LimitAhead(
            sensor=forecast.sensor,
            name=one.name,
            limit=one.limit,
            is_trend=False,
            possible=one.possible,
            likely=one.likely,
            latest=one.latest,
            chance=one.chance,
        )
        for forecast in newest
        for one in crossings(forecast, forecast.sensor)
        if one.chance >= EARLY and (one.latest or at) >= at and not _is_beyond(forecast, one)
    ]


def _is_beyond(forecast: Forecast, one: Crossing) -> bool:
    value = forecast.sensor.last_value
    return value is not None and (value >= one.limit if one.is_upward else value <= one.limit)


def _of_trends(asset_ids: Collection[int], at: datetime) -> list[LimitAhead]:
    """By the same daily figures as the trends are found by at night."""
    rows = Anomaly.objects.filter(
        asset__in=asset_ids, method=Anomaly.Method.TREND, ended_at=None, closed_at=None
    ).values("sensor")
    sensors = list(
        Sensor.objects.filter(pk__in=rows, is_active=True, kind=Sensor.Kind.GAUGE)
        .select_related("asset__site", "limits")
        .order_by("pk")
    )
    if not sensors:
        return []
    until = trends.midnight(at)
    levels = trends.daily_levels(sensors, until, LONGEST)
    slow = slow_changes(levels, (until - trends.DAY).weekday())
    found = []
    for row, sensor in enumerate(sensors):
        slope, level = float(slow.slope[row]), float(slow.after[row])
        limit = trends.limit_ahead(sensor, level, is_up=slope > 0)
        if not slope or limit is None or not np.isfinite(level):
            continue
        pace = pace_of(levels[row, int(slow.first[row]) :])
        ends = (slope, slope) if pace is None else sorted((pace.low, pace.high), key=abs)
        slowest, fastest = ends if ends[0] * ends[1] > 0 else (0.0, ends[1])
        possible, likely, latest = (
            until + timedelta(days=days) if days <= FARTHEST else None
            for days in (days_until(limit[1], level, one) for one in (fastest, slope, slowest))
        )
        if likely is None:
            continue
        found.append(
            LimitAhead(
                sensor=sensor,
                name=limit[0],
                limit=limit[1],
                is_trend=True,
                possible=possible,
                likely=likely,
                latest=latest,
                chance=None,
            )
        )
    return found
