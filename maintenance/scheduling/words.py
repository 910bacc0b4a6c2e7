"""Rules said in words, for people who do not read RFC 5545."""

from collections.abc import Iterable
from datetime import date

from maintenance.scheduling.rule_parts import parts_of

UNITS = {"DAILY": "day", "WEEKLY": "week", "MONTHLY": "month", "YEARLY": "year"}
WEEKDAYS = {
    "MO": "Monday",
    "TU": "Tuesday",
    "WE": "Wednesday",
    "TH": "Thursday",
    "FR": "Friday",
    "SA": "Saturday",
    "SU": "Sunday",
}
WORKDAYS = {"MO", "TU", "WE", "TH", "FR"}
MONTHS = [f"{date(2000, month, 1):%B}" for month in range(1, 13)]
NUMBERED = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", -1: "last"}
DAY_NUMBERS = {-1: "the last day", -2: "the last day but one"}


def in_words(rule: str) -> str:
    """What a rule says. Raises `RuleError` for one that cannot be followed.

    >>> in_words("FREQ=MONTHLY;BYDAY=2TU")
    'every month on the second Tuesday'
    >>> in_words("FREQ=YEARLY;BYMONTH=3,9;BYDAY=1MO")
    'every year in March and September on the first Monday'
    >>> in_words("FREQ=MONTHLY;INTERVAL=3;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1")
    'every 3 months on the last working day'
    >>> in_words("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;COUNT=10")
    'every 2 weeks on Monday and Friday, 10 times'
    >>> in_words("FREQ=MONTHLY;BYMONTHDAY=1,-1;UNTIL=20271231")
    'every month on day 1 and the last day, until December 31, 2027'
    """
    parts = dict(parts_of(rule))
    unit, step = UNITS[parts["FREQ"]], parts.get("INTERVAL", "1")
    said = [f"every {unit}" if step == "1" else f"every {step} {unit}s"]
    if "BYMONTH" in parts:
        said.append(f"in {_listed(MONTHS[int(month) - 1] for month in _split(parts, 'BYMONTH'))}")
    if "BYWEEKNO" in parts:
        said.append(f"in week {_listed(_split(parts, 'BYWEEKNO'))}")
    if "BYYEARDAY" in parts:
        said.append(f"on day {_listed(_split(parts, 'BYYEARDAY'))} of the year")
    if "BYMONTHDAY" in parts:
        said.append(f"on {_listed(_day(int(day)) for day in _split(parts, 'BYMONTHDAY'))}")
    if "BYDAY" in parts:
        said.append(_weekdays(parts))
    text = " ".join(said)
    if "COUNT" in parts:
        text += f", {parts['COUNT']} times" if parts["COUNT"] != "1" else ", once"
    if "UNTIL" in parts:
        text += f", until {date.fromisoformat(parts['UNTIL'][:8]):%B %-d, %Y}"
    return text


def _weekdays(parts: dict[str, str]) -> str:
    days = _split(parts, "BYDAY")
    all_workdays = set(days) == WORKDAYS
    positions = [_numbered(int(number)) for number in _split(parts, "BYSETPOS")]
    if positions:
        which = "working day" if all_workdays else _listed(map(_weekday, days), last="or")
        return f"on the {_listed(positions)} {which}"
    if all_workdays:
        return "on working days"
    return f"on {_listed(map(_weekday, days))}"


def _weekday(text: str) -> str:
    """
    >>> _weekday("-1FR"), _weekday("MO")
    ('the last Friday', 'Monday')
    """
    number, name = text[:-2], WEEKDAYS[text[-2:]]
    return f"the {_numbered(int(number))} {name}" if number else name


def _numbered(number: int) -> str:
    """
    >>> _numbered(2), _numbered(-1), _numbered(7), _numbered(-3)
    ('second', 'last', '7th', '3rd last')
    """
    if number in NUMBERED:
        return NUMBERED[number]
    size = abs(number)
    ending = {1: "st", 2: "nd", 3: "rd"}.get(size % 10 if size // 10 % 10 != 1 else 0, "th")
    return f"{size}{ending}{' last' if number < 0 else ''}"


def _day(number: int) -> str:
    if number > 0:
        return f"day {number}"
    return DAY_NUMBERS.get(number, f"the {_numbered(number)} day")


def _split(parts: dict[str, str], name: str) -> list[str]:
    return parts[name].split(",") if name in parts else []


def _listed(words: Iterable[str], last: str = "and") -> str:
    *most, final = words
    return f"{', '.join(most)} {last} {final}" if most else str(final)
