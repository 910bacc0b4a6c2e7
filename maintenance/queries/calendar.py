"""The calendar of work: what stands on each day for each technician, against their hours."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from django.db.models import Q, QuerySet

from maintenance.dispatching.times import Span
from maintenance.models import MaintenanceSchedule, Technician, WorkOrder
from maintenance.queries.availability import DAY, minutes_of, roster_of
from maintenance.queries.capacity import absent_share
from maintenance.queries.days import Day
from maintenance.queries.entries import Entry, Ghost, Kind, entries_of

MOST_SCHEDULES = 200
"""Schedules whose next occurrences are looked ahead for one page."""
Bar = tuple[int, int]
"""Minutes from the begin of the day, and how many."""


@dataclass(frozen=True, slots=True)
class WorkTime:
    """When a technician works and is away, and what is left of the shifts (0 to 1)."""

    working: Sequence[Span] = ()
    away: Sequence[Span] = ()
    share: float = 1.0


Times = Mapping[int | None, WorkTime]
"""By id of the technician."""
NO_TIME = WorkTime()


def is_over(booked: float, capacity: float) -> bool:
    """Whether more minutes are booked than there are; half a minute is rounding."""
    return booked > capacity + 0.5


@dataclass(frozen=True, slots=True)
class Cell:
    """One day of one technician, or of all together; times in minutes.

    entries: the orders that are looked at. planned: all that are planned, which `booked` counts.
    elsewhere: how much of `booked` lies in parts of the plant that whoever looks does not see.
    """

    day: Day
    time: WorkTime
    entries: list[Entry]
    planned: list[Entry]
    ghosts: list[Ghost]
    booked: float
    capacity: float
    elsewhere: float

    @property
    def is_over(self) -> bool:
        return is_over(self.booked, self.capacity)

    @property
    def shifts(self) -> list[Bar]:
        return self._bars(self.time.working)

    @property
    def away(self) -> list[Bar]:
        return self._bars(self.time.away)

    @property
    def work(self) -> list[Bar]:
        return self._bars(entry.span for entry in self.planned)

    def _bars(self, spans: Iterable[Span]) -> list[Bar]:
        return [bar for span in spans if (bar := self.day.bar(span)) is not None]


@dataclass(frozen=True, slots=True)
class Row:
    """The days of one technician, or of work that nobody has (None)."""

    technician: Technician | None
    cells: list[Cell]
    booked: float
    capacity: float
    unplanned: int

    @property
    def is_over(self) -> bool:
        return is_over(self.booked, self.capacity)

    @property
    def elsewhere(self) -> float:
        return sum(cell.elsewhere for cell in self.cells)


def work_times(
    technicians: Sequence[Technician], *, days: Sequence[Day], zone: tzinfo
) -> dict[int | None, WorkTime]:
    """Shifts less absences of each technician on these days; two queries."""
    ids, start, end = [row.pk for row in technicians], days[0].start, days[-1].end
    roster = roster_of(ids, start, end + DAY)
    return {
        pk: WorkTime(
            working=roster.working(pk, start, end, zone),
            away=roster.away(pk),
            share=1 - absent_share(roster, pk, days[0].date, zone, len(days)),
        )
        for pk in ids
    }


def grid(
    technicians: Sequence[Technician | None],
    *,
    days: Sequence[Day],
    entries: Iterable[Entry],
    ghosts: Iterable[Ghost],
    times: Times,
    at: datetime,
    only: Collection[int] | None = None,
) -> list[Row]:
    """A row for each technician with a cell for each day; None is work that nobody has.

    only: ids of the orders that are looked at, where not all are; booked hours count all of them.
    The capacity of a row is the technician's weekly hours less what absences take of the shifts,
    so it is for whole weeks.
    """
    place = _Places(days, at)
    work: dict[tuple[int | None, int], list[Entry]] = defaultdict(list)
    for entry in sorted(entries, key=lambda one: one.key):
        for number in place.of(entry):
            work[entry.technician, number].append(entry)
    coming: dict[tuple[int | None, int], list[Ghost]] = defaultdict(list)
    for ghost in ghosts:
        for number in place.at(ghost.due_at):
            coming[ghost.technician, number].append(ghost)
    rows = []
    for technician in technicians:
        pk = technician.pk if technician else None
        time = times.get(pk, NO_TIME)
        cells = [
            _cell(day, time, work[pk, number], coming[pk, number], only)
            for number, day in enumerate(days)
        ]
        rows.append(_row(technician, cells, time))
    return rows


def together(
    *,
    days: Sequence[Day],
    entries: Iterable[Entry],
    ghosts: Iterable[Ghost],
    times: Times,
    at: datetime,
) -> list[Cell]:
    """One cell for each day, with what all technicians together have to do and can do."""
    place = _Places(days, at)
    work: list[list[Entry]] = [[] for _ in days]
    coming: list[list[Ghost]] = [[] for _ in days]
    for entry in entries:
        for number in place.of(entry):
            work[number].append(entry)
    for ghost in ghosts:
        for number in place.at(ghost.due_at):
            coming[number].append(ghost)
    capacity = [0.0] * len(days)
    for span in (span for time in times.values() for span in time.working):
        for number in place.between(span):
            capacity[number] += days[number].minutes_in(span)
    cells = []
    for number, day in enumerate(days):
        minutes = {
            entry: _booked(entry.span, day, times.get(entry.technician, NO_TIME))
            for entry in work[number]
            if entry.kind == Kind.PLANNED
        }
        cells.append(
            Cell(
                day=day,
                time=NO_TIME,
                entries=[entry for entry in work[number] if not entry.is_elsewhere],
                planned=list(minutes),
                ghosts=coming[number],
                booked=sum(minutes.values()),
                capacity=capacity[number],
                elsewhere=_elsewhere(minutes),
            )
        )
    return cells


def work_of(
    rows: QuerySet[WorkOrder], people: Iterable[Technician], *, with_nobody: bool
) -> QuerySet[WorkOrder]:
    """The orders of these people; with_nobody: those that nobody has, too."""
    theirs = Q(technician__in=[row.pk for row in people])
    return rows.filter(theirs | Q(technician=None) if with_nobody else theirs)


def work_elsewhere(
    rows: QuerySet[WorkOrder], people: Iterable[Technician], *, start: datetime, end: datetime
) -> list[Entry]:
    """What these people have planned in [start, end) that is not of these orders; one query."""
    theirs = WorkOrder.objects.filter(technician__in=[row.pk for row in people])
    hidden = theirs.exclude(pk__in=rows.order_by().values("pk"))
    found = entries_of(hidden, start=start, end=end, with_late=False)
    return [one._replace(is_elsewhere=True) for one in found if one.kind == Kind.PLANNED]


def due_schedules(
    rows: QuerySet[MaintenanceSchedule], *, start: datetime, end: datetime
) -> tuple[list[int], bool]:
    """Ids of the schedules that may fall due in [start, end), and whether there are more.

    First those whose next date lies in it, then those that come again after an earlier one.
    """
    active = rows.filter(is_active=True).order_by("next_due_at", "pk")
    inside = active.filter(next_due_at__gte=start, next_due_at__lt=end)
    found = list(inside.values_list("pk", flat=True)[: MOST_SCHEDULES + 1])
    if (left := MOST_SCHEDULES + 1 - len(found)) > 0:
        before = active.filter(next_due_at__lt=start).reverse()
        found += before.values_list("pk", flat=True)[:left]
    return found[:MOST_SCHEDULES], len(found) > MOST_SCHEDULES


class _Places:
    """On which of the days, by number, something stands."""

    def __init__(self, days: Sequence[Day], at: datetime) -> None:
        self.starts = [day.start for day in days]
        self.end = days[-1].end
        self.today = self.at(at)

    def at(self, moment: datetime) -> range:
        if not self.starts[0] <= moment < self.end:
            return range(0)
        number = bisect_right(self.starts, moment) - 1
        return range(number, number + 1)

    def between(self, span: Span) -> range:
        return range(
            max(bisect_right(self.starts, span[0]) - 1, 0), bisect_left(self.starts, span[1])
        )

    def of(self, entry: Entry) -> range:
        if entry.kind == Kind.LATE:
            return self.today
        return self.at(entry.span[0]) if entry.kind == Kind.DUE else self.between(entry.span)


def _cell(
    day: Day,
    time: WorkTime,
    entries: list[Entry],
    ghosts: list[Ghost],
    only: Collection[int] | None,
) -> Cell:
    minutes = {
        entry: _booked(entry.span, day, time) for entry in entries if entry.kind == Kind.PLANNED
    }
    return Cell(
        day=day,
        time=time,
        entries=[
            one for one in entries if not one.is_elsewhere and (only is None or one.order in only)
        ],
        planned=list(minutes),
        ghosts=ghosts,
        booked=sum(minutes.values()),
        capacity=sum(day.minutes_in(span) for span in time.working),
        elsewhere=_elsewhere(minutes),
    )


def _elsewhere(minutes: Mapping[Entry, float]) -> float:
    return sum(booked for entry, booked in minutes.items() if entry.is_elsewhere)


def _booked(span: Span, day: Day, time: WorkTime) -> float:
    """Minutes of the day that planned work takes.

    Work within a day counts whole, also outside of the shift. Work over several days rests outside
    of the shifts, unless it lies in none at all.
    """
    if day.part_of(span) == span:
        return minutes_of([span])
    worked = [
        (max(begin, span[0]), min(end, span[1]))
        for begin, end in time.working
        if begin < span[1] and end > span[0]
    ]
    return sum(day.minutes_in(one) for one in worked or [span])


def _row(technician: Technician | None, cells: list[Cell], time: WorkTime) -> Row:
    booked = sum(cell.booked for cell in cells)
    unplanned = sum(
        entry.minutes for cell in cells for entry in cell.entries if entry.kind != Kind.PLANNED
    )
    weekly = float(technician.weekly_capacity_hours) * 60 if technician else 0.0
    return Row(technician, cells, booked, weekly * time.share, unplanned)
