"""iCalendar rules (RFC 5545 RRULE) of whole days: the nth weekday, seasons, the last workday.

A rule names days; the time of day is that of the first occurrence, on the wall clock of the site.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time

from dateutil.rrule import rrulestr

from maintenance.scheduling.rule_parts import parts_of

CYCLE = 400
"""Years after which the calendar repeats, weekdays and all."""
LOOKED_AT = 250
"""Years after the start in which days are looked for, at least."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of days. Raises `RuleError` for one that cannot be followed.

    >>> import itertools
    >>> second_tuesday = Rule("FREQ=MONTHLY;BYDAY=2TU")
    >>> [f"{day:%a %d %b}" for day in
    ...     itertools.islice(second_tuesday.days(first=date(2026, 1, 1), after=date.min), 2)]
    ['Tue 13 Jan', 'Tue 10 Feb']
    >>> Rule("FREQ=HOURLY")
    Traceback (most recent call last):
        ...
    maintenance.scheduling.rule_parts.RuleError: FREQ=HOURLY is not possible here: write DAILY, ...
    """

    text: str

    def __post_init__(self) -> None:
        parts_of(self.text)

    def __str__(self) -> str:
        return self.text

    def days(self, *, first: date, after: date) -> Iterator[date]:
        """Its days from `first` on, of those the ones later than `after`, rising.

        The rule counts from `first` (DTSTART), which is one of them only if it fits the rule.
        The search is bounded: dateutil looks until the year 9999 for a day that never comes, so it
        is given the last years that it knows, which are the same ones 400 years at a time.
        """
        parts = dict(parts_of(self.text))
        until = parts.pop("UNTIL", None)
        last = date.fromisoformat(until[:8]) if until else date.max
        begin = first if "COUNT" in parts else _nearer(first, after, parts)
        shift = (date.max.year - LOOKED_AT - begin.year) // CYCLE * CYCLE
        moved = datetime.combine(_in_year(begin, begin.year + shift), time())
        text = ";".join(f"{name}={value}" for name, value in parts.items())
        for found in rrulestr(text, dtstart=moved):
            day = _in_year(found.date(), found.year - shift)
            if day > last:
                return
            if day > after:
                yield day


def _in_year(day: date, year: int) -> date:
    """The same day a number of cycles away: leap years fall on leap years."""
    return day.replace(year=year)


def _nearer(first: date, after: date, parts: dict[str, str]) -> date:
    """A later start of the same rule, some periods before `after`, so that few days are walked.

    Only for rules of days and weeks, which have the same length everywhere; those of months and
    years have few days anyhow.
    """
    length = {"DAILY": 1, "WEEKLY": 7}.get(parts["FREQ"])
    if length is None or after <= first:
        return first
    step = length * int(parts.get("INTERVAL", 1))
    periods = max(((after - first).days - 7) // step - 1, 0)
    return date.fromordinal(first.toordinal() + periods * step)
