"""Clocks and days: daylight saving, holidays and times of standing still, around any forecaster.

A series is laid on the clock of its site, so that a daily season keeps its hour when clocks change;
hours that are no ordinary ones are not learned from; and what is forecast is moved back to real
time and to the kind of day that it is for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from forecasts.forecasters.base import Floats, Forecast, Ints

Bools = NDArray[np.bool_]
DAY, WEEK = 24, 168
"""Hours; what follows knows hourly series only."""

HOUR = 3600.0
SUNDAY = 6
MOST_STANDING = 0.5
"""Of the hours: a machine that stands for longer is learned from as it is."""

FEWEST_STANDING = 3
"""Hours seen standing still from which on it is known what a sensor reads then."""

FEWEST_HOLIDAYS = 2
FEWEST_HOURS = 12
"""Of a day that is compared with another."""


@lru_cache(maxsize=512)
def clock_shifts(zone: tzinfo, end: int, hours: int) -> Ints:
    """By how many hours clocks were set otherwise than at `end`, (hours,); negative: behind.

    `end` is in seconds since 1970; positive `hours` look at those from it on, negative ones at
    those before it. Half hours are rounded.

    >>> from zoneinfo import ZoneInfo
    >>> spring = int(datetime(2026, 3, 29, 3, tzinfo=UTC).timestamp())
    >>> clock_shifts(ZoneInfo("Europe/Berlin"), spring, -4)
    array([-1, -1,  0,  0])
    """
    places = range(hours) if hours > 0 else range(hours, 0)
    return np.array([shift_at(zone, end, end + i * HOUR) for i in places])


def shift_at(zone: tzinfo, end: int, at: float) -> int:
    """By how many hours clocks were ahead at a time of what they are at `end`."""
    return round((_offset(zone, at) - _offset(zone, end)) / HOUR)


def _offset(zone: tzinfo, seconds: float) -> float:
    offset = datetime.fromtimestamp(seconds, UTC).astimezone(zone).utcoffset()
    return offset.total_seconds() if offset else 0.0


def unclocked(forecast: Forecast, shifts: Ints) -> Forecast:
    """From steps on the clock of the origin to real hours, where clocks change on the way.

    `shifts` (steps,) as of `clock_shifts`. The hour beyond the last one is taken to be the last.
    """
    steps = len(shifts)
    if not shifts.any():
        return forecast
    return _each(forecast, np.clip(np.arange(steps) + shifts, 0, steps - 1))


def _each(forecast: Forecast, places: Ints) -> Forecast:
    return replace(
        forecast,
        point=forecast.point[places],
        lower=forecast.lower[places],
        upper=forecast.upper[places],
        inner=forecast.inner[..., places],
    )


def without(values: Floats, masked: Bools) -> Floats:
    """With what it was a week before, else a day before, in the masked hours; the rest as it is.

    Nothing later is looked at. Masked hours with nothing before them stay. If more than half is
    masked, all stays: the machine stands as a rule.

    >>> without(np.arange(200.0), np.arange(200) == 190)[188:192]
    array([188., 189.,  22., 191.])
    """
    if not masked.any() or masked.mean() > MOST_STANDING:
        return values
    out = values.copy()
    for place in np.flatnonzero(masked):
        for season in (WEEK, DAY):
            if place >= season and not (masked[place - season] and place < 2 * season):
                out[place] = out[place - season]
                break
    return out


def standing_level(values: Floats, stood: Bools, *, is_counter: bool) -> float:
    """What a series reads standing still; NaN: that was never seen. A counter does not count.

    >>> standing_level(np.array([9.0, 1, 1, 2]), np.arange(4) > 0, is_counter=False)
    1.0
    """
    if is_counter:
        return 0.0
    seen = values[stood]
    return float(np.median(seen)) if len(seen) >= FEWEST_STANDING else float("nan")


def standing_still(
    forecast: Forecast, stands: Bools, level: float, *, sure: bool = False
) -> Forecast:
    """With that level in the steps in which it stands still; NaN: a gap.

    As sure as otherwise, or altogether (`sure`: a machine that stands counts no hours).
    """
    if not stands.any():
        return forecast
    floor = 0.0 if level >= 0 and np.all(forecast.lower >= 0) else -np.inf
    made = _moved(forecast, np.where(stands, level - forecast.point, 0.0), floor)
    if not sure:
        return made
    return replace(
        made,
        lower=np.where(stands, level, made.lower),
        upper=np.where(stands, level, made.upper),
        inner=np.where(stands, level, made.inner),
    )


def _moved(forecast: Forecast, by: Floats, floor: float = -np.inf) -> Forecast:
    return replace(
        forecast,
        point=np.maximum(forecast.point + by, floor),
        lower=np.maximum(forecast.lower + by, floor),
        upper=np.maximum(forecast.upper + by, floor),
        inner=np.maximum(forecast.inner + by, floor),
    )


@dataclass(frozen=True, slots=True)
class Holiday:
    """One holiday of the past, by its 24 hours, with the days to compare it with; NaN: unknown.

    sunday   the last one before it
    weekday  the same day of the week before
    """

    own: Floats
    sunday: Floats
    weekday: Floats


def are_like_sundays(holidays: Sequence[Holiday]) -> bool:
    """Whether holidays were nearer to Sundays than to their day of the week; False: not known.

    >>> work, rest = np.full(24, 9.0), np.full(24, 2.0)
    >>> are_like_sundays([Holiday(rest, rest, work)] * 2), are_like_sundays([])
    (True, False)
    """
    apart = [
        (
            float(np.abs(one.own - one.sunday)[known].mean()),
            float(np.abs(one.own - one.weekday)[known].mean()),
        )
        for one in holidays
        if (known := np.isfinite(one.own + one.sunday + one.weekday)).sum() >= FEWEST_HOURS
    ]
    if len(apart) < FEWEST_HOLIDAYS:
        return False
    sundays, weekdays = np.sum(apart, axis=0)
    return bool(sundays < weekdays)


def as_sundays(
    forecast: Forecast, history: Floats, rests: Bools, weekdays: Ints, hour: int
) -> Forecast:
    """With the steps of a holiday moved to where Sundays lie beside its day of the week.

    history   hours on the clock of the site, the last one just before the forecast
    rests     (steps,) which steps belong to a holiday
    weekdays  (steps,) their days, 0 to 6 (Sunday)
    hour      of the day at which the forecast begins
    """
    steps = np.flatnonzero(rests & (weekdays != SUNDAY))
    if not len(steps) or len(history) < WEEK:
        return forecast
    by = np.zeros(len(rests))
    first = int(weekdays[0]) * DAY + hour
    slots = (first - len(history) + np.arange(len(history))) % WEEK
    for step in steps:
        slot = (first + int(step)) % WEEK
        sunday = np.median(history[slots == SUNDAY * DAY + slot % DAY])
        by[step] = sunday - np.median(history[slots == slot])
    return _moved(forecast, by, 0.0 if history.min() >= 0 else -np.inf)
