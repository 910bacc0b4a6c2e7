import csv
import gzip
import itertools
import json
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anomalies.detectors.base import (
    CHANNELS,
    UPWARD,
    Channel,
    Scores,
    UnknownState,
    UnorderedTimes,
)
from anomalies.detectors.events import (
    Carried,
    Event,
    EventRule,
    Severity,
    events_in,
    is_silent,
    severity,
)
from anomalies.detectors.explanation import common_cause, explain, failure_mode
from anomalies.detectors.seasonal_baseline import SeasonalBaseline
from tests.data import need_data

STEP = 600.0
DAY = 144
MONDAY = datetime(2026, 1, 5, tzinfo=UTC).timestamp()
FIELDS = ("score", "away", "observed", "expected", "scale", "channel", "judged", "interval")
SERIES = arrays(np.float64, st.integers(1, 400), elements=st.floats(width=64))
ALARM = 1.0


def times_of(values: np.ndarray, step: float = STEP) -> np.ndarray:
    return MONDAY + np.arange(len(values)) * step


def healthy(days: int = 40, seed: int = 1) -> np.ndarray:
    rng = np.random.default_rng(seed)
    at = np.arange(days * DAY)
    noise = np.convolve(rng.normal(size=len(at) + 4), np.ones(5) / 2.2, mode="valid")
    return 50 + 10 * np.sin(at / DAY * 2 * np.pi) + noise


def score(values: np.ndarray, kind="gauge") -> Scores:
    return SeasonalBaseline(kind=kind).update(None, times_of(values), values)[1]


def events(values: np.ndarray, kind="gauge") -> list[Event]:
    return events_in(Carried(), times_of(values), score(values, kind))[1]


def same(a: Scores, b: Scores) -> bool:
    return all(np.array_equal(getattr(a, f), getattr(b, f), equal_nan=True) for f in FIELDS)


def joined(parts: list[Scores]) -> Scores:
    return Scores(*(np.concatenate([getattr(part, f) for part in parts]) for f in FIELDS))


def in_batches(values: np.ndarray, cuts: list[int], kind="gauge") -> tuple[bytes, Scores]:
    detector, parts = SeasonalBaseline(kind=kind), []
    state: bytes | None = None
    times = times_of(values)
    edges = [0, *sorted(cut % (len(values) + 1) for cut in cuts), len(values)]
    for first, last in itertools.pairwise(edges):
        state, scores = detector.update(state, times[first:last], values[first:last])
        parts.append(scores)
    assert state is not None
    return state, joined(parts)


