"""iCalendar rules, and what a calendar leaves out or moves."""

import contextlib
import itertools
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maintenance.scheduling import (
    HORIZON,
    Calendar,
    Interval,
    OnHoliday,
    Pause,
    Rule,
    RuleError,
    Unit,
    Walk,
    check_code,
)
from tests.maintenance.test_scheduling import BERLIN, MOMENTS, ZONES, at

RULES = st.sampled_from(
    [
        "FREQ=DAILY;INTERVAL=3",
        "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH",
        "FREQ=WEEKLY;BYMONTH=4,5,6,7,8,9;BYDAY=WE",
        "FREQ=MONTHLY;BYDAY=2TU",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;INTERVAL=3;BYMONTHDAY=-1",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
        "FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO",
        "FREQ=YEARLY;INTERVAL=2",
    ]
)


def days(rule: str, start: datetime, count: int, **more) -> list[str]:
    calendar = Calendar(cadence=Rule(rule), starts_at=start, zone=BERLIN, **more)
    found = itertools.islice(calendar.after(start - timedelta(days=1)), count)
    return [f"{due.astimezone(BERLIN):%Y-%m-%d}" for due in found]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=MONTHLY;BYDAY=2TU", ["2026-01-13", "2026-02-10", "2026-03-10"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["2026-01-31", "2026-02-28", "2026-03-31"]),
        ("FREQ=MONTHLY;BYMONTHDAY=31", ["2026-01-31", "2026-03-31", "2026-05-31"]),
        (
            "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
            ["2026-01-30", "2026-02-27", "2026-03-31"],
        ),
        ("FREQ=WEEKLY;BYDAY=MO;BYMONTH=4,5", ["2026-04-06", "2026-04-13", "2026-04-20"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ["2028-02-29", "2032-02-29", "2036-02-29"]),
        ("FREQ=WEEKLY;INTERVAL=2", ["2026-01-01", "2026-01-15", "2026-01-29"]),
        ("FREQ=DAILY;UNTIL=20260102", ["2026-01-01", "2026-01-02"]),
        ("FREQ=DAILY;COUNT=2", ["2026-01-01", "2026-01-02"]),
    ],
)
def test_names_the_days_of_a_rule(rule: str, expected: list[str]) -> None:
    assert days(rule, at(2026, 1, 1), 3) == expected


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("", "write NAME=VALUE"),
        ("every tuesday", "write NAME=VALUE"),
        ("BYDAY=2TU", "has no FREQ"),
        ("FREQ=SECONDLY", "write DAILY, or use a meter"),
        ("FREQ=MINUTELY;INTERVAL=5", "write DAILY, or use a meter"),
        ("FREQ=HOURLY", "write DAILY, or use a meter"),
        ("FREQ=FORTNIGHTLY", "Write DAILY, WEEKLY, MONTHLY or YEARLY"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL=0 cannot be read"),
        ("FREQ=DAILY;FREQ=WEEKLY", "stands in the rule twice"),
        ("FREQ=DAILY;BYHOUR=8", "the time of day is that of the start"),
        ("FREQ=DAILY;BYEASTER=1", "is no part of a rule"),
        ("FREQ=WEEKLY;BYDAY=2TU", "goes with MONTHLY or YEARLY"),
        ("FREQ=MONTHLY;BYDAY=0TU", "1 to 53"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "outside 1 to 31"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "outside 1 to 31"),
        ("FREQ=MONTHLY;BYWEEKNO=3", "FREQ=YEARLY only"),
        ("FREQ=WEEKLY;BYMONTHDAY=3", "write FREQ=MONTHLY"),
        ("FREQ=MONTHLY;BYSETPOS=1", "add one"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20260101", "not both"),
        ("FREQ=DAILY;UNTIL=20260230", "no such day"),
        ("FREQ=DAILY\nDTSTART:20260101", "cannot be read"),
    ],
)
def test_a_rule_that_cannot_be_followed_is_refused_in_words(rule: str, says: str) -> None:
    with pytest.raises(RuleError, match=says):
        Rule(rule)


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet="FREQ=DAILYWKMONTHBU;,-+0123456789\n:", max_size=60))
def test_any_text_is_a_rule_or_is_refused(text: str) -> None:
    with contextlib.suppress(RuleError):
        calendar = Calendar(cadence=Rule(text), starts_at=at(2026, 1, 1), zone=BERLIN)
        list(itertools.islice(calendar.after(at(2026, 1, 1)), 2))


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=5",
        "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6",
        "FREQ=WEEKLY;INTERVAL=9999;BYDAY=MO;BYMONTH=1",
        "FREQ=YEARLY;BYWEEKNO=53;BYMONTH=7",
    ],
)
def test_a_rule_without_a_day_is_found_out_soon(rule: str) -> None:
    calendar = Calendar(cadence=Rule(rule), starts_at=at(2026, 1, 1), zone=BERLIN)
    began = time.perf_counter()
    assert calendar.first() is None
    assert time.perf_counter() - began < 60


