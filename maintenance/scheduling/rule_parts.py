"""The text of an iCalendar rule (RFC 5545 section 3.3.10), read and checked part by part."""

import re
from datetime import date
from functools import lru_cache

NUMBERS = r"-?\d{1,3}(,-?\d{1,3})*"
DAYS = r"[+-]?\d{0,2}(MO|TU|WE|TH|FR|SA|SU)(,[+-]?\d{0,2}(MO|TU|WE|TH|FR|SA|SU))*"
GRAMMAR = {
    "FREQ": "DAILY|WEEKLY|MONTHLY|YEARLY",
    "INTERVAL": r"[1-9]\d{0,3}",
    "COUNT": r"[1-9]\d{0,3}",
    "UNTIL": r"\d{8}(T\d{6}Z?)?",
    "BYDAY": DAYS,
    "BYMONTH": r"\d{1,2}(,\d{1,2})*",
    "BYMONTHDAY": NUMBERS,
    "BYYEARDAY": NUMBERS,
    "BYWEEKNO": NUMBERS,
    "BYSETPOS": NUMBERS,
    "WKST": "MO|TU|WE|TH|FR|SA|SU",
}
MOST = {"BYMONTH": 12, "BYMONTHDAY": 31, "BYYEARDAY": 366, "BYWEEKNO": 53, "BYSETPOS": 366}
TIMES = ("BYHOUR", "BYMINUTE", "BYSECOND")
HINTS = {
    "FREQ": "Write DAILY, WEEKLY, MONTHLY or YEARLY.",
    "BYDAY": "Write weekdays such as MO,FR, or 2TU for the second Tuesday.",
    "UNTIL": "Write a day such as 20271231.",
    "WKST": "Write the first day of the week, such as MO.",
}


class RuleError(ValueError):
    """A rule that cannot be followed; its text says why and what to write instead."""


@lru_cache(maxsize=1024)
def parts_of(text: str) -> tuple[tuple[str, str], ...]:
    """Names and values in their order. Raises `RuleError`.

    >>> parts_of("freq=monthly;byday=2tu")
    (('FREQ', 'MONTHLY'), ('BYDAY', '2TU'))
    """
    parts: dict[str, str] = {}
    for piece in text.upper().removeprefix("RRULE:").strip().rstrip(";").split(";"):
        name, equals, value = (word.strip() for word in piece.partition("="))
        if not equals or not value:
            raise RuleError(f"{piece or 'An empty text'} is no part of a rule: write NAME=VALUE.")
        if name in parts:
            raise RuleError(f"{name} stands in the rule twice: leave one.")
        _check_name(name)
        _check_value(name, value)
        parts[name] = value
    if "FREQ" not in parts:
        raise RuleError("The rule has no FREQ: begin with FREQ=MONTHLY, for example.")
    _check_together(parts)
    _check_weekdays(parts)
    return tuple(parts.items())


def _check_name(name: str) -> None:
    if name in TIMES:
        raise RuleError(f"{name} is not possible here: the time of day is that of the start.")
    if name not in GRAMMAR:
        known = ", ".join(GRAMMAR)
        raise RuleError(f"{name} is no part of a rule that can be followed; these are: {known}.")


def _check_value(name: str, value: str) -> None:
    if name == "FREQ" and value in ("SECONDLY", "MINUTELY", "HOURLY"):
        raise RuleError(f"FREQ={value} is not possible here: write DAILY, or use a meter.")
    if not re.fullmatch(GRAMMAR[name], value):
        hint = HINTS.get(name, "Write whole numbers, separated by commas.")
        raise RuleError(f"{name}={value} cannot be read. {hint}")
    for number in map(int, value.split(",") if name in MOST else ()):
        if not 1 <= abs(number) <= MOST[name]:
            raise RuleError(f"{name}={value}: {number} lies outside 1 to {MOST[name]}.")
    if name == "UNTIL":
        try:
            date.fromisoformat(value[:8])
        except ValueError:
            raise RuleError(f"UNTIL={value}: there is no such day.") from None


def _check_together(parts: dict[str, str]) -> None:
    if "COUNT" in parts and "UNTIL" in parts:
        raise RuleError("Give COUNT or UNTIL, not both.")
    for name in ("BYWEEKNO", "BYYEARDAY"):
        if name in parts and parts["FREQ"] != "YEARLY":
            raise RuleError(f"{name} goes with FREQ=YEARLY only.")
    if "BYMONTHDAY" in parts and parts["FREQ"] == "WEEKLY":
        raise RuleError("BYMONTHDAY does not go with FREQ=WEEKLY: write FREQ=MONTHLY.")
    others = [name for name in parts if name.startswith("BY") and name != "BYSETPOS"]
    if "BYSETPOS" in parts and not others:
        raise RuleError("BYSETPOS picks from days that BYDAY or another part names: add one.")


def _check_weekdays(parts: dict[str, str]) -> None:
    numbers = [int(number) for number in re.findall(r"[+-]?\d+", parts.get("BYDAY", ""))]
    if not numbers:
        return
    if parts["FREQ"] not in ("MONTHLY", "YEARLY"):
        raise RuleError("A numbered weekday such as 2TU goes with MONTHLY or YEARLY only.")
    if "BYWEEKNO" in parts:
        raise RuleError("A numbered weekday such as 2TU does not go with BYWEEKNO.")
    if any(not 1 <= abs(number) <= 53 for number in numbers):
        raise RuleError("A weekday can be numbered 1 to 53, or -1 to -53 from the end.")
