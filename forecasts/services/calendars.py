"""Forecasts that know the calendar: clocks, holidays and planned shutdowns."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from assets.models import Sensor
from assets.queries import Readings
from assets.queries.uptime import Window
from forecasts.forecasters import days
from forecasts.forecasters.base import Forecast as Ahead
from forecasts.forecasters.days import HOUR, Bools
from forecasts.forecasters.series import Series, resample
from forecasts.queries import calendars as queries
from telemetry.quality.words import clock

STANDING = "Planned shutdown from {start} to {end}: forecast as standing still."
UNKNOWN = "Planned shutdown from {start} to {end}: what it reads standing still was never seen."
RESTING = "Public holiday on {day}: forecast as a Sunday, which past holidays were like."


@dataclass(frozen=True, slots=True)
class SensorDays:
    """What the calendar says of one sensor between the begin of its history and the horizon.

    end       of the history: its clock is the one that hours are laid on
    rests     holidays that count as Sundays
    """

    end: int
    zone: ZoneInfo
    is_counter: bool = False
    stood: Sequence[Window] = ()
    stands: Sequence[Window] = ()
    rests: frozenset[date] = field(default_factory=frozenset)

    def series(self, hourly: Readings) -> Series:
        """Hours on the clock of the site. Raises TooLittleHistory as `resample` does."""
        seconds = hourly.seconds
        hours = max(round((self.end - float(seconds[0])) / HOUR), 1) if len(seconds) else 1
        shifts = days.clock_shifts(self.zone, self.end, -hours)
        places = np.clip((seconds - (self.end - hours * HOUR)) // HOUR, 0, hours - 1)
        # What a counter rose since the hour before belongs to the hour.
        return resample(
            seconds + (HOUR if self.is_counter else HOUR / 2),
            hourly.values,
            HOUR,
            kind="counter" if self.is_counter else "gauge",
            shifts=shifts[places.astype(np.int64)] * HOUR,
        )

    def starts_at(self, series: Series) -> datetime:
        """When the forecast of the series really begins."""
        return datetime.fromtimestamp(series.end - self._shift(series.end) * HOUR, UTC)

    def learned_from(self, series: Series) -> Series:
        """The series without what is no ordinary hour."""
        masked = self._stood(series, part=0.0) | self._rested(series)
        return Series(series.start, series.step, days.without(series.values, masked))

    def ahead(self, made: Ahead, series: Series) -> tuple[Ahead, list[dict[str, Any]]]:
        """The forecast as the calendar has it, and what was no ordinary time in it."""
        steps = len(made.point)
        start = self.starts_at(series)
        local = start.astimezone(self.zone).replace(tzinfo=None)
        hours = [local + timedelta(hours=step) for step in range(steps)]
        rests = np.array([hour.date() in self.rests for hour in hours])
        weekdays = np.array([hour.weekday() for hour in hours])
        history = self.learned_from(series).values
        made = days.as_sundays(made, history, rests, weekdays, local.hour)
        made = days.unclocked(made, days.clock_shifts(self.zone, int(start.timestamp()), steps))
        stands = _covered(self.stands, start.timestamp(), steps, part=0.5)
        stood = self._stood(series, part=1.0)
        level = days.standing_level(series.values, stood, is_counter=self.is_counter)
        made = days.standing_still(made, stands, level, sure=self.is_counter)
        free = {hour.date() for hour, rest in zip(hours, rests, strict=True) if rest}
        notes = [self._holiday(day) for day in sorted(free) if day.weekday() != days.SUNDAY]
        text = UNKNOWN if np.isnan(level) else STANDING
        until = start.timestamp() + steps * HOUR
        near = (one for one in self.stands if one[1] > start.timestamp() and one[0] < until)
        return made, notes + [self._shutdown(window, text) for window in near]

    def _shift(self, seconds: float) -> int:
        return days.shift_at(self.zone, self.end, seconds)

    def _stood(self, series: Series, part: float) -> Bools:
        windows = [
            (start + self._shift(start) * HOUR, end + self._shift(end) * HOUR)
            for start, end in self.stood
        ]
        return _covered(windows, series.start, len(series.values), part)

    def _rested(self, series: Series) -> Bools:
        if not self.rests:
            return np.zeros(len(series.values), dtype=np.bool_)
        end = datetime.fromtimestamp(self.end, UTC).astimezone(self.zone).replace(tzinfo=None)
        first = end + timedelta(seconds=series.start - self.end)
        dates = [(first + timedelta(hours=i)).date() for i in range(len(series.values))]
        return np.array([day in self.rests and day.weekday() != days.SUNDAY for day in dates])

    def _holiday(self, day: date) -> dict[str, Any]:
        start = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        return {
            "kind": "holiday",
            "start": start.astimezone(UTC).isoformat(),
            "end": (start + timedelta(days=1)).astimezone(UTC).isoformat(),
            "sentence": RESTING.format(day=f"{day:%A} {day.day} {day:%B}"),
        }

    def _shutdown(self, window: Window, text: str) -> dict[str, Any]:
        start, end = (datetime.fromtimestamp(edge, UTC).isoformat() for edge in window)
        said = {"start": clock(window[0], self.zone), "end": clock(window[1], self.zone)}
        return {"kind": "shutdown", "start": start, "end": end, "sentence": text.format(**said)}


def sensor_days(
    sensors: Collection[Sensor], since: datetime, start: datetime, end: datetime
) -> Mapping[int, SensorDays]:
    """By sensor id, for histories of [since, start) and forecasts until `end`.

    The sensors with their assets and sites. Three queries, and one for each site with a holiday.
    """
    known = queries.days_of(sensors, since, start, end)
    resting = _resting(sensors, known, start)
    return {
        sensor.pk: SensorDays(
            end=int(start.timestamp()),
            zone=sensor.asset.site.zone,
            is_counter=sensor.kind == Sensor.Kind.COUNTER,
            stood=known.stood.get(sensor.asset_id, ()),
            stands=known.stands.get(sensor.asset_id, ()),
            rests=known.holidays.get(sensor.asset.site_id, frozenset())
            if sensor.pk in resting
            else frozenset(),
        )
        for sensor in sensors
    }


def _resting(sensors: Collection[Sensor], known: queries.Days, at: datetime) -> set[int]:
    """Ids of the sensors whose past holidays were like Sundays."""
    found: set[int] = set()
    for site, code in known.codes.items():
        here = [sensor for sensor in sensors if sensor.asset.site_id == site]
        if not here or not known.holidays.get(site):
            continue
        zone = here[0].asset.site.zone
        past = queries.past_holidays([sensor.pk for sensor in here], code, zone, at)
        found |= {pk for pk, own in past.items() if days.are_like_sundays(own)}
    return found


def _covered(windows: Sequence[Window], start: float, hours: int, part: float) -> Bools:
    """The hours of which more than `part` lies in one of the windows, or all of it (1)."""
    edges = start + HOUR * np.arange(hours + 1)
    inside = np.zeros(hours)
    for begin, end in windows:
        inside += np.maximum(np.minimum(edges[1:], end) - np.maximum(edges[:-1], begin), 0.0)
    covered: Bools = inside >= HOUR if part >= 1.0 else inside > part * HOUR
    return covered
