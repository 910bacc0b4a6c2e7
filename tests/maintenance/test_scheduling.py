"""Calendars of intervals: month ends, leap days, daylight saving, every zone."""

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maintenance.scheduling import Calendar, Interval, NaiveTime, Unit, occurrence, overdue_days
from maintenance.scheduling.intervals import occurrences

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = st.sampled_from(
    [
        UTC,
        *map(
            ZoneInfo,
            (
                "Europe/Berlin",
                "America/Chicago",
                "Asia/Kolkata",
                "Pacific/Apia",
                "Australia/Lord_Howe",
                "Africa/Casablanca",
            ),
        ),
    ]
)
MOMENTS = st.datetimes(
    datetime(2008, 1, 1),  # noqa: DTZ001 - hypothesis takes naive bounds
    datetime(2030, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
INTERVALS = st.builds(Interval, st.integers(1, 40), st.sampled_from(list(Unit)), st.booleans())


def at(year: int, month: int, day: int, hour: int = 8) -> datetime:
    return datetime(year, month, day, hour, tzinfo=BERLIN)


def calendar(interval: Interval, anchor: datetime, zone=BERLIN) -> Calendar:
    return Calendar(cadence=interval, starts_at=anchor, zone=zone)


def test_month_ends_count_from_the_anchor_and_do_not_drift() -> None:
    found = calendar(Interval(1, Unit.MONTHS), at(2027, 12, 31)).after(at(2027, 12, 1))
    assert [f"{due.astimezone(BERLIN):%Y-%m-%d}" for due in itertools.islice(found, 5)] == [
        "2027-12-31",
        "2028-01-31",
        "2028-02-29",
        "2028-03-31",
        "2028-04-30",
    ]


def test_keeps_the_wall_time_when_the_clocks_change() -> None:
    due = occurrence(Interval(1, Unit.WEEKS), anchor=at(2026, 3, 25), number=1, zone=BERLIN)
    assert due == at(2026, 4, 1)
    assert due - at(2026, 3, 25) == timedelta(days=7) - timedelta(hours=1)


def test_a_wall_time_that_the_clock_skips_moves_forward_by_the_gap() -> None:
    daily = calendar(Interval(1), datetime(2026, 3, 28, 2, 30, tzinfo=BERLIN))
    found = daily.after(at(2026, 3, 28))
    assert [due.astimezone(BERLIN).isoformat() for due in itertools.islice(found, 2)] == [
        "2026-03-29T03:30:00+02:00",
        "2026-03-30T02:30:00+02:00",
    ]


def test_a_wall_time_that_the_clock_repeats_is_the_first_of_the_two() -> None:
    daily = calendar(Interval(1), datetime(2026, 10, 24, 2, 30, tzinfo=BERLIN))
    due = daily.next_after(at(2026, 10, 24))
    assert due is not None
    assert due.astimezone(BERLIN).isoformat() == "2026-10-25T02:30:00+02:00"


def test_a_start_in_the_repeated_hour_stays_and_the_next_gap_is_jumped_forward() -> None:
    start = datetime(2025, 10, 26, 2, 30, fold=1, tzinfo=BERLIN)
    daily = calendar(Interval(1), start)
    assert daily.first() == start.astimezone(UTC)
    spring = daily.next_after(at(2026, 3, 28))
    assert spring is not None
    assert spring.astimezone(BERLIN).isoformat() == "2026-03-29T03:30:00+02:00"


def test_a_day_that_a_zone_skipped_is_no_second_occurrence() -> None:
    apia = ZoneInfo("Pacific/Apia")  # went from 29 to 31 December 2011
    daily = calendar(Interval(1), datetime(2011, 12, 28, 9, tzinfo=apia), apia)
    found = list(itertools.islice(daily.after(datetime(2011, 12, 28, 20, tzinfo=UTC)), 3))
    assert len(set(found)) == 3
    assert [due.astimezone(apia).day for due in found] == [29, 31, 1]
    plain = occurrences(Interval(1), anchor=found[0], after=found[0], zone=apia)
    assert list(itertools.islice(plain, 2)) == found[1:]


def test_29_february_comes_again_in_the_next_leap_year() -> None:
    years = Interval(1, Unit.YEARS)
    dues = [occurrence(years, anchor=at(2024, 2, 29), number=n, zone=BERLIN) for n in range(5)]
    assert [due.day for due in dues if due is not None] == [29, 28, 28, 28, 29]


def test_a_late_completion_moves_only_a_floating_schedule() -> None:
    start, done = at(2026, 1, 1), at(2026, 2, 12, 17)
    fixed = calendar(Interval(30), start).next_due(served=start, completed=done)
    floating = calendar(Interval(30, floating=True), start).next_due(served=start, completed=done)
    assert fixed == at(2026, 3, 2)
    assert floating == at(2026, 3, 14)


def test_never_completed_means_due_at_the_start() -> None:
    assert calendar(Interval(7), at(2026, 1, 1)).first() == at(2026, 1, 1)


def test_done_early_a_fixed_calendar_goes_on_with_the_date_after_the_one_that_was_served() -> None:
    weekly = calendar(Interval(7), at(2026, 1, 1))
    assert weekly.next_due(served=at(2026, 1, 8), completed=at(2026, 1, 6)) == at(2026, 1, 15)


def test_done_on_its_day_before_its_hour_a_floating_schedule_does_not_come_again_that_day() -> None:
    daily = calendar(Interval(1, floating=True), at(2026, 1, 1, 12))
    due = daily.next_due(served=at(2026, 1, 1, 12), completed=at(2026, 1, 5, 9))
    assert due == at(2026, 1, 6, 12)


@settings(deadline=None, max_examples=150)
@given(INTERVALS, MOMENTS, MOMENTS, ZONES)
def test_the_next_due_date_lies_after_completion(interval, anchor, completed, zone) -> None:
    due = calendar(interval, anchor, zone).next_due(served=anchor, completed=completed)
    assert due is not None
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
    fixed = calendar(interval, anchor, zone)
    cuts = list(itertools.accumulate([begin, *steps]))
    whole = list(fixed.between(cuts[0], cuts[-1]))
    parts = [due for first, last in itertools.pairwise(cuts) for due in fixed.between(first, last)]
    assert parts == whole
    assert all(a < b for a, b in itertools.pairwise(whole))
    every = (
        occurrence(interval, anchor=anchor, number=n, zone=zone)
        for n in range(int((cuts[-1] - anchor).days / interval.days()) + 3)
    )
    assert whole == sorted({due for due in every if due and begin < due <= cuts[-1]})


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 20), st.sampled_from(list(Unit)), MOMENTS, ZONES)
def test_completing_each_occurrence_on_time_walks_through_all_of_them(
    count, unit, anchor, zone
) -> None:
    interval = Interval(count, unit)
    fixed = calendar(interval, anchor, zone)
    expected = list(itertools.islice(fixed.after(anchor), 30))
    walked, due = [], anchor
    for _ in range(30):
        due = fixed.next_due(served=due, completed=due)
        walked.append(due)
    assert walked[: len(expected)] == expected


