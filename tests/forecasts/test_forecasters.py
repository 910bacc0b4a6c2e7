import csv
import gzip
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from forecasts.forecasters.base import Floats, TooLittleHistory
from forecasts.forecasters.choose import forecast
from forecasts.forecasters.naive import SeasonalNaive
from forecasts.forecasters.series import resample, seasons_of
from forecasts.forecasters.smoothing import HoltWinters
from tests.data import need_data

DAY = 24
HOURS = np.arange(21 * DAY)
DAILY = 20 + 5 * np.sin(HOURS * 2 * np.pi / DAY)
MIDNIGHT = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def noisy(seed: int, length: int = len(HOURS)) -> Floats:
    return DAILY[:length] + np.random.default_rng(seed).normal(size=length)


@settings(deadline=None, max_examples=80)
@given(
    arrays(np.float64, st.integers(4, 90), elements=st.floats(-1e9, 1e9)),
    st.integers(1, 30),
    st.sampled_from([(), (4,), (24, 168), (2, 7)]),
)
def test_any_history_gives_a_finite_forecast_inside_its_interval(history, steps, seasons) -> None:
    result = forecast(history, steps=steps, seasons=seasons)
    assert result.point.shape == result.lower.shape == result.upper.shape == (steps,)
    assert np.all(np.isfinite(result.point))
    assert np.all(result.lower <= result.point)
    assert np.all(result.point <= result.upper)


@pytest.mark.parametrize("history", [[], [1.0, 2.0, 3.0]])
def test_refuses_too_little_history(history) -> None:
    with pytest.raises(TooLittleHistory, match="at least"):
        forecast(np.array(history), steps=3)


def test_refuses_values_that_are_not_numbers() -> None:
    with pytest.raises(ValueError, match="Resample"):
        forecast(np.array([1.0, 2.0, np.nan, 4.0]), steps=3)


def test_a_constant_stays_constant_with_no_width() -> None:
    result = forecast(np.full(200, 7.0), steps=12, seasons=(24,))
    assert result.point == pytest.approx(7)
    assert result.upper - result.lower == pytest.approx(0, abs=1e-9)


def test_follows_the_time_of_day_and_says_by_which_method() -> None:
    result = forecast(noisy(1), steps=DAY, seasons=(24, 168))
    assert np.abs(result.point - DAILY[:DAY]).max() < 2
    assert "24 steps" in result.method
    assert result.mase < 1


def test_two_and_a_half_days_are_enough_to_know_the_time_of_day() -> None:
    whole = noisy(2, 84)
    result = forecast(whole[:60], steps=DAY, seasons=(24, 168))
    assert np.abs(result.point - whole[60:]).mean() < 2
    assert np.all((result.lower <= whole[60:]) & (whole[60:] <= result.upper))
    assert np.mean(result.upper - result.lower) < 12


def test_about_95_of_100_values_fall_inside_the_interval() -> None:
    inside = []
    for seed in range(12):
        whole = noisy(seed)
        result = forecast(whole[:-DAY], steps=DAY, seasons=(24,))
        inside.append(np.mean((whole[-DAY:] >= result.lower) & (whole[-DAY:] <= result.upper)))
    assert 0.9 <= np.mean(inside) <= 1.0


def test_what_was_never_negative_is_not_forecast_negative() -> None:
    falling = np.maximum(np.linspace(10, 0, 60), 0.0)
    result = forecast(falling, steps=30)
    assert result.lower.min() >= 0
    assert result.point.min() >= 0


def test_the_interval_of_a_short_history_grows_with_the_horizon() -> None:
    result = forecast(np.array([5.0, 5.2, 4.9, 5.1, 5.0, 5.3]), steps=10)
    width = result.upper - result.lower
    assert width[-1] > width[0] > 0


@pytest.mark.parametrize("method", [SeasonalNaive(24), HoltWinters(24), HoltWinters(1)])
def test_a_forecast_uses_only_what_lies_before_its_origin(method) -> None:
    history = noisy(3, 200)
    origins = np.array([60, 120])
    changed = history.copy()
    changed[120:] += 1000
    before = method.from_origins(history, origins, 12)
    assert np.array_equal(before, method.from_origins(changed, origins, 12))
    alone = method.from_origins(history[:60], np.array([60]), 12)
    assert np.array_equal(before[:, :1], alone)


def test_resampling_means_over_whole_steps_and_bridges_small_gaps() -> None:
    times = MIDNIGHT + np.array([0, 1800, 3600, 5400, 3 * 3600, 3.5 * 3600])
    series = resample(times, np.array([1.0, 3, 4, 6, 9, 9]), 3600.0)
    assert series.start == MIDNIGHT
    assert series.values.tolist() == [2, 5, 7, 9]
    assert series.end == MIDNIGHT + 4 * 3600


def test_resampling_drops_what_lies_before_a_long_gap() -> None:
    hours = np.concatenate((np.arange(30), np.arange(200, 260)))
    series = resample(MIDNIGHT + hours * 3600.0 + 1800, hours.astype(float), 3600.0)
    assert series.start == MIDNIGHT + 200 * 3600
    assert series.values.tolist() == list(range(200, 260))


def test_resampling_leaves_out_the_step_that_is_still_going_on() -> None:
    times = MIDNIGHT + np.arange(13) * 600.0
    assert len(resample(times, np.arange(13.0), 3600.0).values) == 2


def test_a_counter_becomes_its_rise_per_hour_and_a_reset_is_left_out() -> None:
    times = MIDNIGHT + np.arange(24 * 6) * 600.0
    counter = np.arange(24 * 6) * 0.5
    counter[70:] -= counter[70]
    series = resample(times, counter, 3600.0, kind="counter")
    assert series.values == pytest.approx(3.0)


def test_readings_that_are_not_numbers_are_left_out() -> None:
    times = MIDNIGHT + np.arange(6) * 1800.0
    values = np.array([1.0, np.nan, 2.0, np.inf, 3.0, -np.inf])
    assert resample(times, values, 3600.0).values.tolist() == [1, 2]
    with pytest.raises(TooLittleHistory):
        resample(times, np.full(6, np.nan), 3600.0)


def test_seasons_are_a_day_and_a_week_of_steps() -> None:
    assert seasons_of(600.0) == (144, 1008)
    assert seasons_of(86_400.0) == (7,)


def test_beats_repeating_the_last_day_on_real_hourly_series() -> None:
    folder = need_data("m4-hourly")
    past, future = (_rows(folder / f"Hourly-{part}.csv.gz")[::40] for part in ("train", "test"))
    scaled, inside = [], []
    for history, truth in zip(past, future, strict=True):
        result = forecast(history, steps=48, seasons=(24, 168))
        naive = np.abs(truth - np.tile(history[-24:], 2)).mean()
        scaled.append(np.abs(truth - result.point).mean() / naive)
        inside.append(np.mean((truth >= result.lower) & (truth <= result.upper)))
    assert np.median(scaled) < 0.95
    assert np.mean(inside) > 0.88


def _rows(path) -> list[np.ndarray]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [np.array([float(x) for x in row[1:] if x]) for row in list(csv.reader(lines))[1:]]
