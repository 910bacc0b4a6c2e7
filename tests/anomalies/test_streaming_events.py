"""What the engine's scores make of made-up and recorded sensors: which events, and how long."""

import csv
import gzip
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from anomalies.detectors.base import UPWARD, Channel, Floats, Scores
from anomalies.detectors.events import Carried, Event, events_in
from anomalies.detectors.streaming.engine import judge
from anomalies.detectors.streaming.memory import blank
from tests.data import need_data

STEP = 600.0
DAY = 144
MONDAY = datetime(2026, 1, 5, tzinfo=UTC).timestamp()
CHICAGO = ZoneInfo("America/Chicago")


def times_of(values: Floats, step: float = STEP) -> Floats:
    return MONDAY + np.arange(len(values), dtype=np.float64) * step


def healthy(days: int = 40, seed: int = 1) -> Floats:
    rng = np.random.default_rng(seed)
    at = np.arange(days * DAY)
    noise = np.convolve(rng.normal(size=len(at) + 4), np.ones(5) / 2.2, mode="valid")
    return 50 + 10 * np.sin(at / DAY * 2 * np.pi) + noise


def score(
    values: Floats,
    times: Floats | None = None,
    ignored: NDArray[np.bool_] | None = None,
    *,
    counter: bool = False,
) -> Scores:
    memory = blank(1)
    memory["is_counter"] = counter
    times = times_of(values) if times is None else times
    return judge(memory, np.zeros(len(values), dtype=np.intp), times, values, ignored)


def events(values: Floats, times: Floats | None = None, *, counter: bool = False) -> list[Event]:
    times = times_of(values) if times is None else times
    return events_in(Carried(), times, score(values, times, counter=counter))[1]


def row_of(seconds: float) -> int:
    return round((seconds - MONDAY) / STEP)


def test_healthy_months_give_hardly_an_event() -> None:
    assert sum(len(events(healthy(seed=seed))) for seed in range(6)) <= 2


def test_an_event_lasts_as_long_as_its_condition_though_it_is_new_only_once() -> None:
    values = healthy()
    values[3600:3900] += 14
    [event] = events(values)
    assert (row_of(event.start), event.channel, event.is_open) == (3600, Channel.HIGH, False)
    assert 3890 <= row_of(event.end) <= 3910


def test_a_fault_that_grows_grows_in_severity() -> None:
    values = healthy()
    wear = slice(4000, 4000 + 8 * DAY)
    values[wear] += np.linspace(0, 30, 8 * DAY)
    first, worst = events(values[:4300])[-1], events(values[: wear.stop])[-1]
    assert first.start == worst.start
    assert worst.peak_score > 2 * first.peak_score


def test_slow_wear_is_found_before_it_triples_the_noise() -> None:
    values = healthy()
    wear = slice(4000, 4000 + 8 * DAY)
    values[wear] += np.linspace(0, 12, 8 * DAY)
    event = events(values)[0]
    assert 0 < (row_of(event.start) - 4000) / (8 * DAY) < 0.6
    assert event.channel in UPWARD


def test_what_an_event_quotes_lies_on_the_side_of_expected_that_it_names() -> None:
    quoted = set()
    for seed, slope in ((0, 7.0), (1, -7.0), (2, 30.0), (3, -30.0)):
        values = healthy(seed=seed)
        values[4000:] += np.linspace(0, slope, len(values) - 4000)
        for event in events(values):
            assert (event.peak_value > event.expected) == (event.channel in UPWARD)
            quoted.add(event.channel)
    assert quoted >= {Channel.HIGH, Channel.LOW}


def test_a_new_level_is_one_event_and_accepted_in_the_end() -> None:
    values = healthy(days=60)
    values[4000:] += 40
    found = [event for event in events(values) if row_of(event.start) >= 3990]
    assert len(found) == 1
    assert not found[0].is_open