@settings(deadline=None, max_examples=60)
@given(INTERVALS, MOMENTS, ZONES, MOMENTS)
def test_every_occurrence_keeps_the_wall_time_unless_the_clock_skips_it(
    interval, anchor, zone, after
) -> None:
    clock = anchor.astimezone(zone).replace(tzinfo=None).time()
    for due in itertools.islice(calendar(interval, anchor, zone).after(after), 10):
        local = due.astimezone(zone)
        if local.time() != clock:
            # Only where that wall time does not exist, and then later on the clock.
            wanted = datetime.combine(local.date(), clock, tzinfo=zone)
            skipped = wanted.astimezone(UTC).astimezone(zone)
            assert skipped.replace(tzinfo=None) != wanted.replace(tzinfo=None)


def test_refuses_times_without_a_zone_and_empty_intervals() -> None:
    naive = datetime(2026, 1, 1)  # noqa: DTZ001
    with pytest.raises(NaiveTime, match="no time zone"):
        calendar(Interval(1), naive, UTC).first()
    with pytest.raises(ValueError, match="at least 1"):
        Interval(0)


def test_an_interval_beyond_all_years_has_an_end() -> None:
    ages = calendar(Interval(30_000, Unit.YEARS), at(2026, 1, 1))
    assert list(ages.after(at(2025, 1, 1))) == [at(2026, 1, 1)]


def test_counts_overdue_days_from_the_due_date() -> None:
    assert overdue_days(due=at(2026, 1, 1), at=at(2026, 1, 13)) == 12
    assert overdue_days(due=at(2026, 1, 1), at=at(2025, 12, 1)) == 0
