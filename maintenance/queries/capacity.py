"""How many hours of work technicians can give, week by week."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from maintenance.models import Technician
from maintenance.queries.availability import (
    DAY,
    USUAL_SHIFTS,
    Span,
    Weekly,
    absences_of,
    every_shift,
    joined,
    minutes_of,
    shifts_of,
    without,
)

WEEK = timedelta(weeks=1)


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
    shifts = shifts_of(list(hours))
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


def absent_share(weekly: Weekly, absences: Sequence[Span], monday: date, zone: tzinfo) -> float:
    """How much of the shifts that begin in a week lies in absences (in order), from 0 to 1.

    >>> leave = (datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC))
    >>> absent_share(USUAL_SHIFTS, [leave], date(2026, 3, 2), UTC)
    0.4
    >>> absent_share(USUAL_SHIFTS, [], date(2026, 3, 2), UTC)
    0.0
    """
    first = datetime.combine(monday, time(), tzinfo=zone).astimezone(UTC)
    last = datetime.combine(monday + WEEK, time(), tzinfo=zone).astimezone(UTC)
    near = [(begin, end) for begin, end in absences if begin < last + DAY and end > first]
    if not near:
        return 0.0
    every = every_shift(weekly, first, last, zone)
    shifts = joined([span for span in every if first <= span[0] < last])
    whole = minutes_of(shifts)
    return 1 - minutes_of(without(shifts, near)) / whole if whole else 0.0


def _absences(technicians: list[int], weeks: Sequence[date], zone: tzinfo) -> dict[int, list[Span]]:
    if not weeks:
        return defaultdict(list)
    start = datetime.combine(weeks[0], time(), tzinfo=zone)
    end = datetime.combine(weeks[-1] + WEEK + DAY, time(), tzinfo=zone)
    return absences_of(technicians, start, end)
