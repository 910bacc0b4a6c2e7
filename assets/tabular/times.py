"""How a cell becomes a moment in UTC: ISO 8601, a strptime format, or a counter."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

# The cell and the zone of times that name none; raises ValueError with a reason for people.
TimeReader = Callable[[str, ZoneInfo], datetime]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UNITS = {
    "us": timedelta(microseconds=1),
    "ms": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "cycle": timedelta(hours=1),
}
_UNIX_UNITS = {"us", "ms", "s"}
_UNIT = re.compile(r"(\d{0,9})\s*([a-z]+)")


class Ambiguous(StrEnum):
    """What to do with a local time that the clock shows twice, when summer time ends."""

    REJECT = "reject"
    FIRST = "first"
    SECOND = "second"


def localize(naive: datetime, zone: ZoneInfo, ambiguous: Ambiguous) -> datetime:
    """The moment in UTC at which clocks of the zone show `naive`.

    Raises ValueError when they never do (the hour skipped in spring), or do so twice and
    `ambiguous` says to reject that.
    """
    if zone.key == "UTC":
        return naive.replace(tzinfo=UTC)
    first = naive.replace(tzinfo=zone, fold=0).utcoffset() or timedelta()
    second = naive.replace(tzinfo=zone, fold=1).utcoffset() or timedelta()
    if first < second:
        raise ValueError(f"{naive} does not exist in {zone.key}: the clock skips it.")
    if first > second and ambiguous is Ambiguous.REJECT:
        raise ValueError(
            f"{naive} happens twice in {zone.key}, when the clock is set back: say which one with"
            " --ambiguous first or --ambiguous second."
        )
    offset = second if ambiguous is Ambiguous.SECOND else first
    return naive.replace(tzinfo=UTC) - offset


def iso_reader(ambiguous: Ambiguous = Ambiguous.REJECT) -> TimeReader:
    """Times such as 2026-03-01T12:00:00Z or 2026-03-01 12:00."""

    def read(cell: str, zone: ZoneInfo) -> datetime:
        try:
            time = datetime.fromisoformat(cell.strip())
        except ValueError:
            raise ValueError(
                f"{cell.strip()[:40]!r} is not an ISO 8601 time such as 2026-03-01 12:00:00."
                " Use --time-format or --time-unit."
            ) from None
        return _in_utc(time, zone, ambiguous)

    return read


def format_reader(pattern: str, ambiguous: Ambiguous = Ambiguous.REJECT) -> TimeReader:
    """Times in a strptime format. Raises ValueError for a format that Python does not know."""
    try:
        datetime.strptime("", pattern)  # noqa: DTZ007
    except ValueError as error:
        if "does not match" not in str(error):
            raise ValueError(f"{pattern!r} is not a time format: {error}.") from None
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a time format: {error}.") from None

    def read(cell: str, zone: ZoneInfo) -> datetime:
        try:
            time = datetime.strptime(cell.strip(), pattern)  # noqa: DTZ007 (localized below)
        except ValueError:
            raise ValueError(f"{cell.strip()[:40]!r} is not a time like {pattern}.") from None
        return _in_utc(time, zone, ambiguous)

    return read


def counter_reader(unit: str, start: datetime | None) -> TimeReader:
    """Numbers that count a unit from `start`, or as Unix time from 1970 where it is None.

    unit: us, ms, s, min, h, d or cycle (one hour), with a factor before it where needed: 10min.
    Raises ValueError for an unknown unit, and for one that is no Unix time without a start.
    """
    match = _UNIT.fullmatch(unit.strip().lower())
    if match is None or match[2] not in _UNITS or match[1] == "0":
        raise ValueError(
            f"{unit!r} is not a unit of time. Use one of {', '.join(_UNITS)}, or 10min."
        )
    if start is None and (match[1] or match[2] not in _UNIX_UNITS):
        raise ValueError(
            f"A counter of {unit} needs to know when it began: add --start 2026-01-01T00:00:00Z."
        )
    step = _UNITS[match[2]] * int(match[1] or 1)
    origin = start or _EPOCH

    def read(cell: str, _zone: ZoneInfo) -> datetime:
        text = cell.strip()
        try:
            count = int(text) if text.lstrip("-").isdecimal() else float(text)
            return origin + count * step
        except (ValueError, OverflowError):
            raise ValueError(f"{text[:40]!r} is not a number of {unit} within reach.") from None

    return read


def _in_utc(time: datetime, zone: ZoneInfo, ambiguous: Ambiguous) -> datetime:
    try:
        if time.tzinfo is None:
            return localize(time, zone, ambiguous)
        return time.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{time} is out of reach.") from None
