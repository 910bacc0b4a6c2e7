import json
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anomalies.detectors.base import Scores, UnknownState
from anomalies.detectors.series import score_series
from anomalies.detectors.streaming.engine import judge
from anomalies.detectors.streaming.memory import blank, load, save
from benchmarks import anomaly_series
from benchmarks._nab import best_threshold, flagged
from tests.data import need_data

STEP = 600.0
DAY = 144
SERIES = arrays(np.float64, st.integers(1, 400), elements=st.floats(width=64))
FIELDS = tuple(field.name for field in fields(Scores))


def times_of(values: np.ndarray) -> np.ndarray:
    return 1.7e9 + np.arange(len(values)) * STEP


def healthy(days: int = 30, seed: int = 1) -> np.ndarray:
    """A daily rhythm with noise that lingers, in steps that float32 holds exactly."""
    rng = np.random.default_rng(seed)
    at = np.arange(days * DAY)
    noise = np.convolve(rng.normal(size=len(at) + 4), np.ones(5) / 2.2, mode="valid")
    return np.round((50 + 10 * np.sin(at / DAY * 2 * np.pi) + noise) * 64) / 64


def faulty(days: int = 30, seed: int = 1) -> np.ndarray:
    values = healthy(days, seed)
    values[2600:2640] += 25
    values[3900:] -= 6
    return values


def alone(values: np.ndarray, *, counter: bool = False) -> Scores:
    memory = blank(1)
    memory["is_counter"] = counter
    return judge(memory, np.zeros(len(values), dtype=np.intp), times_of(values), values)


def same(a: Scores, b: Scores, rows: np.ndarray | slice = slice(None)) -> bool:
    return all(
        np.array_equal(getattr(a, f)[rows], getattr(b, f), equal_nan=f != "judged") for f in FIELDS
    )


@settings(deadline=None, max_examples=50)
@given(SERIES, st.booleans())
def test_any_values_end_in_finite_scores(values, counter) -> None:
    found = alone(np.concatenate((values, values[::-1], values)), counter=counter)
    assert np.all(np.isfinite(found.score))
    assert np.all(found.score >= 0)
    assert np.all(np.isfinite(found.away) & (found.away >= 0))
    for shown in (found.observed, found.expected, found.scale):
        assert np.all(np.isfinite(shown[found.judged]))
    assert np.all(found.score[~found.judged] == 0)


@settings(deadline=None, max_examples=20)
@given(st.integers(-20, 20), st.integers(-500, 500))
def test_another_unit_gives_the_same_scores(power, offset) -> None:
    values = faulty()
    before, scaled, moved = alone(values), alone(values * 2.0**power), alone(values + offset)
    for name in ("score", "away", "channel"):
        assert np.array_equal(getattr(scaled, name), getattr(before, name)), name
        assert np.array_equal(getattr(moved, name), getattr(before, name)), name
    shown = before.judged
    assert np.allclose(scaled.expected[shown], before.expected[shown] * 2.0**power)
    assert np.allclose(moved.expected[shown], before.expected[shown] + offset)


@settings(deadline=None, max_examples=15)
@given(st.floats(1e-6, 1e6))
def test_any_scale_raises_the_same_alarms(scale) -> None:
    values = faulty()
    found, before = alone(values * scale).score, alone(values).score
    assert np.count_nonzero((found >= 1) != (before >= 1)) <= 1  # rounding to float32
    assert np.mean(np.abs(found - before) > 0.01) < 0.01


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 4000), st.floats(width=64))
def test_the_future_never_changes_a_score(cut, later) -> None:
    values = faulty()
    changed = values.copy()
    changed[cut:] = later
    assert same(alone(values), alone(changed).of(slice(cut)), slice(cut))


@settings(deadline=None, max_examples=20)
@given(st.randoms(use_true_random=False), st.lists(st.integers(0, 1800), max_size=5))
def test_sensors_in_any_order_batch_and_process_are_scored_as_if_alone(random, cuts) -> None:
    series = [healthy(5, seed)[:600] * (seed + 1) for seed in range(3)]
    series[2] = np.cumsum(series[2])
    order = np.array(random.sample([0, 1, 2] * 600, 1800))
    places = np.array(random.sample(range(3), 3))
    row = np.array([np.count_nonzero(order[:i] == sensor) for i, sensor in enumerate(order)])
    values = np.array([series[sensor][at] for sensor, at in zip(order, row, strict=True)])
    memory = blank(3)
    memory["is_counter"][places[2]] = True
    parts = []
    for chunk in np.split(np.arange(1800), sorted(cuts)):
        times = times_of(values)[row[chunk]]
        parts.append(judge(memory, places[order[chunk]], times, values[chunk]))
        memory = load(save(memory))
    joined = Scores(*(np.concatenate([getattr(part, f) for part in parts]) for f in FIELDS))
    for sensor in range(3):
        assert same(joined, alone(series[sensor], counter=sensor == 2), order == sensor)


