"""Free time: what is left of working hours when what is booked is taken out.

A span is (start, end), end excluded. A run is a list of spans in order between which only time off
lies, and nothing that is booked: longer work can go on from one to the next. All moments of one
call are aware, in any zones.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

Span = tuple[datetime, datetime]
Runs = list[list[Span]]
QUARTER = timedelta(minutes=15)


def next_quarter(at: datetime) -> datetime:
    """The first quarter of an hour that is not before the moment: nobody begins in between.

    >>> next_quarter(datetime(2026, 3, 2, 8, 7, 30, tzinfo=UTC)).strftime("%H:%M:%S")
    '08:15:00'
    >>> next_quarter(datetime(2026, 3, 2, 8, 15, tzinfo=UTC)).strftime("%H:%M:%S")
    '08:15:00'
    """
    return at + (datetime.min.replace(tzinfo=UTC) - at) % QUARTER


def monday_of(moment: datetime, zone: tzinfo) -> date:
    """The Monday of the ISO week in which the moment lies on the clock of the zone."""
    day = moment.astimezone(zone).date()
    return day - timedelta(days=day.weekday())


def free_runs(working: Sequence[Span], booked: Iterable[Span]) -> Runs:
    """The working time that is free; what is booked may overlap.

    >>> from datetime import UTC
    >>> def at(hour): return datetime(2026, 3, 2, hour, tzinfo=UTC)
    >>> runs = free_runs([(at(8), at(12)), (at(13), at(16))], [(at(9), at(10))])
    >>> [[(start.hour, end.hour) for start, end in run] for run in runs]
    [[(8, 9)], [(10, 12), (13, 16)]]
    """
    runs: Runs = [list(working)] if working else []
    for taken in booked:
        runs = book(runs, taken)
    return runs


def book(runs: Runs, taken: Span) -> Runs:
    """The runs without this time; the one in which it lies is cut in two."""
    begin, stop = taken
    found: Runs = []
    for run in runs:
        before = [(start, min(end, begin)) for start, end in run if start < begin]
        after = [(max(start, stop), end) for start, end in run if end > stop]
        found += [part for part in (before, after) if part]
    return found


def is_free(slot: Span, runs: Runs) -> bool:
    """Whether the slot begins and ends in working time, and nothing is booked in it."""
    first, last = slot
    return any(
        any(start <= first < end for start, end in run)
        and any(start < last <= end for start, end in run)
        for run in runs
    )


def longest_of(working: Iterable[Span]) -> timedelta:
    """The length of the longest shift."""
    return max((end - start for start, end in working), default=timedelta())


def first_free(minutes: int, runs: Runs, *, longest: timedelta, earliest: datetime) -> Span | None:
    """The first time from `earliest` on in which work of this length can be done; None: never.

    Work that fits into the `longest` shift is done in one go. Longer work goes on in the next
    shifts, as long as nothing is booked in between; its span covers the nights.
    """
    needed = timedelta(minutes=max(minutes, 1))
    for run in runs:
        left = [(max(start, earliest), end) for start, end in run if end > earliest]
        if needed <= longest:
            found = next((start for start, end in left if end - start >= needed), None)
            if found is not None:
                return (found, found + needed)
        elif (end := _worked(left, needed)) is not None:
            return (left[0][0], end)
    return None


def end_of(start: datetime, minutes: int, working: Iterable[Span]) -> datetime:
    """When work that begins then is done, if it rests outside of the working hours.

    Work that begins outside of them, or does not end within those that are given, goes on without
    a rest.
    """
    needed = timedelta(minutes=max(minutes, 1))
    left = [(max(begin, start), stop) for begin, stop in working if stop > start]
    if left and left[0][0] == start:
        return _worked(left, needed) or start + needed
    return start + needed


def _worked(spans: Iterable[Span], needed: timedelta) -> datetime | None:
    """When this much of the spans has passed; None where they are shorter."""
    for start, end in spans:
        if end - start >= needed:
            return start + needed
        needed -= end - start
    return None
