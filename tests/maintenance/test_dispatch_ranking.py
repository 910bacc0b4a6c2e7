"""The pure ranking: properties that hold whatever the plant looks like."""

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from maintenance.dispatching.ranking import Job, Person, Rated, ranked, rate
from maintenance.dispatching.times import (
    book,
    end_of,
    first_free,
    free_runs,
    is_free,
    longest_of,
)

NOW = dt.datetime(2026, 3, 2, 6, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
MONDAY = NOW.date()
WORKING = [
    (NOW + dt.timedelta(days=day, hours=2), NOW + dt.timedelta(days=day, hours=10))
    for day in range(5)
]
SKILLS = ["Welding", "rigging", "electrical"]

spans = st.builds(
    lambda start, length: (NOW + start * HOUR / 4, NOW + (start + length) * HOUR / 4),
    st.integers(0, 400),
    st.integers(1, 60),
)
jobs = st.builds(
    Job,
    tag=st.just("P-1"),
    skills=st.lists(st.sampled_from(SKILLS), unique=True),
    minutes=st.integers(0, 3000),
    due_at=st.integers(-50, 150).map(lambda hours: NOW + hours * HOUR),
    planned=st.none() | spans,
    last=st.just(5),
    known=st.dictionaries(st.integers(0, 5), st.integers(1, 5)),
)


def person(
    pk: int,
    skills: list[str],
    weekly: int,
    booked: list[tuple[dt.datetime, dt.datetime]],
    load: int,
    **values: bool,
) -> Person:
    return Person(
        pk=pk,
        skills=skills,
        weekly_minutes=weekly,
        runs=free_runs(WORKING, booked),
        longest=longest_of(WORKING),
        booked={MONDAY: load},
        capacity={MONDAY: weekly},
        open_minutes=load,
        **values,
    )


people = st.builds(
    person,
    pk=st.integers(0, 5),
    skills=st.lists(st.sampled_from(["welding ", "Rigging", "electrical"]), unique=True),
    weekly=st.sampled_from([0, 1200, 2400]),
    booked=st.lists(spans, max_size=4),
    load=st.integers(0, 4000),
    is_active=st.booleans(),
    may_execute=st.booleans(),
)
crews = st.lists(st.tuples(people, st.booleans()), unique_by=lambda pair: pair[0].pk)


def order_of(rows: list[Rated]) -> list[int]:
    return [row.person.pk for row in rows]


@given(jobs, crews)
def test_the_order_of_the_list_is_a_matter_of_the_people_alone(
    job: Job, crew: list[tuple[Person, bool]]
) -> None:
    rows = ranked(job, crew, now=NOW, zone=dt.UTC)

    assert order_of(rows) == order_of(ranked(job, crew[::-1], now=NOW, zone=dt.UTC))
    # Who does not fit stands last; who is in time stands before who is not.
    marks = [(row.fits, row.in_time) for row in rows]
    assert marks == sorted(marks, reverse=True)
    assert all(row.reasons for row in rows)
    assert all(0 <= row.score <= 100 for row in rows)
    for row in rows:
        if row.first_free is not None and row.in_time:
            assert is_free(row.first_free, row.person.runs)
            assert row.first_free[1] <= job.due_at or row.first_free == job.planned


@given(jobs, people, st.integers(1, 2000))
def test_more_work_never_makes_anybody_fit_better(job: Job, one: Person, more: int) -> None:
    before = rate(job, one, reaches=True, now=NOW, zone=dt.UTC).score
    one.booked[MONDAY] += more

    assert rate(job, one, reaches=True, now=NOW, zone=dt.UTC).score <= before


@given(jobs, people)
def test_what_is_taken_is_not_free_a_second_time(job: Job, one: Person) -> None:
    first = rate(job, one, reaches=True, now=NOW, zone=dt.UTC).first_free
    if first is None:
        return
    one.take(job, first, dt.UTC)
    second = rate(job, one, reaches=True, now=NOW, zone=dt.UTC).first_free

    assert second is None or second[0] >= first[1] or second[1] <= first[0]


@given(st.lists(spans, max_size=6), st.integers(1, 2000))
def test_the_first_free_time_holds_the_work(
    booked: list[tuple[dt.datetime, dt.datetime]], minutes: int
) -> None:
    runs = free_runs(WORKING, booked)
    found = first_free(minutes, runs, longest=longest_of(WORKING), earliest=NOW + HOUR)
    if found is None:
        return
    assert found[0] >= NOW + HOUR
    assert not any(begin < found[1] and stop > found[0] for begin, stop in booked)
    worked = sum(
        ((min(end, found[1]) - max(start, found[0])) / HOUR)
        for start, end in WORKING
        if start < found[1] and end > found[0]
    )
    assert round(worked * 60) == minutes


def test_long_work_goes_on_in_the_next_shift_and_not_around_another_job() -> None:
    """12 hours: not from Monday, where something is booked on Tuesday at ten."""
    runs = book([WORKING], (WORKING[1][0] + 2 * HOUR, WORKING[1][0] + 3 * HOUR))

    found = first_free(720, runs, longest=8 * HOUR, earliest=NOW)

    assert found == (WORKING[1][0] + 3 * HOUR, WORKING[2][0] + 7 * HOUR)
    assert end_of(WORKING[1][0], 720, WORKING) == WORKING[2][0] + 4 * HOUR
    assert end_of(NOW, 90, WORKING) == NOW + 1.5 * HOUR


def test_the_reasons_are_told_in_words() -> None:
    job = Job("P-301A", ["Welding", "Rigging"], 120, NOW + 30 * HOUR, last=5, known={1: 3})
    busy = [(WORKING[0][0], WORKING[0][0] + HOUR)]
    able = person(1, ["welding", "rigging"], 2400, busy, 750)
    late = person(2, ["welding", "rigging"], 2400, [(NOW, NOW + 100 * HOUR)], 3000)
    unfit = person(3, ["welding"], 0, [], 0, may_execute=False)

    told = [
        row.reasons
        for row in ranked(job, [(one, True) for one in (unfit, late, able)], now=NOW, zone=dt.UTC)
    ]

    assert told == [
        [
            "Has Welding, Rigging",
            "Free Mon 2 Mar 09:00–11:00",
            "Did 3 of the last 5 works on P-301A",
            "12.5 of 40 h booked this week",
        ],
        [
            "Has Welding, Rigging",
            "Not free for 2 h before it is due; first free Fri 6 Mar 10:00–12:00",
            "50 of 40 h booked this week",
        ],
        ["May not execute work orders", "Has Welding; lacks Rigging", "Takes no work: 0 h a week"],
    ]