def test_weekends_are_usual_once_they_are_known() -> None:
    at = np.arange(60 * DAY)
    weekend = at // DAY % 7 >= 5
    values = np.where(weekend, 20.0, 60.0) + np.random.default_rng(2).normal(0, 1, len(at))
    scores = score(values)
    assert not [event for event in events(values) if row_of(event.start) > 14 * DAY]
    assert np.abs(scores.expected - values)[30 * DAY :].mean() < 2
    values[49 * DAY + 60 : 50 * DAY] = 20  # a Monday like a Sunday
    assert [event for event in events(values) if row_of(event.start) // DAY == 49]


def test_shifts_that_follow_the_wall_clock_are_no_event_when_the_clock_changes() -> None:
    utc = datetime(2026, 9, 20, tzinfo=UTC).timestamp() + np.arange(8640.0) * STEP
    offsets = [datetime.fromtimestamp(second, CHICAGO).utcoffset() for second in utc.tolist()]
    wall = utc + np.array([offset.total_seconds() for offset in offsets if offset is not None])
    hour = wall % 86_400 / 3600
    values = 10 + 30.0 * ((hour >= 6) & (hour < 22))
    values += np.random.default_rng(4).normal(0, 1, len(utc))
    assert [e for e in events(values, wall) if e.start > wall[20 * DAY]] == []
    assert len(events(values, utc)) > 3


@pytest.mark.parametrize("value", [0.0, 21.6])
def test_a_constant_and_one_that_flickers_by_its_resolution_have_no_events(value) -> None:
    values = np.full(4000, value)
    assert events(values) == []
    values[60::97] *= 0.996
    assert events(values) == []


def test_a_switch_that_follows_the_day_has_no_events() -> None:
    hours = (np.arange(40 * DAY) % DAY) / 6
    found = events(np.where((hours > 6) & (hours < 20), 1.0, 0.0))
    assert [event for event in found if row_of(event.start) > 2 * DAY] == []


def test_irregular_readings_are_judged_as_they_come() -> None:
    rng = np.random.default_rng(3)
    times = MONDAY + np.cumsum(rng.exponential(STEP, size=6000))
    values = 50 + 10 * np.sin(times / 86_400 * 2 * np.pi) + rng.normal(size=6000)
    values[5000:5030] += 30
    assert any(times[5000] <= event.start <= times[5030] for event in events(values, times))


def test_a_sensor_that_reads_once_a_day_has_one_event_of_many_days() -> None:
    values = np.random.default_rng(8).normal(50, 1, size=300)
    values[200:230] += 15
    times = times_of(values, 86_400.0)
    carried, found = events_in(Carried(), times, score(values, times))
    [event] = [event for event in found if event.end >= times[200]]
    assert times[200] <= event.start <= event.end - 25 * 86_400
    assert carried.gap == pytest.approx(10 * 86_400)


def test_a_fault_before_a_gap_is_not_remembered_after_it() -> None:
    values = 10 + np.random.default_rng(4).normal(0, 1, 6000)
    values[5000:5200] += 12
    running = np.ones(6000, dtype=bool)
    running[5200:5330] = False
    times = times_of(values)
    found = events(values[running], times[running])
    assert [row_of(event.start) for event in found] == [5000]
    assert row_of(found[0].end) < 5200


def test_a_counter_is_judged_by_its_rise_per_hour_and_survives_a_reset() -> None:
    rise = np.random.default_rng(5).normal(2.0, 0.1, size=40 * DAY)
    rise[5000:5100] = 4.0
    counter = np.cumsum(rise)
    counter[3000:] -= counter[3000]
    assert not score(counter, counter=True).judged[3000]
    [event] = events(counter, counter=True)
    assert event.peak_value == pytest.approx(24, abs=1)
    assert event.expected == pytest.approx(12, abs=0.5)


def test_hours_run_only_count_up_and_a_stop_of_them_ends_when_they_run_again() -> None:
    assert events(np.round(np.arange(60 * DAY) / 6, 1), counter=True) == []
    rise = np.full(30 * DAY, 1 / 6)
    rise[2500:2560] = 0.0
    [event] = events(np.round(20_000 + np.cumsum(rise), 2), counter=True)
    assert event.channel is Channel.LOW
    assert not event.is_open


def test_what_is_ignored_is_as_if_never_sent_but_moves_a_counter_on() -> None:
    values = healthy(days=10)
    ignored = np.zeros(len(values), dtype=bool)
    ignored[700:760] = True
    values[700:760] = 0.0
    found, times = score(values, ignored=ignored), times_of(values)
    without = score(values[~ignored], times[~ignored])
    assert not found.judged[700:760].any()
    assert np.array_equal(found.of(~ignored).score, without.score)
    counter = np.cumsum(np.full(2000, 2.0))
    counter[700:760] += 500
    counter[760:] += 1000
    rate = score(counter, ignored=np.isin(np.arange(2000), np.arange(700, 762)), counter=True)
    assert rate.away.max() < 1


def test_catches_the_labelled_machine_faults_and_little_else() -> None:
    folder = need_data("nab")
    name = "realKnownCause/machine_temperature_system_failure.csv"
    windows = json.loads((folder / "combined_windows.json").read_text())[name]
    with gzip.open(folder / "data" / f"{name}.gz", "rt", encoding="utf-8") as lines:
        rows = list(csv.reader(lines))[1:]
    times = np.array([stamp(row[0]) for row in rows])
    found = events(np.array([float(row[1]) for row in rows]), times)
    labelled = [(stamp(first), stamp(last)) for first, last in windows]
    caught = [any(e.start <= b and e.end >= a for e in found) for a, b in labelled]
    outside = [e for e in found if not any(e.start <= b and e.end >= a for a, b in labelled)]
    assert sum(caught) >= 3
    assert len(outside) <= 10


def stamp(text: str) -> float:
    return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC).timestamp()
