"""What forecasts and risk scores are made of, read in bulk, and when a forecast reaches a limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from numpy.typing import NDArray

from assets.models import Asset, Sensor
from assets.queries import Readings, readings_from
from forecasts.models import Forecast, RiskScore

CHUNK = 25
"""Assets that one task forecasts or rates."""

STEP = timedelta(hours=1)
NORMAL_DAYS = 28
RECENT_READINGS = 6

_HOURLY = """
    SELECT sensor_id, array_agg(bucket ORDER BY bucket), array_agg(avg ORDER BY bucket)
    FROM asset_metrics_hourly
    WHERE sensor_id = ANY(%s) AND bucket >= %s AND bucket < %s
    GROUP BY sensor_id
"""

# Normal is the median of one reading a day, at the hour of the last one: 28 index look-ups a
# sensor, however often it reads.
_SIGNALS = """
    SELECT s.id, recent.mean, normal.median
    FROM sensors s
    CROSS JOIN LATERAL (
        SELECT avg(value) AS mean FROM (
            SELECT value FROM asset_metrics m WHERE m.sensor_id = s.id AND m.time <= s.last_time
            ORDER BY time DESC LIMIT %s
        ) r
    ) recent
    CROSS JOIN LATERAL (
        SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY daily.value) AS median
        FROM generate_series(1, %s) AS day
        CROSS JOIN LATERAL (
            SELECT value FROM asset_metrics m
            WHERE m.sensor_id = s.id
              AND m.time > s.last_time - make_interval(days => day)
              AND m.time <= s.last_time - make_interval(days => day - 1)
            ORDER BY m.time LIMIT 1
        ) daily
    ) normal
    WHERE s.id = ANY(%s)
"""


@dataclass(frozen=True, slots=True)
class Signal:
    """Where a sensor stands: mean of its last readings, and its median of the last weeks."""

    recent: float
    normal: float


@dataclass(frozen=True, slots=True)
class Crossing:
    """When a forecast reaches a limit of its sensor.

    `likely` is the time at which the forecast itself does (none within the horizon: None),
    `possible` the time at which its interval does, which is never later.
    """

    limit: float
    possible: datetime
    likely: datetime | None


@dataclass(frozen=True, slots=True)
class Ranked:
    """An asset with its newest risk: the parts, worst first, and the change of the score."""

    asset: Asset
    parts: list[dict[str, Any]]
    change: float | None

    @property
    def main_reason(self) -> str:
        return str(self.parts[0]["sentence"]) if self.parts else ""


def ranking(assets: Sequence[Asset], *, before: date) -> list[Ranked]:
    """The assets, in their order, with the change since the last score of `before`; two queries."""
    scores = (
        RiskScore.objects.filter(asset__in=assets).order_by("asset_id", "-day").distinct("asset_id")
    )
    newest = {row.asset_id: row for row in scores}
    earlier = dict(scores.filter(day__lte=before).values_list("asset_id", "score"))
    return [
        Ranked(
            asset,
            newest[asset.pk].parts if asset.pk in newest else [],
            (asset.current_risk or 0.0) - earlier[asset.pk] if asset.pk in earlier else None,
        )
        for asset in assets
    ]


def hourly_means(sensor_ids: Sequence[int], start: datetime, end: datetime) -> dict[int, Readings]:
    """Means of the hours that begin in [start, end) by sensor id, at their begin. One query.

    Hours without readings are absent; those whose single readings are kept no longer are not.
    """
    return readings_from(_HOURLY, [list(sensor_ids), start, end])


def signals(sensor_ids: Sequence[int]) -> dict[int, Signal]:
    """Where each sensor stands, by sensor id; sensors with less than a day are absent."""
    with connection.cursor() as cursor:
        cursor.execute(_SIGNALS, [RECENT_READINGS, NORMAL_DAYS, list(sensor_ids)])
        return {
            sensor_id: Signal(recent, normal)
            for sensor_id, recent, normal in cursor.fetchall()
            if recent is not None and normal is not None
        }


def crossing(forecast: Forecast, sensor: Sensor) -> Crossing | None:
    """The first limit that the forecast or its interval reaches, or None within the horizon."""
    found = []
    for limit, far, point, beyond in (
        (sensor.high_limit, forecast.upper, forecast.values, np.greater_equal),
        (sensor.low_limit, forecast.lower, forecast.values, np.less_equal),
    ):
        if limit is None:
            continue
        possible = _first(beyond(far, limit), forecast)
        likely = _first(beyond(point, limit), forecast)
        if possible is not None:
            found.append(Crossing(limit, min(possible, likely or possible), likely))
    return min(found, key=lambda c: (c.likely is None, c.likely or c.possible), default=None)


def _first(beyond: NDArray[np.bool_], forecast: Forecast) -> datetime | None:
    places = np.flatnonzero(beyond)
    if not len(places):
        return None
    return forecast.starts_at + int(places[0]) * forecast.step