def test_a_rule_keeps_the_wall_time_of_the_start_across_daylight_saving() -> None:
    sundays = Calendar(
        cadence=Rule("FREQ=WEEKLY;BYDAY=SU"),
        starts_at=datetime(2026, 3, 22, 2, 30, tzinfo=BERLIN),
        zone=BERLIN,
    )
    found = itertools.islice(sundays.after(at(2026, 3, 22)), 2)
    assert [due.astimezone(BERLIN).isoformat() for due in found] == [
        "2026-03-29T03:30:00+02:00",
        "2026-04-05T02:30:00+02:00",
    ]


@settings(deadline=None, max_examples=80)
@given(RULES, MOMENTS, MOMENTS, st.lists(st.timedeltas(timedelta(), timedelta(days=300))), ZONES)
def test_no_occurrence_of_a_rule_is_skipped_or_doubled_however_the_time_is_cut(
    rule, start, begin, steps, zone
) -> None:
    calendar = Calendar(cadence=Rule(rule), starts_at=start, zone=zone)
    cuts = list(itertools.accumulate([begin, *steps]))
    whole = list(calendar.between(cuts[0], cuts[-1]))
    parts = [
        due for first, last in itertools.pairwise(cuts) for due in calendar.between(first, last)
    ]
    assert parts == whole
    from_the_start = calendar.between(start - timedelta(days=1), cuts[-1])
    if cuts[-1] - start < HORIZON:
        assert whole == [due for due in from_the_start if due > begin]


@settings(deadline=None, max_examples=60)
@given(
    st.one_of(RULES.map(Rule), st.builds(Interval, st.integers(1, 20), st.sampled_from(Unit))),
    MOMENTS,
    ZONES,
    st.sampled_from(OnHoliday),
    st.sampled_from(["DE", "DE-BY", "US", "GB", "JP"]),
    st.sampled_from([None, Pause("12-20", "01-06"), Pause("07-01", "08-31")]),
    st.lists(st.timedeltas(timedelta(), timedelta(days=200)), max_size=5),
)
def test_holidays_and_pauses_never_double_one_and_a_calendar_is_the_same_whenever_it_is_asked(
    cadence, start, zone, on_holiday, code, pause, steps
) -> None:
    calendar = Calendar(
        cadence=cadence,
        starts_at=start,
        zone=zone,
        holidays=code,
        on_holiday=on_holiday,
        pause=pause,
    )
    cuts = list(itertools.accumulate([start, *steps]))
    whole = list(calendar.between(cuts[0], cuts[-1]))
    parts = [
        due for first, last in itertools.pairwise(cuts) for due in calendar.between(first, last)
    ]
    assert parts == whole
    assert all(a < b for a, b in itertools.pairwise(whole))
    for before, due in itertools.islice(itertools.pairwise(whole), 6):
        # Also asked for between the day that it moved from and the day that it moved to.
        assert calendar.next_after(before) == due
        assert calendar.next_after(due - timedelta(microseconds=1)) == due
    if pause is not None:
        assert not any(due.astimezone(zone).date() in pause for due in whole)


