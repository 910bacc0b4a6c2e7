"""How many hours of work technicians can give, week by week."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from maintenance.dispatching.times import monday_of
from maintenance.models import Technician
from maintenance.queries.availability import (
    DAY,
    Roster,
    every_shift,
    joined,
    minutes_of,
    roster_of,
    without,
)
from maintenance.queries.days import midnight

WEEK = timedelta(weeks=1)


@dataclass(frozen=True, slots=True)
class Capacity:
    """Minutes that can be worked in the week that begins on `monday`, and what absences took."""

    monday: date
    minutes: int
    absent_minutes: int


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
    if not weeks:
        return []
    roster = roster_of(
        list(hours), midnight(weeks[0], zone), midnight(weeks[-1] + WEEK + DAY, zone)
    )
    found = []
    for monday in weeks:
        total = absent = 0.0
        for pk, weekly in hours.items():
            minutes = float(weekly) * 60
            away = absent_share(roster, pk, monday, zone)
            total += minutes * (1 - away)
            absent += minutes * away
        found.append(Capacity(monday, round(total), round(absent)))
    return found


def absent_share(
    roster: Roster, technician: int, first: date, zone: tzinfo, days: int = 7
) -> float:
    """How much of the shifts that begin on these days lies in absences, from 0 to 1.

    A shift may end a day after the last of the days, so the roster is to be for that day too.

    >>> from datetime import UTC
    >>> leave = (datetime(2026, 3, 2, tzinfo=UTC), datetime(2026, 3, 4, tzinfo=UTC))
    >>> absent_share(Roster({}, {1: [leave]}), 1, date(2026, 3, 2), UTC)
    0.4
    >>> absent_share(Roster({}, {}), 1, date(2026, 3, 2), UTC)
    0.0
    """
    start, end = midnight(first, zone), midnight(first + DAY * days, zone)
    near = [span for span in roster.away(technician) if span[0] < end + DAY and span[1] > start]
    if not near:
        return 0.0
    every = every_shift(roster.weekly(technician), start, end, zone)
    shifts = joined([span for span in every if start <= span[0] < end])
    whole = minutes_of(shifts)
    return 1 - minutes_of(without(shifts, near)) / whole if whole else 0.0
