"""When a counter is reached: by what each day of the week uses, with an interval."""

import itertools
import math
import statistics
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo

from maintenance.scheduling.intervals import wall

DAY = timedelta(days=1)
SUNDAY = 6
FEWEST_DAYS = 14
"""Days from which on days of the week, and how much days differ, are told apart."""

EXPLAINED = 0.5
"""Share of the variance of daily use that weekdays explain, from which on they are gone by."""

STOOD = 0.5
"""Of a day: one with a longer stop shows no ordinary use."""

MOST_DAYS = 3650
"""A counter that takes longer is not in sight."""

FARTHER = 4
"""Times as many days as expected, after which no latest day is looked for."""

SURE = 1.2816
"""Standard deviations that hold 80 % of a normal variable between them."""


@dataclass(frozen=True, slots=True)
class Use:
    """What a machine uses a day. by_weekday: Monday first; spread: how far a day is off, as a
    standard deviation, and follows: how much of that the next day has, too; learned_days."""

    by_weekday: tuple[float, ...]
    spread: float = 0.0
    follows: float = 0.0
    learned_days: int = 0

    def on(self, day: date, rests: Collection[date]) -> float:
        return self.by_weekday[SUNDAY if day in rests else day.weekday()]


@dataclass(frozen=True, slots=True)
class Reached:
    """When: expected, and the ends of the interval that holds it with 80 %; None: not in sight."""

    likely: datetime | None
    earliest: datetime | None = None
    latest: datetime | None = None


def learn_use(
    uses: Mapping[date, float],
    a_day: float,
    *,
    rests: Collection[date] = (),
    stood: Mapping[date, float] | None = None,
) -> Use:
    """From the use of single days, where enough are known, else the mean `a_day` on every day.

    rests  holidays, which are taken for Sundays
    stood  the share of days that the machine did not run as planned

    >>> first = date(2026, 3, 2)
    >>> uses = {first + n * DAY: 0.0 if n % 7 > 4 else 10.0 for n in range(28)}
    >>> learn_use(uses, 7.1).by_weekday
    (10.0, 10.0, 10.0, 10.0, 10.0, 0.0, 0.0)
    """
    ordinary = {day: use for day, use in uses.items() if (stood or {}).get(day, 0.0) <= STOOD}
    if len(ordinary) < FEWEST_DAYS:
        return Use((a_day,) * 7)
    mean = statistics.fmean(ordinary.values())
    groups: dict[int, list[float]] = {}
    for day, use in ordinary.items():
        groups.setdefault(SUNDAY if day in rests else day.weekday(), []).append(use)
    by_weekday = tuple(statistics.fmean(groups.get(n, [mean])) for n in range(7))
    weekly = Use(by_weekday)
    off = [use - weekly.on(day, rests) for day, use in sorted(ordinary.items())]
    total = sum((use - mean) ** 2 for use in ordinary.values())
    left = sum(one**2 for one in off)
    freedom = len(ordinary) - len(groups)
    if total <= 0 or freedom < 1 or 1.0 - left / total < EXPLAINED:
        by_weekday, freedom, left = (mean,) * 7, len(ordinary) - 1, total
        off = [use - mean for _, use in sorted(ordinary.items())]
    spread = math.sqrt(left / freedom)
    follows = sum(a * b for a, b in itertools.pairwise(off)) / left if left > 0 else 0.0
    return Use(by_weekday, spread, min(max(follows, 0.0), 0.9), len(ordinary))


def reach(
    amount: float,
    use: Use,
    *,
    since: datetime,
    zone: tzinfo,
    rests: Collection[date] = (),
    stands: Sequence[tuple[datetime, datetime]] = (),
) -> Reached:
    """When `amount` more has been counted since the last reading at `since`.

    Days go by the clock of the zone; in `stands`, times of planned standing still, nothing is
    counted. The interval: n days are off by their spread, what follows from day to day, and by the
    error of the mean of the days learned from; none where no single days were.

    >>> from datetime import UTC
    >>> monday = datetime(2026, 3, 2, tzinfo=UTC)
    >>> weekdays = Use((10.0,) * 5 + (0.0, 0.0))
    >>> reach(55.0, weekdays, since=monday, zone=UTC).likely
    datetime.datetime(2026, 3, 9, 12, 0, tzinfo=datetime.timezone.utc)
    """
    if amount <= 0:
        return Reached(since, since, since)
    if not any(one > 0 for one in use.by_weekday):
        return Reached(None)
    inflated = (1.0 + use.follows) / (1.0 - use.follows) * use.spread**2
    found: dict[float, datetime] = {}
    before = dict.fromkeys((-1.0, 0.0, 1.0) if use.learned_days else (0.0,), 0.0)
    counted, start, days = 0.0, since, 0.0
    day = since.astimezone(zone).date()
    midnight = wall(day, time(), zone)
    enough = MOST_DAYS
    for number in range(MOST_DAYS + 1):
        if number > enough or len(found) == (3 if use.learned_days else 1):
            break
        end = wall(day + DAY, time(), zone)
        whole = (end - midnight) / DAY
        ran = max((end - start) / DAY - _standing(stands, start, end), 0.0)
        counted += use.on(day, rests) * ran / whole
        days += ran
        off = SURE * math.sqrt(inflated * (days + days**2 / max(use.learned_days, 1)))
        for side, last in before.items():
            now = max(counted + side * off, last)
            if now >= amount and side not in found:
                share = (amount - last) / (now - last) if now > last else 1.0
                found[side] = start + share * (end - start)
                if not side:
                    enough = FARTHER * number + FEWEST_DAYS
            before[side] = now
        day, start, midnight = day + DAY, end, end
    return Reached(found.get(0.0), found.get(1.0), found.get(-1.0))


def _standing(stands: Sequence[tuple[datetime, datetime]], start: datetime, end: datetime) -> float:
    """Days of the time that lie in one of the windows."""
    inside = (min(end, until) - max(start, begun) for begun, until in stands)
    return sum(max(one / DAY, 0.0) for one in inside)