class TestScoring:
    @settings(deadline=None, max_examples=60)
    @given(SERIES, st.sampled_from(["gauge", "counter"]))
    def test_any_values_end_in_finite_scores(self, values, kind) -> None:
        with np.errstate(over="raise", invalid="raise"):
            found = score(np.concatenate((values, values[::-1])), kind)
        assert np.all(np.isfinite(found.score))
        assert np.all(found.score >= 0)
        assert np.all(np.isfinite(found.expected[found.judged]))
        assert np.all(found.score[~found.judged] == 0)

    @settings(deadline=None, max_examples=40)
    @given(SERIES, st.lists(st.integers(0, 400), max_size=6), st.sampled_from(["gauge", "counter"]))
    def test_batches_of_any_size_give_the_same_scores_and_state(self, values, cuts, kind) -> None:
        whole_state, whole = in_batches(values, [], kind)
        state, parts = in_batches(values, cuts, kind)
        assert same(parts, whole)
        assert state == whole_state

    def test_one_reading_at_a_time_gives_the_same_as_one_batch(self) -> None:
        values = healthy(days=9)
        values[900:] += 15
        whole_state, whole = in_batches(values, [])
        state, parts = in_batches(values, list(range(len(values))))
        assert state == whole_state
        assert same(parts, whole)

    @settings(deadline=None, max_examples=15)
    @given(st.integers(0, 1500), st.floats(-1e6, 1e6))
    def test_the_future_never_changes_a_score(self, cut, later) -> None:
        values = healthy(days=11)
        changed = values.copy()
        changed[cut:] = later
        assert np.array_equal(score(values).score[:cut], score(changed).score[:cut])

    @settings(deadline=None, max_examples=15)
    @given(st.integers(-20, 20), st.integers(-500, 500))
    def test_another_unit_gives_the_same_scores(self, power, offset) -> None:
        values = np.round(healthy(days=20) * 64) / 64
        values[2000:2100] += 25
        other = score(values * 2.0**power)
        assert np.array_equal(other.score, score(values).score)
        assert np.allclose(score(values + offset).score, score(values).score, atol=1e-6)

    def test_there_is_no_alarm_while_learning(self) -> None:
        found = score(np.random.default_rng(0).normal(size=95))
        assert not found.judged.any()
        assert np.isnan(found.expected).all()

    def test_a_constant_never_alarms(self) -> None:
        assert score(np.full(4000, 5.0)).score.max() == 0
        assert score(np.zeros(4000)).score.max() == 0

    def test_a_near_constant_that_flickers_by_its_resolution_does_not_alarm(self) -> None:
        values = np.full(4000, 21.6)
        values[np.arange(60, 4000, 97)] = 21.5
        assert events(values) == []

    def test_a_switch_that_follows_the_day_does_not_alarm(self) -> None:
        hours = (np.arange(40 * DAY) % DAY) / 6
        assert events(np.where((hours > 6) & (hours < 20), 1.0, 0.0)) == []

    def test_a_healthy_month_gives_no_event(self) -> None:
        found = [event for seed in range(6) for event in events(healthy(seed=seed))]
        assert len(found) <= 1

    def test_a_shift_of_half_the_daily_swing_is_found_although_the_range_is_ordinary(self) -> None:
        values = healthy()
        values[5000:5072] -= 11
        [event] = events(values)
        assert event.channel in (Channel.LOW, Channel.DRIFT_DOWN)
        assert 0 <= event.start - times_of(values)[5000] <= 6 * 3600

    def test_slow_wear_is_found_before_it_triples_the_noise(self) -> None:
        values = healthy()
        wear = slice(4000, 4000 + 8 * DAY)
        values[wear] += np.linspace(0, 12, 8 * DAY)
        event = events(values)[0]
        grown = (event.start - times_of(values)[4000]) / (8 * DAY * STEP)
        assert 0 < grown < 0.6
        assert event.channel in (Channel.HIGH, Channel.DRIFT_UP)

    def test_what_an_event_quotes_lies_on_the_side_of_expected_that_it_names(self) -> None:
        quoted = set()
        for seed, shift in ((0, 3.0), (1, -3.0), (2, 3.5), (3, -3.5)):
            values = healthy(seed=seed)
            values[4500:4800] += shift
            for event in events(values):
                away = event.peak_value - event.expected
                assert (away > 0) == (event.channel in UPWARD)
                quoted.add(event.channel)
        assert quoted >= {Channel.DRIFT_UP, Channel.DRIFT_DOWN}

    def test_the_new_normal_is_accepted_in_the_end(self) -> None:
        values = healthy(days=60)
        values[4000:] += 40
        assert not any(event.is_open for event in events(values))

    def test_gaps_and_readings_that_are_no_numbers_are_left_out(self) -> None:
        values = healthy()
        holes = values.copy()
        holes[::50] = np.nan
        holes[1::50] = np.inf
        found = score(holes)
        assert not found.judged[::50].any()
        assert not found.judged[1::50].any()
        assert found.score.max() < ALARM
        known = np.isfinite(holes)
        times = times_of(values)
        without = SeasonalBaseline().update(None, times[known], values[known])[1]
        assert np.array_equal(found.score[known], without.score)

    def test_irregular_readings_are_scored_as_they_come(self) -> None:
        rng = np.random.default_rng(3)
        times = MONDAY + np.cumsum(rng.exponential(STEP, size=6000))
        values = 50 + 10 * np.sin(times / 86_400 * 2 * np.pi) + rng.normal(size=6000)
        values[5000:5030] += 30
        scores = SeasonalBaseline().update(None, times, values)[1]
        found = events_in(Carried(), times, scores)[1]
        assert any(times[5000] <= event.start <= times[5030] for event in found)

    def test_a_counter_is_judged_by_its_rise_per_hour_and_survives_a_reset(self) -> None:
        rise = np.random.default_rng(5).normal(2.0, 0.1, size=40 * DAY)
        rise[5000:5100] = 4.0
        counter = np.cumsum(rise)
        counter[3000:] -= counter[3000]
        found = score(counter, "counter")
        assert not found.judged[3000]
        [event] = events(counter, "counter")
        assert event.peak_value == pytest.approx(24, abs=1)
        assert event.expected == pytest.approx(12, abs=0.5)

    def test_hours_run_that_only_count_up_never_alarm(self) -> None:
        assert events(np.round(np.arange(60 * DAY) / 6, 1), "counter") == []

    def test_a_stop_of_an_hours_counter_ends_when_it_runs_again(self) -> None:
        rise = np.full(30 * DAY, 1 / 6)
        rise[2500:2560] = 0.0
        [event] = events(np.round(20_000 + np.cumsum(rise), 2), "counter")
        assert event.channel is Channel.LOW
        assert not event.is_open

    def test_the_state_is_small_and_another_version_is_refused(self) -> None:
        state, _ = in_batches(healthy(days=3), [])
        assert len(state) <= 20_000
        with pytest.raises(UnknownState, match="Rescore"):
            SeasonalBaseline().update(b"XX" + state[2:], np.array([1e12]), np.array([1.0]))
        with pytest.raises(UnknownState):
            SeasonalBaseline().update(state[:-8], np.array([1e12]), np.array([1.0]))

    @pytest.mark.parametrize("times", [[2.0, 1.0], [1.0, 1.0], [1.0, np.nan]])
    def test_refuses_times_that_do_not_rise(self, times) -> None:
        with pytest.raises(UnorderedTimes):
            SeasonalBaseline().update(None, np.array(times), np.ones(2))

    def test_refuses_a_reading_that_was_scored_before(self) -> None:
        state, _ = SeasonalBaseline().update(None, np.array([1.0, 2.0]), np.ones(2))
        with pytest.raises(UnorderedTimes, match="after the last one scored"):
            SeasonalBaseline().update(state, np.array([2.0]), np.ones(1))


