from datetime import UTC, datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assets.reliability.figures import Figure, figures
from assets.reliability.ledger import Event, Ledger, Run, production
from assets.reliability.spans import Covered, merge
from assets.reliability.windows import Window, Windows

START = datetime(2026, 3, 1, tzinfo=UTC)


def hour(number: float) -> datetime:
    return START + timedelta(hours=number)


def event(state: str, begin: float, end: float | None, cause: str = "none") -> Event:
    return Event(state, cause, hour(begin), None if end is None else hour(end))


def window(begin: float = 0, end: float = 100) -> Windows:
    return Windows([Window("day", hour(begin), hour(end))])


def known(
    events: list[Event],
    since: float | None = 0,
    windows: Windows | None = None,
    runs: tuple[Run, ...] = (),
) -> dict[str, Figure]:
    """The figures of one window by name."""
    windows = windows or window()
    ledger = Ledger(events, None if since is None else hour(since))
    sums = {**ledger.measure(windows), **production(runs, ledger, windows)}
    numbers = {name: float(column[0]) for name, column in sums.items()}
    return {one.kpi: one for one in figures(numbers, window_hours=windows[0].hours)}


def test_the_worked_example_of_states():
    """100 h: idle 10 h, failures of 4 h and 2 h, planned maintenance of 4 h.

    SMRP 2.2: downtime 4 + 2 + 4 = 10 h, uptime 100 - (10 + 10) = 80 h, availability
    80 / (100 - 10) = 88.9 %. ISO 22400-2: MTBF 80 / 2 = 40 h; MTTR (4 + 2) / 2 = 3 h.
    Inherent availability 40 / (40 + 3) = 93.0 %.
    """
    found = known(
        [
            event("operating", 0, 20),
            event("down", 20, 24, "failure"),
            event("operating", 24, 40),
            event("standby", 40, 50),
            event("down", 50, 52, "failure"),
            event("down", 52, 56, "planned"),
            event("degraded", 56, 100),
        ]
    )
    assert found["availability"].value == pytest.approx(0.8889, abs=1e-4)
    assert found["availability"].inputs == {
        "up_hours": 80,
        "down_hours": 10,
        "idle_hours": 10,
        "total_hours": 100,
    }
    assert found["mtbf"].value == pytest.approx(40)
    assert found["mttr"].value == pytest.approx(3)
    assert found["inherent_availability"].value == pytest.approx(0.9302, abs=1e-4)
    assert (found["mtbf"].count, found["mttr"].count) == (2, 2)


def test_the_worked_example_of_production():
    """A shift of 8 h, of which 420 min are planned busy time, with a stop of 47 min in it.

    ISO 22400-2: the run lasts 430 min, so 430 - 47 = 383 min of production; availability
    383 / 420 = 91.2 %. Ideal time 1 min a unit: 340 made, effectiveness 340 / 383 = 88.8 %; 323
    good, quality ratio 323 / 340 = 95 %. OEE = 0.912 x 0.888 x 0.95 = 76.9 % (323 / 420).
    """
    run = Run(hour(0), hour(430 / 60), 420, produced=340, good=323, ideal_minutes=1)
    found = known([event("down", 1, 1 + 47 / 60, "failure")], since=-1, runs=(run,))
    assert found["availability_iso"].value == pytest.approx(383 / 420)
    assert found["oee"].value == pytest.approx(383 / 420 * 340 / 383 * 323 / 340)
    assert found["oee"].value == pytest.approx(0.769, abs=1e-3)


def test_a_run_counts_where_it_ended_and_a_stop_before_it_does_not():
    runs = (Run(hour(-4), hour(0), 240, 100, 100, 1), Run(hour(96), hour(100), 240, 120, 120, 1))
    found = known([event("down", 90, 96)], since=-10, runs=runs)
    assert found["oee"].inputs["runs"] == 1
    assert found["oee"].value == pytest.approx(0.5)
    assert found["availability_iso"].value == 1


def test_without_a_record_of_states_the_amounts_tell_oee_but_nothing_tells_the_availability():
    found = known([], since=None, runs=(Run(hour(0), hour(8), 480, 240, 240, 1),))
    assert found["oee"].value == pytest.approx(0.5)
    assert found["availability_iso"].value is None


def test_a_log_of_stops_alone_gives_the_same_as_a_complete_record():
    stops = [event("down", 20, 24, "failure"), event("down", 50, 56, "planned")]
    complete = [event("up", 0, 20), event("up", 24, 50), event("up", 56, 100), *stops]
    assert known(stops) == known(complete)


def test_without_records_every_figure_is_unknown_and_has_no_basis():
    found = known([], since=None).values()
    assert {(one.value, one.basis) for one in found} == {(None, False)}


def test_without_failures_there_is_an_availability_but_no_mtbf_and_no_mttr():
    found = known([event("up", 0, None)], since=-5)
    assert found["availability"].value == 1
    names = ("mtbf", "mttr", "inherent_availability")
    assert {found[name].value for name in names} == {None}


