"""Several sensors in buckets of one width, by the clock or each from a moment of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from assets.models import Sensor
from assets.queries.series import (
    DAY,
    HOUR,
    MOST_READINGS,
    Bounds,
    Buckets,
    Resolution,
    Series,
    bounds_of,
    bucketed,
    floor,
    series_from,
)

_SECONDS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)
_HOURS = (1, 2, 3, 4, 6, 8, 12)


@dataclass(frozen=True)
class Aligned:
    """Series of the lines that were asked for, in their order.

    Each counts its buckets of `width` from its origin: the begin of its window, or of the hour or
    day in which that lies where the series are made of these.
    """

    width: timedelta
    resolution: Resolution
    origins: list[datetime]
    series: list[Series]


def aligned(
    lines: Sequence[tuple[int, datetime]], length: timedelta, max_points: int, *, by_clock: bool
) -> Aligned:
    """The lines, each a sensor's id and the begin of its window, with at most so many points each.

    No reading outside of a window counts. by_clock: buckets begin at whole minutes, hours or days
    (UTC), else at the begin of the window, as far as what they are made of allows. In three
    queries for each different begin.
    """
    sensors: dict[datetime, list[int]] = {}
    for sensor, start in lines:
        sensors.setdefault(start, []).append(sensor)
    bounds = {
        start: bounds_of(list(dict.fromkeys(ids)), start, start + length, max_points)
        for start, ids in sensors.items()
    }
    width = _width(length, max_points)
    source = _source([one for some in bounds.values() for one in some], width)
    width = max(width, _unit(source) or width)
    found: dict[tuple[int, datetime], Series] = {}
    for start, some in bounds.items():
        origin = _origin(start, width, source, by_clock=by_clock)
        plans = [Buckets(one.sensor, width, origin, one.interval) for one in some]
        rows = bucketed(source, plans, start, start + length, max_points) if plans else {}
        found |= {(pk, start): series for pk, series in rows.items()}
    return Aligned(
        width,
        source,
        [_origin(start, width, source, by_clock=by_clock) for _, start in lines],
        [found.get(line) or series_from(None) for line in lines],
    )


def aligned_by_clock(
    sensors: Sequence[Sensor], start: datetime, end: datetime, max_points: int
) -> Aligned:
    """The sensors in the common buckets of [start, end)."""
    lines = [(sensor.pk, start) for sensor in sensors]
    return aligned(lines, end - start, max_points, by_clock=True)


def _width(length: timedelta, max_points: int) -> timedelta:
    """The next usual width of which `max_points` cover the window, wherever it begins."""
    # A window that begins inside of a bucket touches one more.
    least = length / max(max_points - 1, 1)
    usual = [*(timedelta(seconds=s) for s in _SECONDS), *(h * HOUR for h in _HOURS)]
    for width in usual:
        if width >= least:
            return width
    return -(-least // DAY) * DAY if least % DAY else least


def _source(bounds: Sequence[Bounds], width: timedelta) -> Resolution:
    """What the buckets of all lines are made of: the coarsest that one of them needs."""
    if width >= DAY or any(one.first_day for one in bounds):
        return Resolution.DAY
    readings = sum(one.some if one.readings is None else one.readings for one in bounds)
    if width >= HOUR or any(one.first_hour for one in bounds) or readings > MOST_READINGS:
        return Resolution.HOUR
    return Resolution.RAW


def _unit(source: Resolution) -> timedelta | None:
    return {Resolution.HOUR: HOUR, Resolution.DAY: DAY}.get(source)


def _origin(start: datetime, width: timedelta, source: Resolution, *, by_clock: bool) -> datetime:
    unit = width if by_clock else _unit(source)
    return floor(start, unit) if unit else start
