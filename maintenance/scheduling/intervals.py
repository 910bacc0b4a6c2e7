"""Calendar intervals in a plant's own time zone.

The occurrences are `anchor`, `anchor` plus one interval, plus two, and so on. Each keeps the
wall-clock time of its anchor in the given zone, also across daylight saving. A wall time that a
spring change skips is moved forward by the length of the gap; one that an autumn change repeats is
the first of the two. Months and years count from the anchor, so the 31st gives 28 February and
then 31 March again.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import StrEnum

LAST_YEAR = 9000
"""Later occurrences do not exist; Python's own dates end in 9999."""


class Unit(StrEnum):
    DAYS = "days"
    WEEKS = "weeks"
    MONTHS = "months"
    YEARS = "years"


class NaiveTime(ValueError):
    """A time without a time zone was handed in."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Every `count` `unit`s, fixed to the calendar or floating from the last completion.

    Raises `ValueError` for a count below one.
    """

    count: int
    unit: Unit = Unit.DAYS
    floating: bool = False

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError("An interval must be at least 1 day, week, month or year.")

    def __str__(self) -> str:
        """
        >>> str(Interval(1, Unit.MONTHS)), str(Interval(2, Unit.WEEKS, floating=True))
        ('every month', 'every 2 weeks after completion')
        """
        unit = self.unit.value
        text = f"every {unit[:-1]}" if self.count == 1 else f"every {self.count} {unit}"
        return f"{text} after completion" if self.floating else text

    def days(self) -> float:
        """Its length in average days, for comparing and for "12 days late on a 30-day cycle"."""
        average = {Unit.DAYS: 1.0, Unit.WEEKS: 7.0, Unit.MONTHS: 30.4375, Unit.YEARS: 365.25}
        return self.count * average[self.unit]


def wall(day: date, clock: time, zone: tzinfo) -> datetime:
    """The moment, in UTC, at which the clocks of a zone show this; see the module for DST."""
    return datetime.combine(day, clock.replace(fold=0), tzinfo=zone).astimezone(UTC)


def occurrence(
    interval: Interval, *, anchor: datetime, number: int, zone: tzinfo
) -> datetime | None:
    """Occurrence `number` (0 is the anchor itself), in UTC; None after `LAST_YEAR`.

    Raises `NaiveTime`.

    >>> from zoneinfo import ZoneInfo
    >>> berlin = ZoneInfo("Europe/Berlin")
    >>> anchor = datetime(2026, 1, 31, 8, tzinfo=berlin)
    >>> [occurrence(Interval(1, Unit.MONTHS), anchor=anchor, number=n, zone=berlin)
    ...     .astimezone(berlin).isoformat() for n in (1, 2)]
    ['2026-02-28T08:00:00+01:00', '2026-03-31T08:00:00+02:00']
    """
    local = aware(anchor).astimezone(zone)
    if number == 0:
        return local.astimezone(UTC)
    if local.year + interval.days() * number / 365 > LAST_YEAR:
        return None
    return wall(_shifted(local.date(), interval, number), local.time(), zone)


def occurrences(
    interval: Interval, *, anchor: datetime, after: datetime, zone: tzinfo
) -> Iterator[datetime]:
    """All occurrences later than `after`, rising, in UTC.

    >>> import itertools
    >>> weekly = Interval(1, Unit.WEEKS)
    >>> start = datetime(2026, 1, 1, 6, tzinfo=UTC)
    >>> found = occurrences(weekly, anchor=start, after=start, zone=UTC)
    >>> [f"{due:%d %b}" for due in itertools.islice(found, 2)]
    ['08 Jan', '15 Jan']
    """
    elapsed = (aware(after) - aware(anchor)).total_seconds() / 86_400
    number = max(int(elapsed / interval.days()) - 2, 0)
    last = after
    while (due := occurrence(interval, anchor=anchor, number=number, zone=zone)) is not None:
        # Where a zone skipped a whole day, two wall times are the same moment.
        if due > last:
            yield due
            last = due
        number += 1


def overdue_days(*, due: datetime, at: datetime) -> float:
    """Days past due, 0 when not yet due."""
    return max((aware(at) - aware(due)).total_seconds() / 86_400, 0.0)


def aware(moment: datetime) -> datetime:
    if moment.utcoffset() is None:
        raise NaiveTime(f"{moment} has no time zone. Give one, UTC for example.")
    return moment


def _shifted(day: date, interval: Interval, number: int) -> date:
    steps = interval.count * number
    if interval.unit is Unit.DAYS:
        return day + timedelta(days=steps)
    if interval.unit is Unit.WEEKS:
        return day + timedelta(weeks=steps)
    months = steps * (12 if interval.unit is Unit.YEARS else 1)
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return date(year, month + 1, min(day.day, last))
