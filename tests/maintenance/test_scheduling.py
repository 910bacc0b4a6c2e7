import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maintenance.scheduling import (
    Interval,
    NaiveTime,
    Unit,
    next_due,
    occurrence,
    occurrences,
    overdue_days,
)

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    [UTC, *map(ZoneInfo, ("Europe/Berlin", "America/Chicago", "Asia/Kolkata", "Pacific/Apia"))]
)
MOMENTS = st.datetimes(
    datetime(2015, 1, 1),  # noqa: DTZ001 - hypothesis takes naive bounds
    datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
INTERVALS = st.builds(Interval, st.integers(1, 40), st.sampled_from(list(Unit)), st.booleans())


def at(year: int, month: int, day: int, hour: int = 8) -> datetime:
    return datetime(year, month, day, hour, tzinfo=BERLIN)


def test_month_ends_count_from_the_anchor_and_do_not_drift() -> None:
    anchor = at(2027, 12, 31)
    found = [
        occurrence(Interval(1, Unit.MONTHS), anchor=anchor, number=n, zone=BERLIN)
        .astimezone(BERLIN)
        .date()
        .isoformat()
        for n in range(5)
    ]
    assert found == ["2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]


def test_keeps_the_wall_time_when_the_clocks_change() -> None:
    due = occurrence(Interval(1, Unit.WEEKS), anchor=at(2026, 3, 25), number=1, zone=BERLIN)
    assert due == at(2026, 4, 1)
    assert due - at(2026, 3, 25) == timedelta(days=7) - timedelta(hours=1)


def test_a_wall_time_that_the_clock_skips_moves_forward_by_the_gap() -> None:
    anchor = datetime(2026, 3, 28, 2, 30, tzinfo=BERLIN)
    due = occurrence(Interval(1), anchor=anchor, number=1, zone=BERLIN)
    assert due.astimezone(BERLIN).isoformat() == "2026-03-29T03:30:00+02:00"
    after = occurrence(Interval(1), anchor=anchor, number=2, zone=BERLIN)
    assert after.astimezone(BERLIN).isoformat() == "2026-03-30T02:30:00+02:00"


def test_29_february_comes_again_in_the_next_leap_year() -> None:
    anchor = at(2024, 2, 29)
    years = Interval(1, Unit.YEARS)
    days = [occurrence(years, anchor=anchor, number=n, zone=BERLIN).date().day for n in range(5)]
    assert days == [29, 28, 28, 28, 29]


def test_a_late_completion_moves_only_a_floating_schedule() -> None:
    done = at(2026, 2, 12, 17)
    fixed = next_due(Interval(30), anchor=at(2026, 1, 1), completed=done, zone=BERLIN)
    floating = next_due(
        Interval(30, floating=True), anchor=at(2026, 1, 1), completed=done, zone=BERLIN
    )
    assert fixed == at(2026, 3, 2)
    assert floating == at(2026, 3, 14)


def test_never_completed_means_due_at_the_anchor() -> None:
    anchor = at(2026, 1, 1)
    assert next_due(Interval(7), anchor=anchor, completed=None, zone=BERLIN) == anchor


def test_completing_early_on_a_fixed_calendar_still_leaves_the_coming_occurrence() -> None:
    due = next_due(Interval(7), anchor=at(2026, 1, 1), completed=at(2025, 12, 30), zone=BERLIN)
    assert due == at(2026, 1, 1)


@settings(deadline=None, max_examples=150)
@given(INTERVALS, MOMENTS, MOMENTS, ZONES)
def test_the_next_due_date_lies_after_completion(interval, anchor, completed, zone) -> None:
    due = next_due(interval, anchor=anchor, completed=completed, zone=zone)
    assert due > completed
    if interval.floating:
        assert due - completed <= timedelta(days=interval.days() * 1.1 + 4)


@settings(deadline=None, max_examples=100)
@given(
    INTERVALS, MOMENTS, MOMENTS, st.lists(st.timedeltas(timedelta(), timedelta(days=400))), ZONES
)
def test_no_occurrence_is_skipped_or_doubled_however_the_time_is_cut(
    interval, anchor, begin, steps, zone
) -> None:
    cuts = [begin]
    for step in steps:
        cuts.append(cuts[-1] + step)
    whole = list(occurrences(interval, anchor=anchor, after=cuts[0], until=cuts[-1], zone=zone))
    parts = [
        due
        for first, last in itertools.pairwise(cuts)
        for due in occurrences(interval, anchor=anchor, after=first, until=last, zone=zone)
    ]
    assert parts == whole
    assert all(a < b for a, b in itertools.pairwise(whole))
    expected = [
        due
        for due in (
            occurrence(interval, anchor=anchor, number=n, zone=zone)
            for n in range(int((cuts[-1] - anchor).days / interval.days()) + 3)
        )
        if begin < due <= cuts[-1]
    ]
    assert whole == expected


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 20), st.sampled_from(list(Unit)), MOMENTS, ZONES)
def test_completing_each_occurrence_on_time_walks_through_all_of_them(
    count, unit, anchor, zone
) -> None:
    interval = Interval(count, unit)
    due = anchor
    for number in range(1, 30):
        due = next_due(interval, anchor=anchor, completed=due, zone=zone)
        assert due == occurrence(interval, anchor=anchor, number=number, zone=zone)


def test_refuses_times_without_a_zone_and_empty_intervals() -> None:
    with pytest.raises(NaiveTime, match="no time zone"):
        next_due(Interval(1), anchor=datetime(2026, 1, 1), completed=None, zone=UTC)  # noqa: DTZ001
    with pytest.raises(ValueError, match="at least 1"):
        Interval(0)


def test_counts_overdue_days_from_the_due_date() -> None:
    assert overdue_days(due=at(2026, 1, 1), at=at(2026, 1, 13)) == 12
    assert overdue_days(due=at(2026, 1, 1), at=at(2025, 12, 1)) == 0
