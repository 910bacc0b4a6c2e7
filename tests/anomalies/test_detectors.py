import itertools
import json
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anomalies.detectors.base import CHANNELS, Channel, Scores
from anomalies.detectors.events import (
    Carried,
    Event,
    EventRule,
    Severity,
    confidence,
    events_in,
    is_silent,
    severity,
)
from anomalies.detectors.explanation import common_cause, explain, failure_mode

STEP = 600.0
MONDAY = datetime(2026, 1, 5, tzinfo=UTC).timestamp()


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
            part = scores.of(slice(first, last))
            carried = Carried.from_json(json.loads(json.dumps(carried.to_json())))
            carried, found = events_in(carried, times[first:last], part, RULE)
            by_start |= {event.start: event for event in found}
        assert list(by_start.values()) == whole

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
        ("novelty", "peak", "readings", "expected"),
        [
            (2.0, 1.0, 1, "high"),
            (0.0, 1.0, 144, "high"),
            (1.9, 1.2, 143, "medium"),
            (0.9, 9.0, 143, "low"),
            (1.9, 1.1, 143, "low"),
        ],
    )
    def test_confidence_follows_what_is_new_how_far_and_how_long(
        self, novelty: float, peak: float, readings: int, expected: str
    ) -> None:
        event = Event(0.0, 60.0, 0.0, 1.0, 1.0, peak, Channel.HIGH, readings, novelty=novelty)
        assert confidence(event) == expected

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
