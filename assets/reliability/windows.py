"""The periods that KPIs are told for, on the wall clock of a place."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from assets.reliability.spans import Floats

DAY, WEEK, MONTH = "day", "week", "month"
ROLLING = {"rolling_30d": 30, "rolling_365d": 365}
# What is kept; a correction further back changes nothing that is still told.
KEPT_DAYS, KEPT_WEEKS, KEPT_MONTHS = 92, 53, 36


@dataclass(frozen=True, slots=True)
class Window:
    """[start, end) in UTC; the one that is not over ends now."""

    period: str
    start: datetime
    end: datetime

    @property
    def hours(self) -> float:
        return (self.end - self.start).total_seconds() / 3600


class Windows(Sequence[Window]):
    """Windows with their edges as seconds since 1970, and in words of ISO 8601."""

    def __init__(self, windows: Iterable[Window]) -> None:
        self._windows = tuple(windows)
        self.starts: Floats = np.array([w.start.timestamp() for w in self._windows], np.float64)
        self.ends: Floats = np.array([w.end.timestamp() for w in self._windows], np.float64)
        self.texts = [(w.start.isoformat(), w.end.isoformat()) for w in self._windows]

    def __len__(self) -> int:
        return len(self._windows)

    def __getitem__(self, index: int) -> Window:  # type: ignore[override]
        return self._windows[index]

    def __iter__(self) -> Iterator[Window]:
        return iter(self._windows)

    @property
    def earliest(self) -> datetime:
        return min(window.start for window in self._windows)


def windows_until(at: datetime, zone: ZoneInfo) -> Windows:
    """Every kept day, week (from Monday), month and rolling period up to `at`, oldest first.

    A rolling period begins at the midnight so many days before today, and has today so far.
    """
    today = at.astimezone(zone).date()
    monday = today - timedelta(days=today.weekday())
    days = [today - timedelta(days=back) for back in range(KEPT_DAYS)]
    weeks = [monday - timedelta(weeks=back) for back in range(KEPT_WEEKS)]
    months = [_months_before(today, back) for back in range(KEPT_MONTHS)]
    spans = [
        *((DAY, day, day + timedelta(days=1)) for day in days),
        *((WEEK, day, day + timedelta(weeks=1)) for day in weeks),
        *((MONTH, day, _months_before(day, -1)) for day in months),
        *((name, today - timedelta(days=back), None) for name, back in ROLLING.items()),
    ]
    found = []
    for period, first, last in spans:
        start = _midnight(first, zone)
        end = min(_midnight(last, zone), at) if last else at
        if start < end:
            found.append(Window(period, start, end.astimezone(UTC)))
    return Windows(sorted(found, key=lambda window: (window.end, window.start)))


def window_of(period: str, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The whole day, week or month that the day lies in.

    >>> window_of("week", date(2026, 3, 4), ZoneInfo("UTC"))[0].day
    2
    """
    if period == WEEK:
        first = day - timedelta(days=day.weekday())
        return _midnight(first, zone), _midnight(first + timedelta(weeks=1), zone)
    if period == MONTH:
        return _midnight(day.replace(day=1), zone), _midnight(_months_before(day, -1), zone)
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def sums(facts: Mapping[str, Sequence[tuple[float, float]]], windows: Windows) -> dict[str, Floats]:
    """For each name, the amounts of its (second, amount) facts in each window [start, end)."""
    found = {}
    for name, rows in facts.items():
        times, before = _cumulated(rows)
        first = np.searchsorted(times, windows.starts, side="left")
        last = np.searchsorted(times, windows.ends, side="left")
        found[name] = before[last] - before[first]
    return found


def levels(
    facts: Mapping[str, Sequence[tuple[float, float]]], windows: Windows
) -> dict[str, Floats]:
    """For each name, the sum of all amounts up to the end of each window: what stands there."""
    found = {}
    for name, rows in facts.items():
        times, before = _cumulated(rows)
        found[name] = before[np.searchsorted(times, windows.ends, side="right")]
    return found


def _cumulated(rows: Sequence[tuple[float, float]]) -> tuple[Floats, Floats]:
    ordered = np.array(sorted(rows), dtype=np.float64).reshape(-1, 2)
    return ordered[:, 0], np.concatenate([[0.0], np.cumsum(ordered[:, 1])])


def _months_before(day: date, count: int) -> date:
    """The first day of the month so many before that of the day."""
    month = day.year * 12 + day.month - 1 - count
    return date(month // 12, month % 12 + 1, 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone).astimezone(UTC)