@settings(deadline=None, max_examples=25)
@given(
    RULES,
    MOMENTS,
    ZONES,
    st.sampled_from(OnHoliday),
    st.lists(st.timedeltas(timedelta(days=-5), timedelta(days=200)), min_size=2, max_size=5),
)
def test_a_walk_finds_what_a_calendar_that_starts_over_finds(
    rule, start, zone, on_holiday, steps
) -> None:
    calendar = Calendar(
        cadence=Rule(rule), starts_at=start, zone=zone, holidays="DE", on_holiday=on_holiday
    )
    walk = Walk(calendar)
    for moment in itertools.accumulate([start - timedelta(days=30), *steps]):
        found = walk.next_after(moment)
        assert found == calendar.next_after(moment)
        # From an occurrence to the one after it, as a projection goes; then back again.
        assert found is None or walk.next_after(found) == calendar.next_after(found)
    late = Walk(calendar)
    for moment in (start + timedelta(days=500), start):
        assert late.next_after(moment) == calendar.next_after(moment)


def test_a_walk_goes_on_beyond_its_first_horizon() -> None:
    leap = Calendar(cadence=Rule("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29"), starts_at=at(2026, 1, 1),
                    zone=BERLIN)  # fmt: skip
    walk = Walk(leap)
    assert walk.next_after(at(2026, 1, 1)) == at(2028, 2, 29)
    assert walk.next_after(at(2132, 1, 1)) == at(2132, 2, 29)
    over = Walk(replace(leap, ends_at=at(2027, 1, 1)))
    assert [over.next_after(at(year, 1, 1)) for year in (2026, 2030)] == [None, None]


class TestHolidays:
    # In 2026 Good Friday is 3 April, Easter Monday 6 April.
    def easter(self, on_holiday: OnHoliday, start: datetime) -> list[str]:
        return days("FREQ=DAILY", start, 4, holidays="DE", on_holiday=on_holiday)

    def test_are_kept_skipped_or_give_way_to_a_working_day(self) -> None:
        start = at(2026, 4, 2)
        kept = ["2026-04-02", "2026-04-03", "2026-04-04", "2026-04-05"]
        assert self.easter(OnHoliday.KEEP, start) == kept
        skipped = ["2026-04-02", "2026-04-04", "2026-04-05", "2026-04-07"]
        assert self.easter(OnHoliday.SKIP, start) == skipped
        # Both holidays move to Tuesday, which has an occurrence of its own: one of the three.
        assert self.easter(OnHoliday.AFTER, start) == skipped
        assert self.easter(OnHoliday.BEFORE, start) == [*skipped[:3], "2026-04-07"]

    def test_a_moved_occurrence_jumps_over_the_weekend(self) -> None:
        fridays = "FREQ=WEEKLY;BYDAY=FR"
        before = days(fridays, at(2026, 3, 27), 2, holidays="DE", on_holiday=OnHoliday.BEFORE)
        after = days(fridays, at(2026, 3, 27), 2, holidays="DE", on_holiday=OnHoliday.AFTER)
        assert (before[1], after[1]) == ("2026-04-02", "2026-04-07")

    def test_one_that_moved_is_found_from_between_its_two_days(self) -> None:
        fridays = Calendar(
            cadence=Rule("FREQ=WEEKLY;BYDAY=FR"),
            starts_at=at(2026, 3, 27),
            zone=BERLIN,
            holidays="DE",
            on_holiday=OnHoliday.AFTER,
        )
        assert fridays.next_after(at(2026, 4, 4)) == at(2026, 4, 7)
        assert fridays.next_after(at(2026, 4, 7, 7)) == at(2026, 4, 7)
        assert replace(fridays, on_holiday=OnHoliday.BEFORE).next_after(at(2026, 4, 1)) == at(
            2026, 4, 2
        )

    def test_a_weekend_alone_moves_nothing(self) -> None:
        sundays = days(
            "FREQ=WEEKLY;BYDAY=SU", at(2026, 2, 1), 2, holidays="DE", on_holiday=OnHoliday.AFTER
        )
        assert sundays == ["2026-02-01", "2026-02-08"]

    def test_a_part_of_a_country_has_its_own(self) -> None:
        epiphany = at(2026, 1, 6)
        skip = OnHoliday.SKIP
        assert days("FREQ=DAILY", epiphany, 1, holidays="DE", on_holiday=skip) == ["2026-01-06"]
        assert days("FREQ=DAILY", epiphany, 1, holidays="DE-BY", on_holiday=skip) == ["2026-01-07"]

    @pytest.mark.parametrize("code", ["", "Germany", "de", "XX", "DE-XX", "DE-", "DE-BY-X"])
    def test_an_unknown_code_is_refused_in_words(self, code: str) -> None:
        with pytest.raises(ValueError, match="known"):
            check_code(code)


