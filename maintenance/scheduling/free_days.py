"""Days on which work is not planned: public holidays, weekends, the yearly pause."""

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import holidays

SATURDAY = 5


@lru_cache(maxsize=512)
def public_holidays(code: str, year: int) -> frozenset[date]:
    """The public holidays of a country, or of a part of one (ISO 3166), in a year.

    Raises `ValueError` for a code that no calendar of holidays is known for.

    >>> date(2026, 1, 6) in public_holidays("DE-BY", 2026)
    True
    >>> date(2026, 1, 6) in public_holidays("DE", 2026)
    False
    """
    check_code(code)
    country, _, part = code.partition("-")
    return frozenset(holidays.country_holidays(country, subdiv=part or None, years=year))


def check_code(code: str) -> None:
    """Raise `ValueError`, in words, for a code without a calendar.

    >>> check_code("DE-XX")
    Traceback (most recent call last):
        ...
    ValueError: DE has no part XX; these are known: BB, BE, ...
    """
    country, dash, part = code.partition("-")
    known = _countries()
    if country not in known:
        raise ValueError(
            f"No holidays are known for {code}. Write the two letters of a country, such as DE,"
            " or with its part, such as DE-BY."
        )
    if dash and part not in known[country]:
        parts = ", ".join(known[country]) or "none"
        raise ValueError(f"{country} has no part {part}; these are known: {parts}.")


@lru_cache(maxsize=1)
def _countries() -> dict[str, list[str]]:
    return holidays.list_supported_countries()


def is_working_day(day: date, code: str) -> bool:
    """Neither a weekend nor a public holiday."""
    return day.weekday() < SATURDAY and day not in public_holidays(code, day.year)


@dataclass(frozen=True, slots=True)
class Pause:
    """A time of each year, from one day to another and both included; may span New Year.

    `first` and `last` are written MM-DD. Raises `ValueError`, in words, for other texts.

    >>> winter = Pause("12-20", "01-06")
    >>> [date(2026, *day) in winter for day in ((12, 24), (1, 6), (1, 7))]
    [True, True, False]
    """

    first: str
    last: str

    def __post_init__(self) -> None:
        for text in (self.first, self.last):
            check_day_of_year(text)

    def __contains__(self, day: date) -> bool:
        text = f"{day:%m-%d}"
        if self.first <= self.last:
            return self.first <= text <= self.last
        return text >= self.first or text <= self.last

    def resumes(self, day: date) -> date:
        """The day itself, or the first day after the pause that it lies in."""
        if day not in self:
            return day
        month, number = map(int, self.last.split("-"))
        year = day.year + (f"{day:%m-%d}" > self.last)
        return date(year, month, number) + timedelta(days=1)


def check_day_of_year(text: str) -> None:
    """Raise `ValueError`, in words, for what is no day of every year, written MM-DD."""
    wrong = ValueError(f"{text} is no day of the year. Write month and day, such as 12-24.")
    if not re.fullmatch(r"\d\d-\d\d", text):
        raise wrong
    if text == "02-29":
        raise ValueError("29 February is not in every year. Write 02-28 or 03-01.")
    try:
        date.fromisoformat(f"2001-{text}")
    except ValueError:
        raise wrong from None
