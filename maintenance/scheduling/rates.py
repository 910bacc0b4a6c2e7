"""About how often a calendar calls for work, without walking through it."""

from maintenance.scheduling.intervals import Interval
from maintenance.scheduling.rule_parts import parts_of

DAYS = {"DAILY": 1.0, "WEEKLY": 7.0, "MONTHLY": 30.4375, "YEARLY": 365.25}
WEEKS = {"MONTHLY": 4.348, "YEARLY": 52.18}


def times_a_year(cadence: Interval | str) -> float:
    """Of an interval or the text of a rule; holidays, pauses and ends are left out of account.

    >>> round(times_a_year(Interval(14)), 1), times_a_year("FREQ=MONTHLY;BYDAY=2TU")
    (26.1, 12.0)
    >>> round(times_a_year("FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR"))
    261
    >>> times_a_year("FREQ=YEARLY;BYMONTH=3,9")
    2.0
    >>> round(times_a_year("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR"), 1)
    52.2
    """
    if isinstance(cadence, Interval):
        return 365.25 / cadence.days()
    parts = dict(parts_of(cadence))
    frequency = parts["FREQ"]
    periods = 365.25 / (DAYS[frequency] * int(parts.get("INTERVAL", 1)))
    return periods * _times_a_period(parts, frequency)


def _times_a_period(parts: dict[str, str], frequency: str) -> float:
    counts = {name: len(value.split(",")) for name, value in parts.items()}
    if "BYSETPOS" in parts:
        return counts["BYSETPOS"]
    days = counts.get("BYDAY", 0)
    if frequency == "DAILY":
        return days / 7 if days else 1
    if frequency == "WEEKLY":
        return days or 1
    months = float(counts.get("BYMONTH", 1))
    if frequency == "MONTHLY":
        months = months / 12 if "BYMONTH" in parts else 1
    if days and not any(sign.isdigit() for sign in parts["BYDAY"]):
        weeks = WEEKS["MONTHLY"] if "BYMONTH" in parts else WEEKS[frequency]
        return months * days * weeks
    of_days = max(counts.get("BYMONTHDAY", 1), counts.get("BYYEARDAY", 1), days, 1)
    return months * of_days
