"""What the detector takes from the calendar: the wall clock of the site, and missing times."""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from numpy.typing import NDArray

from anomalies.detectors.events import Carried, Event, events_in
from anomalies.detectors.judging import local
from anomalies.detectors.seasonal_baseline import SeasonalBaseline

CHICAGO = ZoneInfo("America/Chicago")
STEP = 600.0


def events(
    times: NDArray[np.float64], values: NDArray[np.float64], zone: tzinfo = UTC
) -> list[Event]:
    _, scores = SeasonalBaseline(zone=zone).update(None, times, values)
    return events_in(Carried(), times, scores)[1]


@pytest.fixture
def times() -> NDArray[np.float64]:
    """Sixty days that hold the end of summer time in Chicago, 1 November 2026."""
    return datetime(2026, 9, 20, tzinfo=UTC).timestamp() + np.arange(8640.0) * STEP


def test_shifts_that_follow_the_wall_clock_are_no_anomaly_when_the_clock_changes(
    times: NDArray[np.float64],
) -> None:
    hour = local(times, CHICAGO) % 86_400 / 3600
    shift = (hour >= 6) & (hour < 22)
    values = 10 + 30 * shift + np.random.default_rng(4).normal(0, 1, len(times))

    assert events(times, values, CHICAGO) == []
    assert len(events(times, values)) > 3


def test_a_fault_before_a_gap_is_not_remembered_after_it(times: NDArray[np.float64]) -> None:
    values = 10 + np.random.default_rng(4).normal(0, 1, len(times))
    values[5000:5200] += 12
    running = np.ones(len(times), dtype=bool)
    running[5200:5230] = False

    found = events(times[running], values[running])

    assert found
    assert all(event.start < times[5200] and event.end < times[5230] for event in found)


def test_a_hole_at_any_place_gives_the_same_in_small_batches(times: NDArray[np.float64]) -> None:
    values = 10 + np.random.default_rng(4).normal(0, 1, len(times))
    running = np.ones(len(times), dtype=bool)
    running[1003:1040] = False
    times, values = times[running][:1500], values[running][:1500]
    whole, scores = SeasonalBaseline(zone=CHICAGO).update(None, times, values)

    state: bytes | None = None
    parts = []
    for start in range(0, len(times), 7):
        detector = SeasonalBaseline(zone=CHICAGO)
        state, part = detector.update(state, times[start : start + 7], values[start : start + 7])
        parts.append(part.score)

    assert state == whole
    assert np.array_equal(np.concatenate(parts), scores.score)