class TestLeavingOut:
    def test_an_excluded_day_is_left_out(self) -> None:
        gone = frozenset({date(2026, 1, 8)})
        assert days("FREQ=WEEKLY", at(2026, 1, 1), 2, excluded=gone) == ["2026-01-01", "2026-01-15"]

    def test_a_pause_over_new_year_leaves_out_what_lies_in_it(self) -> None:
        pause = Pause("12-20", "01-06")
        found = days("FREQ=WEEKLY", at(2026, 12, 17), 2, pause=pause)
        assert found == ["2026-12-17", "2027-01-07"]

    def test_a_floating_schedule_steps_over_the_pause(self) -> None:
        monthly = Calendar(
            cadence=Interval(1, Unit.MONTHS, floating=True),
            starts_at=at(2026, 1, 15),
            zone=BERLIN,
            pause=Pause("07-01", "08-31"),
        )
        done = at(2026, 6, 20)
        assert monthly.next_due(served=done, completed=done) == at(2026, 9, 20)

    def test_nothing_comes_after_its_end(self) -> None:
        ends = at(2026, 1, 8)
        assert days("FREQ=WEEKLY", at(2026, 1, 1), 9, ends_at=ends) == ["2026-01-01", "2026-01-08"]

    def test_a_calendar_that_leaves_out_everything_ends_the_search(self) -> None:
        christmas = Calendar(
            cadence=Interval(1, Unit.YEARS), starts_at=at(2026, 12, 25), zone=BERLIN
        )
        assert christmas.first() is not None
        assert replace(christmas, pause=Pause("12-20", "01-06")).first() is None

    @pytest.mark.parametrize("text", ["13-01", "02-30", "02-29", "1-1", "0101", "aa-bb"])
    def test_what_is_no_day_of_every_year_bounds_no_pause(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"day|year"):
            Pause(text, "12-31")

    @settings(deadline=None)
    @given(st.dates(date(2020, 1, 1), date(2032, 12, 31)))
    def test_work_is_resumed_on_the_first_day_after_the_pause(self, day: date) -> None:
        for pause in (Pause("12-20", "01-06"), Pause("02-01", "02-28"), Pause("01-01", "12-30")):
            after = pause.resumes(day)
            assert after not in pause
            between = (after - day).days
            assert all(day + timedelta(days=n) in pause for n in range(between))


def test_a_zone_is_that_of_the_site_and_not_of_the_server() -> None:
    chicago = ZoneInfo("America/Chicago")
    start = datetime(2026, 1, 1, 22, tzinfo=chicago)  # 2 January in UTC
    calendar = Calendar(cadence=Rule("FREQ=MONTHLY;BYMONTHDAY=1"), starts_at=start, zone=chicago)
    assert calendar.first() == start
    assert calendar.next_after(start) == datetime(2026, 2, 2, 4, tzinfo=UTC)