@settings(deadline=None, max_examples=30)
@given(SERIES)
def test_any_times_end_in_finite_scores_and_intervals(times) -> None:
    times = np.tile(times, 1 + 400 // len(times))
    found = judge(blank(1), np.zeros(len(times), dtype=np.intp), times, healthy(9)[: len(times)])
    for shown in (found.score, found.away, found.expected, found.scale, found.interval):
        assert np.all(np.isfinite(shown[found.judged]))


def test_what_is_no_number_scores_nothing_and_teaches_nothing() -> None:
    values = faulty()
    holes = values.copy()
    holes[::50], holes[1::50], holes[2::50] = np.nan, np.inf, 1e31
    known = np.abs(holes) < 1e30
    memory, without = blank(1), blank(1)
    found = judge(memory, np.zeros(len(holes), dtype=np.intp), times_of(holes), holes)
    which = np.zeros(int(known.sum()), dtype=np.intp)
    judge(without, which, times_of(holes)[known], holes[known])
    assert not found.judged[~known].any()
    assert not found.score[~known].any()
    assert save(memory) == save(without)


def test_finds_a_spike_a_shift_a_frozen_value_and_a_broken_rhythm() -> None:
    for name, change in {
        "spike": lambda v: v[3600:3604].__iadd__(25),
        "shift": lambda v: v[3600:].__iadd__(9),
        "frozen": lambda v: v[3600:].__imul__(0),
        "another rhythm": lambda v: v[3600:].__setitem__(slice(None), v[3600:][::-1].copy()),
    }.items():
        values = healthy()
        change(values)
        alarms = np.flatnonzero(score_series(times_of(values), values).is_anomaly)
        assert any(3600 <= at < 3600 + DAY for at in alarms), name


def test_healthy_sensors_raise_at_most_one_alarm_a_month() -> None:
    alarms = [score_series(times_of(v := healthy(60, s)), v).is_anomaly.sum() for s in range(8)]
    assert sum(alarms) <= 16  # eight sensors for two months


@pytest.mark.parametrize("value", [0.0, 21.6, -1e20])
def test_a_constant_and_one_that_flickers_by_its_resolution_never_alarm(value) -> None:
    values = np.full(4000, value)
    assert not score_series(times_of(values), values).score.any()
    values[60::97] *= 0.996
    assert not score_series(times_of(values), values).is_anomaly.any()


def test_a_switch_that_follows_the_day_does_not_alarm_once_the_day_is_known() -> None:
    hours = (np.arange(40 * DAY) % DAY) / 6
    values = np.where((hours > 6) & (hours < 20), 1.0, 0.0)
    assert not score_series(times_of(values), values).is_anomaly[2 * DAY :].any()


def test_a_new_regime_is_learned_without_a_flood() -> None:
    values = healthy(60)
    values[4000:] = values[4000:] * 3 + 400
    alarms = np.flatnonzero(score_series(times_of(values), values).is_anomaly)
    assert 4000 in alarms
    assert np.count_nonzero(alarms > 4000) <= 5


def test_one_wild_value_does_not_blind_a_sensor() -> None:
    values = healthy(60)
    values[2000] = 1e25
    values[7000:7040] += 25
    assert score_series(times_of(values), values).is_anomaly[7000:7040].any()


def test_expects_the_value_of_that_time_of_day() -> None:
    values = healthy()
    found = score_series(times_of(values), values)
    assert np.abs(found.expected - values)[-DAY:].mean() < 2.0
    assert np.isnan(found.expected[0])


def test_a_gap_and_times_that_stand_still_or_fall_are_taken_in_their_order() -> None:
    values, times = healthy(), times_of(healthy())
    times[2000:] += 9 * 86_400
    times[3000:3100] = times[3000]
    assert np.isfinite(score_series(times, values).score).all()
    assert np.isfinite(score_series(times[::-1], values).score).all()
    assert np.isfinite(score_series(np.full(len(values), -1e-12), values).score).all()


def test_a_state_of_another_version_and_series_of_two_lengths_are_refused() -> None:
    [raw] = save(blank(1))
    assert len(raw) <= 20_000
    for wrong in (b"XX01" + raw[4:], raw[:-1], raw[:900] + b"x" + raw[901:]):
        with pytest.raises(UnknownState, match="Rescore"):
            load([wrong])
    with pytest.raises(ValueError, match="as many times as values"):
        score_series(np.zeros(3), np.zeros(4))
    with pytest.raises(IndexError, match="none of the 1 sensors"):
        judge(blank(1), np.ones(1, dtype=np.intp), np.zeros(1), np.zeros(1))


@pytest.mark.crawl
def test_level_with_published_detectors_on_the_numenta_benchmark() -> None:
    files = anomaly_series.read(need_data("nab"))
    found = [score_series(file.times, file.values) for file in files]
    rows = [file.rows for file in files]
    assert best_threshold(rows, [each.score for each in found])[0] >= 74
    assert flagged(rows, [each.is_anomaly for each in found]) >= 72


def test_scores_written_by_the_benchmark_are_a_row_for_each_reading(tmp_path) -> None:
    found = score_series(np.arange(3.0), np.arange(3.0))
    anomaly_series.write(tmp_path, "a/b.csv", found)
    text = (tmp_path / "a" / "b.csv").read_text().splitlines()
    assert text[0] == "score,is_anomaly"
    assert len(json.dumps(text)) > 0
    assert len(text) == 4
