"""The calendar of a schedule: its interval or rule, less the days that it leaves out."""

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import StrEnum

from maintenance.scheduling.free_days import Pause, is_working_day, public_holidays
from maintenance.scheduling.intervals import Interval, aware, occurrences, wall
from maintenance.scheduling.rules import Rule

HORIZON = timedelta(days=100 * 366)
"""How far ahead an occurrence is looked for."""
FURTHEST_MOVE = timedelta(days=14)
"""A holiday moves an occurrence at most this far; one that finds no working day stays."""


class OnHoliday(StrEnum):
    KEEP = "keep"
    BEFORE = "before"
    AFTER = "after"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """When maintenance falls due by the calendar; `starts_at` is where it counts from.

    An occurrence on an excluded day, or in the yearly pause, is left out. One on a public holiday
    is kept, left out, or moved to the working day before or after; two that meet on a day are one.
    """

    cadence: Interval | Rule
    starts_at: datetime
    zone: tzinfo
    ends_at: datetime | None = None
    excluded: frozenset[date] = field(default_factory=frozenset)
    holidays: str = ""
    on_holiday: OnHoliday = OnHoliday.KEEP
    pause: Pause | None = None

    def first(self) -> datetime | None:
        """The first occurrence at or after the start, in UTC; None: there is none."""
        return self.next_after(aware(self.starts_at) - timedelta(microseconds=1))

    def next_after(self, moment: datetime) -> datetime | None:
        """The first occurrence later than `moment`; None: there is none within `HORIZON`."""
        return next(self.after(moment), None)

    def after(self, moment: datetime) -> Iterator[datetime]:
        """Occurrences later than `moment`, rising, in UTC, for as long as `HORIZON`.

        >>> berlin = Calendar(cadence=Rule("FREQ=WEEKLY;BYDAY=MO"), zone=UTC,
        ...     starts_at=datetime(2026, 3, 30, 6, tzinfo=UTC),
        ...     holidays="DE", on_holiday=OnHoliday.AFTER)
        >>> found = berlin.after(datetime(2026, 3, 30, 6, tzinfo=UTC))
        >>> [f"{due:%a %d %b}" for due in itertools.islice(found, 2)]
        ['Tue 07 Apr', 'Mon 13 Apr']
        """
        start = max(aware(moment), aware(self.starts_at) - FURTHEST_MOVE)
        end = start + HORIZON
        if self.ends_at is not None:
            end = min(end, self.ends_at)
        last = moment
        for due in self._in_order(start):
            if due > end:
                return
            if due > last:
                yield due
                last = due

    def between(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """Occurrences with `after` < occurrence <= `until`."""
        return itertools.takewhile(lambda due: due <= until, self.after(after))

    def next_due(self, *, served: datetime, completed: datetime) -> datetime | None:
        """When to do it again, after the occurrence `served` was done, or skipped, at `completed`.

        Fixed: the next date of the calendar; done early, the one after the date that was served;
        occurrences missed before are not made up for. Floating: one interval after the day of
        completion, at the start's time of day. None: never again.

        >>> start = datetime(2026, 1, 1, 8, tzinfo=UTC)
        >>> late = datetime(2026, 1, 9, 15, tzinfo=UTC)
        >>> fixed = Calendar(cadence=Interval(7), starts_at=start, zone=UTC)
        >>> f"{fixed.next_due(served=start, completed=late):%d %b %H:%M}"
        '15 Jan 08:00'
        >>> floating = replace(fixed, cadence=Interval(7, floating=True))
        >>> f"{floating.next_due(served=start, completed=late):%d %b %H:%M}"
        '16 Jan 08:00'
        """
        if not self.floats:
            return self.next_after(max(aware(served), aware(completed)))
        return self.from_day_of(completed).next_after(completed)

    @property
    def floats(self) -> bool:
        return isinstance(self.cadence, Interval) and self.cadence.floating

    def from_day_of(self, moment: datetime) -> "Calendar":
        """The same calendar, counted from that day: its occurrences come one interval later."""
        clock = self.starts_at.astimezone(self.zone).time()
        day = aware(moment).astimezone(self.zone).date()
        # Its own day is occurrence 0, which was served.
        return replace(
            self,
            starts_at=wall(day, clock, self.zone),
            excluded=self.excluded | {day},
        )

    def _in_order(self, start: datetime) -> Iterator[datetime]:
        """What is left of the cadence from about `start` on, after the moves, rising."""
        moving = bool(self.holidays) and self.on_holiday in (OnHoliday.BEFORE, OnHoliday.AFTER)
        reach = FURTHEST_MOVE + timedelta(days=1) if moving else timedelta()
        waiting: list[datetime] = []
        end = start + HORIZON + reach
        for day, due in self._cadence(start - reach):
            if due > end:
                break
            while waiting and waiting[0] <= due - reach:
                yield heapq.heappop(waiting)
            if (moved := self._moved(day)) is None:
                continue
            heapq.heappush(waiting, due if moved == day else self._at(moved))
        while waiting:
            yield heapq.heappop(waiting)

    def _cadence(self, after: datetime) -> Iterator[tuple[date, datetime]]:
        """The days of the interval or the rule, and their moments, from the start on."""
        start = self.starts_at.astimezone(self.zone)
        if isinstance(self.cadence, Interval):
            # With a margin: a moment that DST moved still lies on its day.
            found = occurrences(
                self.cadence, anchor=start, after=after - timedelta(microseconds=1), zone=self.zone
            )
            for due in found:
                yield due.astimezone(self.zone).date(), due
            return
        day_before = after.astimezone(self.zone).date() - timedelta(days=2)
        for day in self.cadence.days(first=start.date(), after=day_before):
            yield day, self._at(day)

    def _at(self, day: date) -> datetime:
        start = self.starts_at.astimezone(self.zone)
        return start.astimezone(UTC) if day == start.date() else wall(day, start.time(), self.zone)

    def _moved(self, day: date) -> date | None:
        """Where an occurrence of that day goes; None: it is left out."""
        if self._is_out(day):
            return None
        if not self.holidays or day not in public_holidays(self.holidays, day.year):
            return day
        if self.on_holiday is OnHoliday.SKIP:
            return None
        if self.on_holiday is OnHoliday.KEEP:
            return day
        step = timedelta(days=1 if self.on_holiday is OnHoliday.AFTER else -1)
        for number in range(1, FURTHEST_MOVE.days + 1):
            other = day + number * step
            if is_working_day(other, self.holidays) and other not in self.excluded:
                return None if self._is_out(other) else other
        return day

    def _is_out(self, day: date) -> bool:
        return day in self.excluded or (self.pause is not None and day in self.pause)


class Walk:
    """`next_after` of a calendar for moments that rise: it goes on from the last one it found.

    A calendar starts over each time, from its first day where a rule of months or years is.
    """

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self._ahead: Iterator[datetime] = iter(())
        self._from = self._asked = datetime.max.replace(tzinfo=UTC)
        self._next: datetime | None = None

    def next_after(self, moment: datetime) -> datetime | None:
        if moment < self._asked:
            self._start(moment)
        self._asked = moment
        while self._next is not None and self._next <= moment:
            self._next = next(self._ahead, None)
        if self._next is None and moment > self._from:
            self._start(moment)  # the horizon of the first question may have ended
        return self._next

    def _start(self, moment: datetime) -> None:
        self._from = moment
        self._ahead = self._calendar.after(moment)
        self._next = next(self._ahead, None)


def resumed(moment: datetime, *, pause: Pause, starts_at: datetime, zone: tzinfo) -> datetime:
    """The moment; or, in the yearly pause, the start's time of day on the first day after it.

    >>> later = resumed(datetime(2026, 12, 24, 9, tzinfo=UTC), pause=Pause("12-20", "01-06"),
    ...     starts_at=datetime(2026, 1, 1, 8, tzinfo=UTC), zone=UTC)
    >>> f"{later:%Y-%m-%d %H:%M}"
    '2027-01-07 08:00'
    """
    day = aware(moment).astimezone(zone).date()
    after = pause.resumes(day)
    return moment if after == day else wall(after, starts_at.astimezone(zone).time(), zone)
