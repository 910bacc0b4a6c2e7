"""When maintenance falls due: calendar intervals in a plant's own time zone. No database, no clock.

A fixed schedule keeps its calendar, whatever happens: the occurrences are `anchor`, `anchor` plus
one interval, plus two, and so on. A floating schedule restarts at each completion.

Every occurrence keeps the wall-clock time of its anchor in the given zone, also across daylight
saving. A wall time that a spring change skips is moved forward by the length of the gap; one that
an autumn change repeats is the first of the two. Months and years count from the anchor, so the
31st gives 28 February and then 31 March again.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum


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


def occurrence(interval: Interval, *, anchor: datetime, number: int, zone: tzinfo) -> datetime:
    """Occurrence `number` (0 is the anchor itself), in UTC. Raises `NaiveTime`.

    >>> from zoneinfo import ZoneInfo
    >>> berlin = ZoneInfo("Europe/Berlin")
    >>> anchor = datetime(2026, 1, 31, 8, tzinfo=berlin)
    >>> [occurrence(Interval(1, Unit.MONTHS), anchor=anchor, number=n, zone=berlin)
    ...     .astimezone(berlin).isoformat() for n in (1, 2)]
    ['2026-02-28T08:00:00+01:00', '2026-03-31T08:00:00+02:00']
    """
    local = _aware(anchor).astimezone(zone)
    day = _shifted(local.date(), interval, number)
    return datetime.combine(day, local.time(), tzinfo=zone).astimezone(UTC)


def occurrences(
    interval: Interval, *, anchor: datetime, after: datetime, until: datetime, zone: tzinfo
) -> Iterator[datetime]:
    """All occurrences of a fixed calendar with `after` < occurrence <= `until`, rising, in UTC.

    >>> weekly = Interval(1, Unit.WEEKS)
    >>> start = datetime(2026, 1, 1, 6, tzinfo=UTC)
    >>> found = occurrences(weekly, anchor=start, after=start, until=start + timedelta(days=15),
    ...     zone=UTC)
    >>> [f"{due:%d %b}" for due in found]
    ['08 Jan', '15 Jan']
    """
    number = first_after(interval, anchor=anchor, after=after, zone=zone)
    due = occurrence(interval, anchor=anchor, number=number, zone=zone)
    while due <= _aware(until):
        yield due
        number += 1
        due = occurrence(interval, anchor=anchor, number=number, zone=zone)


def first_after(interval: Interval, *, anchor: datetime, after: datetime, zone: tzinfo) -> int:
    """The number of the first occurrence later than `after`; never negative."""
    elapsed = (_aware(after) - _aware(anchor)).total_seconds() / 86_400
    number = max(int(elapsed / interval.days()) - 2, 0)
    while occurrence(interval, anchor=anchor, number=number, zone=zone) <= after:
        number += 1
    return number


def next_due(
    interval: Interval, *, anchor: datetime, completed: datetime | None, zone: tzinfo
) -> datetime:
    """When it falls due next, in UTC; strictly after `completed`.

    Never completed: the anchor (the first due date). Fixed: the first occurrence of the calendar
    after completion; occurrences missed before are not made up for. Floating: one interval after
    the day of completion, at the anchor's wall-clock time. Raises `NaiveTime`.

    >>> anchor = datetime(2026, 1, 1, 8, tzinfo=UTC)
    >>> late = datetime(2026, 1, 9, 15, tzinfo=UTC)
    >>> f"{next_due(Interval(7), anchor=anchor, completed=late, zone=UTC):%d %b %H:%M}"
    '15 Jan 08:00'
    >>> floating = Interval(7, floating=True)
    >>> f"{next_due(floating, anchor=anchor, completed=late, zone=UTC):%d %b %H:%M}"
    '16 Jan 08:00'
    """
    if completed is None:
        return _aware(anchor).astimezone(UTC)
    if not interval.floating:
        number = first_after(interval, anchor=anchor, after=completed, zone=zone)
        return occurrence(interval, anchor=anchor, number=number, zone=zone)
    wall = _aware(anchor).astimezone(zone).time()
    done = _aware(completed).astimezone(zone)
    day = _shifted(done.date(), interval, 1)
    due = datetime.combine(day, wall, tzinfo=zone).astimezone(UTC)
    if due <= completed:  # daily, finished later in the day than it falls due
        due = datetime.combine(day + timedelta(days=1), wall, tzinfo=zone).astimezone(UTC)
    return due


def overdue_days(*, due: datetime, at: datetime) -> float:
    """Days past due, 0 when not yet due."""
    return max((_aware(at) - _aware(due)).total_seconds() / 86_400, 0.0)


def _aware(moment: datetime) -> datetime:
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