def scored(line: str) -> tuple[np.ndarray, Scores]:
    """A reading per character.

    '.' calm, '-' between calm and the line, '#' large, 'n' new, 'X' large and new, '?' not judged
    """
    marks = {".": 0.1, "-": 0.8, "#": 1.1, "n": 0.1, "X": 3.0, "?": 0.0}
    values = np.array([marks[mark] for mark in line])
    judged = np.array([mark != "?" for mark in line])
    n = len(line)
    return np.arange(n) * STEP, Scores(
        np.array([1.2 if mark in "nX" else 0.1 for mark in line]),
        values,
        values * 10,
        np.ones(n),
        np.ones(n),
        np.zeros(n, dtype=np.int8),
        judged,
        np.zeros(n),
    )


RULE = EventRule(open_after=2, wait=2, close_after=3, gap=3600.0)


def spans(line: str) -> list[tuple[int, int, bool]]:
    found = events_in(Carried(), *scored(line), RULE)[1]
    return [(round(e.start / STEP), round(e.end / STEP), e.is_open) for e in found]


class TestEvents:
    @pytest.mark.parametrize(
        ("line", "expected"),
        [
            ("..#..#..", []),
            ("..##....", [(2, 3, False)]),
            ("..X.....", [(2, 2, False)]),
            ("..##", [(2, 3, True)]),
            ("..##..##...", [(2, 7, False)]),
            ("..##-----...", [(2, 8, False)]),
            ("..--..", []),
            ("..##...##...", [(2, 3, False), (7, 8, False)]),
            ("..##??????##....", [(2, 3, False), (10, 11, False)]),
            ("..##??##....", [(2, 7, False)]),
            ("..n..", []),
            ("..n.#...", [(2, 4, False)]),
            ("..n..#...", []),
            ("..#n#...", [(2, 4, False)]),
        ],
    )
    def test_opens_and_closes_with_hysteresis(self, line, expected) -> None:
        assert spans(line) == expected

    @settings(deadline=None, max_examples=200)
    @given(st.text("..-##X?", min_size=1, max_size=60), st.lists(st.integers(0, 60), max_size=5))
    def test_batches_give_the_same_events_and_keep_their_start(self, line, cuts) -> None:
        times, scores = scored(line)
        whole = events_in(Carried(), times, scores, RULE)[1]
        carried = Carried()
        by_start: dict[float, Event] = {}
        edges = [0, *sorted(cut % (len(line) + 1) for cut in cuts), len(line)]
        for first, last in itertools.pairwise(edges):
            part = Scores(*(getattr(scores, f)[first:last] for f in FIELDS))
            carried = Carried.from_json(json.loads(json.dumps(carried.to_json())))
            carried, found = events_in(carried, times[first:last], part, RULE)
            by_start |= {event.start: event for event in found}
        assert list(by_start.values()) == whole

    def test_a_sensor_that_reads_once_a_day_has_one_event_of_many_days(self) -> None:
        values = np.random.default_rng(8).normal(50, 1, size=300)
        values[200:230] += 15
        times = times_of(values, 86_400.0)
        carried, found = events_in(
            Carried(), times, SeasonalBaseline().update(None, times, values)[1]
        )
        [event] = [event for event in found if event.end >= times[200]]
        assert times[200] <= event.start <= event.end - 25 * 86_400
        assert carried.gap == 10 * 86_400

    def test_an_event_without_news_is_silent_after_the_gap(self) -> None:
        carried, [_] = events_in(Carried(), *scored("..##"), RULE)
        assert not is_silent(carried, 3 * STEP + 3600, RULE)
        assert is_silent(carried, 3 * STEP + 3601, RULE)

    def test_wear_that_ends_in_a_stop_is_an_event_of_wear(self) -> None:
        times, scores = scored("..####XX....")
        scores.channel[6:] = CHANNELS.index(Channel.LOW)
        [event] = events_in(Carried(), times, scores, RULE)[1]
        assert (event.channel, event.peak_score, event.readings) == (Channel.HIGH, 1.1, 6)

    @pytest.mark.parametrize(
        ("peak", "hours", "beyond", "expected"),
        [
            (1.2, 1, False, Severity.LOW),
            (1.2, 24, False, Severity.MEDIUM),
            (1.6, 1, False, Severity.MEDIUM),
            (3.0, 1, False, Severity.HIGH),
            (1.1, 1, True, Severity.HIGH),
            (9.0, 48, False, Severity.CRITICAL),
        ],
    )
    def test_severity_follows_peak_length_and_limits(self, peak, hours, beyond, expected) -> None:
        event = Event(0.0, hours * 3600.0, 0.0, 1.0, 1.0, peak, Channel.HIGH, 9)
        assert severity(event, beyond_limit=beyond) == expected


