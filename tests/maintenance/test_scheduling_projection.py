"""The course of one schedule: whichever comes first of calendar, meters and a condition."""

from datetime import UTC, datetime, timedelta
from typing import Any

from maintenance.scheduling import Calendar, Interval
from maintenance.scheduling.projection import MOST_STEPS, Course, Larger, Meter

DAY = timedelta(days=1)
START = datetime(2026, 1, 1, 8, tzinfo=UTC)


def on(day: float) -> datetime:
    return START + day * DAY


def every(days: int, *, floating: bool = False, first: float = 0) -> Calendar:
    return Calendar(cadence=Interval(days, floating=floating), starts_at=on(first), zone=UTC)


def meter(due: float, cycle: float | None = None, *, reached: bool = False) -> Meter:
    length = None if cycle is None else cycle * DAY
    return Meter(due=on(due), cycle=length, reached=reached)


def course(calendar: Calendar | None = None, due: float | None = None, **values: Any) -> Course:
    values = {"is_fixed": True, **values}
    at = None if due is None else on(due)
    return Course(calendar=calendar, calendar_due=at, **values)


def days(one: Course, until: float, at: float = 0, larger: list[float] | None = None) -> list[Any]:
    """Each step as its day, with the first letter of what called; in brackets: absorbed."""
    services = [Larger(due=on(day), schedule=9) for day in larger or []]
    found = one.steps(until=on(until), at=on(at), larger=services)
    texts = [f"{(step.due - START) / DAY:g}{step.why[:2]}" for step in found]
    return [
        f"({text})" if step.absorbed_by else text for text, step in zip(texts, found, strict=True)
    ]


def test_the_first_of_all_calls_is_the_step_and_of_two_at_once_the_calendar() -> None:
    calls = {"meters": [meter(5), meter(4)], "condition_due": on(6)}
    assert days(course(every(90), 7, **calls), until=8) == ["4me", "7ca"]
    assert days(course(every(90), 4, **calls), until=8)[:1] == ["4ca"]
    assert days(course(condition_due=on(4), meters=[meter(4)]), until=8) == ["4co"]


def test_a_step_on_the_last_moment_is_not_shown() -> None:
    assert days(course(every(10), 0), until=20) == ["0ca", "10ca"]
    assert days(course(meters=[meter(20)]), until=20) == []


def test_a_schedule_ends_with_its_last_day() -> None:
    assert days(course(meters=[meter(5, 5)], ends_at=on(10)), until=30) == ["5me", "10me"]


def test_a_course_has_so_many_steps_at_most() -> None:
    assert len(days(course(every(1), 0), until=MOST_STEPS + 9)) == MOST_STEPS


def test_a_date_that_was_set_by_hand_comes_once() -> None:
    by_hand = course(None, 3)
    assert days(by_hand, until=400) == ["3ca"]
    assert days(course(None, 30), until=400, larger=[5]) == []


class TestFixedMeters:
    def test_go_on_with_each_multiple(self) -> None:
        assert days(course(meters=[meter(10, 30)]), until=80) == ["10me", "40me", "70me"]

    def test_done_late_go_on_with_the_multiple_after_the_nearest(self) -> None:
        """Due 70 days ago, every 30: at -70, -40, -10, 20. Nearest to today is -10."""
        assert days(course(meters=[meter(-70, 30)]), until=60, at=0) == ["-70me", "20me", "50me"]

    def test_count_a_service_by_the_calendar_when_it_comes_near_enough(self) -> None:
        near = course(every(200), 0, meters=[meter(10, 40)])
        far = course(every(200), 0, meters=[meter(30, 40)])
        assert days(near, until=60) == ["0ca", "50me"]
        assert days(far, until=60) == ["0ca", "30me"]

    def test_are_not_counted_back_by_a_service_long_before(self) -> None:
        assert days(course(every(300), 0, meters=[meter(95, 40)]), until=140) == [
            "0ca",
            "95me",
            "135me",
        ]

    def test_without_a_known_use_come_once(self) -> None:
        assert days(course(meters=[meter(10)]), until=500) == ["10me"]


def test_floating_meters_and_calendars_count_from_the_completion() -> None:
    both = course(every(30, floating=True), 0, is_fixed=False, meters=[meter(20, 25)])
    assert days(both, until=60) == ["0ca", "25me", "50me"]


class TestCalendarAfterAnotherCause:
    def test_moves_on_where_its_order_would_have_been_made(self) -> None:
        lead = {"lead": 7 * DAY, "meters": [meter(10)]}
        assert days(course(every(30, first=15), 15, **lead), until=50) == ["10me", "45ca"]
        assert days(course(every(30, first=17), 17, **lead), until=50) == ["10me", "47ca"]

    def test_stays_where_it_is_farther_away(self) -> None:
        lead = {"lead": 7 * DAY, "meters": [meter(10)]}
        assert days(course(every(30, first=18), 18, **lead), until=40) == ["10me", "18ca"]


class TestLargerServices:
    def test_stand_in_up_to_so_many_days_before_and_after(self) -> None:
        for day in (13, 27):
            one = course(every(30, first=20), 20, absorb=7 * DAY)
            assert days(one, until=60, larger=[day]) == ["(20ca)", "50ca"]

    def test_do_not_from_a_day_farther(self) -> None:
        for day in (12, 28):
            one = course(every(30, first=20), 20, absorb=7 * DAY)
            assert days(one, until=60, larger=[day]) == ["20ca", "50ca"]

    def test_restart_what_floats_and_meters_that_float(self) -> None:
        calendar = every(30, floating=True, first=20)
        one = course(calendar, 20, is_fixed=False, absorb=DAY, meters=[meter(25, 40)])
        assert days(one, until=90, larger=[5]) == ["35ca", "65ca"]

    def test_that_are_late_are_done_today(self) -> None:
        one = course(every(30, floating=True, first=20), 20, is_fixed=False, absorb=DAY)
        assert days(one, until=50, larger=[-5]) == ["30ca"]
        one = course(every(30, floating=True, first=-4), -4, is_fixed=False, absorb=DAY)
        assert days(one, until=50, larger=[-5]) == ["(-4ca)", "30ca"]

    def test_serve_a_condition_and_what_calls_for_nothing_more(self) -> None:
        one = course(condition_due=on(20), absorb=DAY)
        assert days(one, until=90, larger=[5, 50]) == []
        assert days(course(meters=[meter(2)]), until=90, larger=[50]) == ["2me"]


def test_each_step_says_whether_it_rests_on_an_assumption() -> None:
    for one, expected in (
        (course(every(30, first=20), 20, meters=[meter(15, 90)]), [True, False]),
        (course(every(10, floating=True), 0, is_fixed=False), [False, True, True]),
        (course(meters=[meter(0, 9, reached=True)]), [False, True, True]),
    ):
        steps = one.steps(until=on(25), at=on(0))
        assert [step.projected for step in steps] == expected
