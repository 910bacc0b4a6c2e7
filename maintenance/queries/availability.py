"""When technicians are there: their shifts, less their absences."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo

from maintenance.dispatching.times import Span
from maintenance.models import Absence, Shift

USUAL_SHIFTS = [(weekday, time(8), 480) for weekday in range(5)]
"""Where nobody has said when a technician works: Monday to Friday, 8:00 to 16:00."""
DAY = timedelta(days=1)
NEAR = timedelta(days=8)
"""How far ahead the next shift is looked for."""

Weekly = Sequence[tuple[int, time, int]]
"""Weekday (0 is Monday), begin, minutes."""


@dataclass(frozen=True, slots=True)
class Roster:
    """When technicians (by id) work: their weekly shifts, and absences of the time it is for."""

    shifts: Mapping[int, Weekly]
    absences: Mapping[int, Sequence[Span]]

    def weekly(self, pk: int) -> Weekly:
        """The shifts of every week; `USUAL_SHIFTS` where nobody has said any."""
        return self.shifts.get(pk, USUAL_SHIFTS)

    def away(self, pk: int) -> Sequence[Span]:
        """The absences, in order."""
        return self.absences.get(pk, ())

    def on_shift(self, pk: int, start: datetime, end: datetime, zone: tzinfo) -> list[Span]:
        """The shifts within [start, end) on the clock of the zone; see `shift_spans`."""
        return shift_spans(self.weekly(pk), start, end, zone)

    def working(self, pk: int, start: datetime, end: datetime, zone: tzinfo) -> list[Span]:
        """Those shifts less the absences; [start, end) lies in the time that it is for."""
        return without(self.on_shift(pk, start, end, zone), self.away(pk))


def roster_of(technicians: Sequence[int], start: datetime, end: datetime) -> Roster:
    """The technicians (by id) with their absences of [start, end); two queries."""
    return Roster(_shifts_of(technicians), _absences_of(technicians, start, end))


def working_spans(
    *, technicians: Sequence[int], start: datetime, end: datetime, zone: tzinfo
) -> dict[int, list[Span]]:
    """When each technician (by id) works within [start, end), in order; two queries.

    Their shifts on the clock of the zone, or `USUAL_SHIFTS` without any, less their absences.
    Shifts that touch are one span.
    """
    roster = roster_of(technicians, start, end)
    return {pk: roster.working(pk, start, end, zone) for pk in technicians}


def shift_spans(weekly: Weekly, start: datetime, end: datetime, zone: tzinfo) -> list[Span]:
    """The shifts of every week within [start, end), cut to it, in order and joined.

    A shift begins by the clock of the zone and lasts its minutes, also when the clock changes.

    >>> night = [(5, time(22), 480)]
    >>> shift_spans(night, datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC),
    ...             UTC)[0][1].isoformat()
    '2026-03-29T06:00:00+00:00'
    """
    spans = (
        (max(begin, start), min(finish, end))
        for begin, finish in every_shift(weekly, start, end, zone)
        if begin < end and finish > start
    )
    return joined(spans)


def every_shift(weekly: Weekly, start: datetime, end: datetime, zone: tzinfo) -> Iterator[Span]:
    """The shifts that have a moment of [start, end), and some around it, by day."""
    day = (start.astimezone(zone) - DAY).date()
    last = end.astimezone(zone).date()
    while day <= last:
        for weekday, begins, minutes in weekly:
            if weekday == day.weekday():
                begin = datetime.combine(day, begins, tzinfo=zone).astimezone(UTC)
                yield begin, begin + timedelta(minutes=minutes)
        day += DAY


def joined(spans: Iterator[Span] | Sequence[Span]) -> list[Span]:
    """The spans in order, those that touch or overlap as one."""
    found: list[Span] = []
    for begin, end in sorted(spans):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found


def without(spans: Sequence[Span], absences: Sequence[Span]) -> list[Span]:
    """What absences leave of the spans; both in order, and neither overlaps itself."""
    left: list[Span] = []
    for begin, end in spans:
        at = begin
        for away, back in absences:
            if back <= at or away >= end:
                continue
            if away > at:
                left.append((at, away))
            at = back
        if at < end:
            left.append((at, end))
    return left


def minutes_of(spans: Sequence[Span]) -> float:
    """How long they are together."""
    return sum((end - begin).total_seconds() for begin, end in spans) / 60


def _shifts_of(technicians: Sequence[int]) -> dict[int, list[tuple[int, time, int]]]:
    """The weekly shifts of each technician who has some."""
    found: dict[int, list[tuple[int, time, int]]] = {}
    rows = Shift.objects.filter(technician__in=technicians).order_by("weekday", "starts", "pk")
    for pk, weekday, starts, minutes in rows.values_list(
        "technician", "weekday", "starts", "minutes"
    ):
        found.setdefault(pk, []).append((weekday, starts, minutes))
    return found


def _absences_of(
    technicians: Sequence[int], start: datetime, end: datetime
) -> dict[int, list[Span]]:
    """The absences that have a moment of [start, end) of each technician who has some, in order."""
    found: defaultdict[int, list[Span]] = defaultdict(list)
    rows = Absence.objects.filter(technician__in=technicians, starts_at__lt=end, ends_at__gt=start)
    for pk, begin, finish in rows.order_by("starts_at").values_list(
        "technician", "starts_at", "ends_at"
    ):
        found[pk].append((begin, finish))
    return found


@dataclass(frozen=True, slots=True)
class Presence:
    """Whether a technician is `here`, `away` or `off` shift, and when that changes, if known."""

    state: str
    until: datetime | None


def presence(*, technicians: Sequence[int], at: datetime, zone: tzinfo) -> dict[int, Presence]:
    """Whether each technician (by id) is there at this moment; two queries."""
    roster = roster_of(technicians, at, at + NEAR)
    return {
        pk: _presence(roster.working(pk, at, at + NEAR, zone), roster.away(pk), at)
        for pk in technicians
    }


def _presence(spans: Sequence[Span], absences: Sequence[Span], at: datetime) -> Presence:
    if absences and absences[0][0] <= at:
        return Presence("away", absences[0][1])
    if spans and spans[0][0] <= at:
        return Presence("here", spans[0][1])
    return Presence("off", spans[0][0] if spans else None)