def event_of(channel: Channel, *, value=7.9, expected=4.8, hours=2.0, is_open=False) -> Event:
    end = MONDAY + hours * 3600
    return Event(MONDAY, end, MONDAY, value, expected, 2.0, channel, 9, is_open)


class TestExplanation:
    @pytest.mark.parametrize(
        ("event", "words"),
        [
            (
                event_of(Channel.HIGH),
                "Vibration reached 7.9 mm/s on 5 Jan 2026, 00:00 UTC, 3.1 above the 4.8 expected "
                "for this time of day. It stayed high for 2 h.",
            ),
            (
                event_of(Channel.LOW, value=1.25, expected=4.8, is_open=True),
                "Vibration fell to 1.2 mm/s on 5 Jan 2026, 00:00 UTC, 3.6 below the 4.8 expected "
                "for this time of day. It has been low for 2 h.",
            ),
            (
                event_of(Channel.DRIFT_UP, hours=50, is_open=True),
                "Vibration has been drifting up: around 5 Jan 2026, 00:00 UTC it was at 7.9 mm/s, "
                "3.1 above the 4.8 expected. It has been off its usual course for 2 days 2 h.",
            ),
            (
                event_of(Channel.DRIFT_DOWN, value=7.3804, expected=7.4342),
                "Vibration has been drifting down: around 5 Jan 2026, 00:00 UTC it was at 7.380 "
                "mm/s, 0.054 below the 7.434 expected. It stayed off its usual course for 2 h.",
            ),
        ],
    )
    def test_tells_in_words_and_numbers(self, event, words) -> None:
        assert explain(event, quantity="vibration", unit="mm/s") == words

    @pytest.mark.parametrize("channel", CHANNELS)
    @given(value=st.floats(-1e12, 1e12), expected=st.floats(-1e12, 1e12))
    def test_any_numbers_make_two_whole_sentences(self, channel, value, expected) -> None:
        text = explain(event_of(channel, value=value, expected=expected), quantity="", unit="")
        assert text.endswith(".")
        assert "nan" not in text

    @pytest.mark.parametrize(
        ("mode", "others", "category", "cause"),
        [
            ("leak", ["bearing wear"], "centrifugal pump", "cavitation"),
            ("bearing wear", ["leak", "overheating"], "pump", "cavitation"),
            ("leak", ["bearing wear"], "compressor", "leak"),
            ("overheating", ["bearing wear"], "motor", "bearing wear"),
            ("overload", ["overheating"], "motor", "overheating"),
            ("sensor fault", ["leak", "bearing wear"], "pump", "sensor fault"),
            ("leak", ["leak"], "pump", "leak"),
        ],
    )
    def test_symptoms_seen_together_have_a_common_cause(
        self, mode, others, category, cause
    ) -> None:
        assert common_cause(mode, others, category).mode == cause

    def test_every_channel_hints_at_some_failure_mode(self) -> None:
        assert failure_mode("suction_pressure", Channel.LOW) == "leak"
        for channel in CHANNELS:
            assert failure_mode("pH", channel)


def test_catches_the_labelled_machine_faults_and_little_else() -> None:
    folder = need_data("nab")
    name = "realKnownCause/machine_temperature_system_failure.csv"
    windows = json.loads((folder / "combined_windows.json").read_text())[name]
    with gzip.open(folder / "data" / f"{name}.gz", "rt", encoding="utf-8") as lines:
        rows = list(csv.reader(lines))[1:]
    times = np.array([stamp(row[0]) for row in rows])
    keep = times > np.maximum.accumulate(np.concatenate(([-np.inf], times[:-1])))
    times, values = times[keep], np.array([float(row[1]) for row in rows])[keep]
    _, scores = SeasonalBaseline().update(None, times, values)
    found = events_in(Carried(), times, scores)[1]
    spans_of = [(stamp(first), stamp(last)) for first, last in windows]
    caught = [any(e.start <= b and e.end >= a for e in found) for a, b in spans_of]
    outside = [e for e in found if not any(e.start <= b and e.end >= a for a, b in spans_of)]
    assert sum(caught) >= 3
    assert len(outside) <= 10


def stamp(text: str) -> float:
    return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC).timestamp()
