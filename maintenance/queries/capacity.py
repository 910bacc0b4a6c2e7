"""How many hours of work technicians can give, week by week."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from maintenance.models import Absence, Shift, Technician

USUAL_SHIFTS = [(weekday, time(8), 480) for weekday in range(5)]
"""Where nobody has said when a technician works: Monday to Friday, 8:00 to 16:00."""
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)

Weekly = Sequence[tuple[int, time, int]]
"""Weekday (0 is Monday), begin, minutes."""
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Capacity:
    """Minutes that can be worked in the week that begins on `monday`, and what absences took."""

    monday: date
    minutes: int
    absent_minutes: int


def monday_of(moment: datetime, zone: tzinfo) -> date:
    """The Monday of the ISO week in which the moment lies on the clock of the zone."""
    day = moment.astimezone(zone).date()
    return day - timedelta(days=day.weekday())


def mondays(start: datetime, end: datetime, zone: tzinfo) -> Iterator[date]:
    """The Mondays of all ISO weeks that have a moment of [start, end)."""
    monday = monday_of(start, zone)
    last = monday_of(end - timedelta(microseconds=1), zone)
    while monday <= last:
        yield monday
        monday += WEEK


def capacity(*, organization_id: int, weeks: Sequence[date], zone: tzinfo) -> list[Capacity]:
    """What all active technicians together can give in each week; three queries.

    The weekly hours of a technician (`weekly_capacity_hours`), less the share of the week's
    shifts that lies in an absence. Without shifts, `USUAL_SHIFTS` say what an absence takes.
    """
    technicians = Technician.objects.filter(organization=organization_id, is_active=True)
    hours = dict(technicians.order_by("pk").values_list("pk", "weekly_capacity_hours"))
    shifts = _shifts(list(hours))
    absences = _absences(list(hours), weeks, zone)
    found = []
    for monday in weeks:
        total = absent = 0.0
        for pk, weekly in hours.items():
            minutes = float(weekly) * 60
            away = absent_share(shifts.get(pk, USUAL_SHIFTS), absences[pk], monday, zone)
            total += minutes * (1 - away)
            absent += minutes * away
        found.append(Capacity(monday, round(total), round(absent)))
    return found


def absent_share(weekly: Weekly, absences: Iterable[Span], monday: date, zone: tzinfo) -> float:
    """How much of a week's shifts lies in absences (which do not overlap), from 0 to 1.

    >>> leave = (datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC))
    >>> absent_share(USUAL_SHIFTS, [leave], date(2026, 3, 2), UTC)
    0.4
    >>> absent_share(USUAL_SHIFTS, [], date(2026, 3, 2), UTC)
    0.0
    """
    first = datetime.combine(monday, time(), tzinfo=zone)
    last = datetime.combine(monday + WEEK + DAY, time(), tzinfo=zone)
    near = [(begin, end) for begin, end in absences if begin < last and end > first]
    whole = sum(minutes for _, _, minutes in weekly)
    if not near or not whole:
        return 0.0
    away = 0.0
    for weekday, begins, minutes in weekly:
        day = monday + timedelta(days=weekday)
        start = datetime.combine(day, begins, tzinfo=zone).astimezone(UTC)
        end = start + timedelta(minutes=minutes)
        away += sum(_overlap((start, end), absence) for absence in near)
    return away / whole


def _overlap(one: Span, other: Span) -> float:
    """Minutes that the two have in common."""
    seconds = (min(one[1], other[1]) - max(one[0], other[0])).total_seconds()
    return max(seconds, 0.0) / 60


def _shifts(technicians: list[int]) -> dict[int, list[tuple[int, time, int]]]:
    found: dict[int, list[tuple[int, time, int]]] = defaultdict(list)
    rows = Shift.objects.filter(technician__in=technicians).order_by("pk")
    for shift in rows:
        found[shift.technician_id].append((shift.weekday, shift.starts, shift.minutes))
    return found


def _absences(technicians: list[int], weeks: Sequence[date], zone: tzinfo) -> dict[int, list[Span]]:
    found: dict[int, list[Span]] = defaultdict(list)
    if not weeks:
        return found
    rows = Absence.objects.filter(
        technician__in=technicians,
        starts_at__lt=datetime.combine(weeks[-1] + WEEK + DAY, time(), tzinfo=zone),
        ends_at__gt=datetime.combine(weeks[0], time(), tzinfo=zone),
    ).order_by("pk")
    for pk, begin, end in rows.values_list("technician", "starts_at", "ends_at"):
        found[pk].append((begin, end))
    return found