def test_less_than_a_day_of_records_is_too_little():
    assert known([event("up", 90, None)], since=90)["availability"].value is None


def test_many_assets_watched_for_an_hour_are_not_a_day():
    sums = {"total": 50 * 3600.0, "down": 0.0, "idle": 0.0}
    assert figures(sums, window_hours=1)[0].value is None


def test_an_asset_idle_all_the_time_has_no_availability():
    assert known([event("idle", 0, None)])["availability"].value is None


def test_time_before_the_first_record_does_not_count():
    found = known([event("down", 50, 60, "failure")], since=50)
    assert found["availability"].inputs["total_hours"] == 50
    assert found["availability"].value == pytest.approx(40 / 50)


def test_events_are_clipped_to_the_window():
    """Down 5 h at each end; the failure that began in it is one, the one restored in it 5 h."""
    found = known([event("down", -10, 5, "failure"), event("down", 95, 120, "failure")], since=-20)
    assert found["availability"].inputs["down_hours"] == 10
    assert (found["mtbf"].count, found["mttr"].count) == (1, 1)
    assert found["mttr"].value == 5


def test_a_failure_that_lasts_is_downtime_but_not_yet_repaired():
    found = known([event("down", 90, None, "failure")])
    assert found["availability"].inputs["down_hours"] == 10
    assert (found["mtbf"].count, found["mttr"].count, found["mttr"].value) == (1, 0, None)


def test_adjacent_failure_events_are_one_failure():
    found = known([event("down", 10, 12, "failure"), event("disabled", 12, 16, "failure")])
    assert (found["mtbf"].count, found["mttr"].value) == (1, 6)


def test_where_records_contradict_each_other_the_stop_counts():
    inputs = known([event("idle", 0, 20), event("down", 10, 30, "failure")])["availability"].inputs
    assert (inputs["idle_hours"], inputs["down_hours"]) == (10, 20)


# -- properties ----------------------------------------------------------------------------------

_STATES = ["up", "idle", "standby", "down", "disabled", "degraded"]
_events = st.lists(
    st.builds(
        lambda state, cause, begin, length: event(state, begin, begin + length, cause),
        st.sampled_from(_STATES),
        st.sampled_from(["none", "failure", "planned"]),
        st.integers(-20, 110),
        st.integers(1, 30),
    ),
    max_size=12,
)


def _hours_in(events: list[Event], states: set[str]) -> set[int]:
    return {
        number
        for number in range(-20, 150)
        for one in events
        if one.state in states and one.end and one.start <= hour(number) < one.end
    }


@given(_events)
def test_hour_by_hour_counting_gives_the_same_times(events: list[Event]) -> None:
    inside = set(range(100))
    down = _hours_in(events, {"down", "disabled"})
    idle = _hours_in(events, {"idle", "standby"}) - down
    sums = Ledger(events, hour(-20)).measure(window())
    assert sums["down"][0] / 3600 == len(down & inside)
    assert sums["idle"][0] / 3600 == len(idle & inside)


@given(_events, st.integers(1, 99))
def test_two_windows_side_by_side_add_up_to_the_whole(events: list[Event], cut: int) -> None:
    ledger = Ledger(events, hour(-20))
    whole = ledger.measure(window())
    parts = ledger.measure(
        Windows([Window("day", hour(0), hour(cut)), Window("day", hour(cut), hour(100))])
    )
    for name in ("total", "down", "idle", "failures", "restorations"):
        assert parts[name].sum() == pytest.approx(whole[name][0]), name


@given(_events, _events)
def test_pooling_the_inputs_is_computing_on_both_assets_one_after_the_other(
    first: list[Event], second: list[Event]
) -> None:
    """The second asset's life laid 1000 h later: one ledger with a gap that no window sees."""
    shift = timedelta(hours=1000)
    later = [
        Event(one.state, one.cause, one.start + shift, one.end and one.end + shift)
        for one in second
    ]
    both = Windows([Window("day", hour(0), hour(100)), Window("day", hour(1000), hour(1100))])
    union = Ledger([*first, *later], hour(-20)).measure(both)
    one, two = (Ledger(events, hour(-20)).measure(window()) for events in (first, second))
    for name, column in union.items():
        assert column.sum() == pytest.approx(one[name][0] + two[name][0]), name


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50))))
def test_merged_spans_are_apart_in_order_and_cover_the_same(spans: list[tuple[int, int]]) -> None:
    merged = merge([(float(start), float(end)) for start, end in spans])
    assert all(before[1] < after[0] for before, after in pairwise(merged))
    covered = {n for start, end in spans for n in range(start, end)}
    assert {n for start, end in merged for n in range(int(start), int(end))} == covered
    edges = np.array([0.0]), np.array([51.0])
    assert Covered((float(a), float(b)) for a, b in spans).between(*edges)[0] == len(covered)
