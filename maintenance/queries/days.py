"""Days as a calendar shows them: by the clock of a zone, 23 to 25 hours long."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from maintenance.dispatching.times import Span
from maintenance.queries.availability import minutes_of

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Day:
    """[start, end) in UTC, from midnight to midnight of the zone."""

    date: date
    start: datetime
    end: datetime

    @property
    def minutes(self) -> int:
        return round((self.end - self.start).total_seconds() / 60)

    def part_of(self, span: Span) -> Span | None:
        """What of the span lies in the day."""
        begin, end = max(span[0], self.start), min(span[1], self.end)
        return (begin, end) if begin < end else None

    def minutes_in(self, span: Span) -> float:
        """How much of the span lies in the day."""
        part = self.part_of(span)
        return minutes_of([part]) if part else 0.0

    def bar(self, span: Span) -> tuple[int, int] | None:
        """Where the span lies in the day, in minutes from its begin, and how long it is there."""
        part = self.part_of(span)
        if part is None:
            return None
        left = round((part[0] - self.start).total_seconds() / 60)
        return left, max(round(minutes_of([part])), 1)


def days_from(first: date, count: int, zone: tzinfo) -> list[Day]:
    """So many days from the first.

    >>> from zoneinfo import ZoneInfo
    >>> [day.minutes // 60 for day in days_from(date(2026, 3, 28), 3, ZoneInfo("Europe/Berlin"))]
    [24, 23, 24]
    """
    midnights = [midnight(first + DAY * number, zone) for number in range(count + 1)]
    return [
        Day(first + DAY * number, midnights[number], midnights[number + 1])
        for number in range(count)
    ]


def midnight(day: date, zone: tzinfo) -> datetime:
    """When the day begins on the clock of the zone, in UTC."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def on_the_clock(day: date, clock: time, zone: tzinfo) -> datetime | None:
    """This moment of the zone in UTC; the first where it comes twice, None where it never comes.

    >>> from zoneinfo import ZoneInfo
    >>> berlin = ZoneInfo("Europe/Berlin")
    >>> on_the_clock(date(2026, 3, 29), time(2, 30), berlin) is None
    True
    >>> on_the_clock(date(2026, 10, 25), time(2, 30), berlin).isoformat()
    '2026-10-25T00:30:00+00:00'
    """
    moment = datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)
    back = moment.astimezone(zone)
    return moment if (back.date(), back.time()) == (day, clock) else None
