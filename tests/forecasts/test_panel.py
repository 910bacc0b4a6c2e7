"""The model of many series: what it may know, what it promises, and that it can be kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasts.boosting.fitting import Growth, fit, fit_odds
from forecasts.boosting.saving import MAGIC, BadModel, digest, load, save
from forecasts.boosting.trees import BadTrees, trees_of
from forecasts.forecasters import training
from forecasts.forecasters.base import Floats
from forecasts.forecasters.panel import NAME, from_bytes, to_bytes
from forecasts.forecasters.rows import COLUMNS, Past, Shape
from forecasts.forecasters.scores import score
from forecasts.forecasters.selection import forecast_all

SHAPE = Shape(steps=6, season=8, long=24)
SMALL = Growth(rounds=20, rate=0.2, leaves=8, fewest=20)


@pytest.fixture(autouse=True)
def _small(monkeypatch) -> None:
    monkeypatch.setattr(training, "MOST_ROWS", 4_000)
    monkeypatch.setattr(training, "MIDDLE", SMALL)
    monkeypatch.setattr(training, "QUANTILES", SMALL)


def plant(count: int = 12, length: int = 160, seed: int = 0) -> list[Floats]:
    """Series with a season of 8 steps, levels and scales of their own, and noise."""
    random = np.random.default_rng(seed)
    steps = np.arange(length)
    return [
        100 * i + 10**i % 97 * (np.sin(steps * 2 * np.pi / 8 + i) + random.normal(0, 0.2, length))
        for i in range(1, count + 1)
    ]


@settings(max_examples=40, deadline=None)
@given(
    origin=st.integers(1, 119),
    seed=st.integers(0, 99),
    shape=st.sampled_from([SHAPE, Shape(6, 8), Shape(30, 8, 24), Shape(5, 1)]),
)
def test_a_row_knows_nothing_of_what_comes_at_its_origin_or_later(origin, seed, shape) -> None:
    random = np.random.default_rng(seed)
    history = random.normal(size=120)
    history[random.random(120) < seed / 500] = np.nan
    other = history.copy()
    other[origin:] = 1e6
    ahead = np.arange(shape.steps)
    origins = np.full(shape.steps, origin)
    one, two, short = (Past(h, shape) for h in (history, other, history[:origin]))
    for past in (two, short):
        # The variance is summed about the first value, so equal up to rounding only.
        assert np.allclose(
            one.rows(origins, ahead),
            past.rows(origins, ahead),
            rtol=1e-4,
            atol=1e-5,
            equal_nan=True,
        )
        assert np.array_equal(one.scale(origins), past.scale(origins))
        assert np.array_equal(one.base(origins, ahead), past.base(origins, ahead), equal_nan=True)
    assert one.rows(origins, ahead).shape == (shape.steps, COLUMNS)


def test_cutting_the_future_off_changes_no_forecast() -> None:
    series = plant()
    whole = forecast_all([history[:150] for history in series], SHAPE)
    again = forecast_all([history[:150].copy() for history in series], SHAPE)
    for one, two in zip(whole, again, strict=True):
        assert one is not None
        assert two is not None
        assert np.array_equal(one.point, two.point)
        assert np.array_equal(one.upper, two.upper)


def test_learns_from_all_series_whatever_their_unit() -> None:
    series = plant()
    made = forecast_all([history[:-6] for history in series], SHAPE)
    scores = [
        score(history[:-6], ahead, history[-6:], 8)
        for history, ahead in zip(series, made, strict=True)
        if ahead is not None
    ]
    assert len(scores) == len(series)
    assert np.mean([one.mase for one in scores]) < 1.0
    assert np.mean([one.coverage for one in scores]) > 0.85


def test_wider_levels_hold_narrower_ones_and_all_hold_the_median() -> None:
    series = plant(8)
    narrow = training.train(series, SHAPE, level=0.5).model.forecast(series)
    wide = training.train(series, SHAPE, level=0.95).model.forecast(series)
    for small, large in zip(narrow, wide, strict=True):
        assert np.all(small.lower <= small.point)
        assert np.all(small.point <= small.upper)
        assert np.mean(large.upper - large.lower) > np.mean(small.upper - small.lower)


def test_short_and_broken_histories_have_simple_methods_or_none() -> None:
    series = plant(4)
    gaps = series[0].copy()
    gaps[10:30] = np.nan
    nothing = np.full(160, np.nan)
    constant = np.full(160, 7.0)
    made = forecast_all([*series, gaps, series[1][:20], nothing, np.array([1.0]), constant], SHAPE)
    assert made[4] is not None
    assert np.all(np.isfinite(made[4].point))
    assert made[5] is not None
    assert made[5].method != NAME
    assert made[6] is None
    assert made[7] is None
    assert made[8] is not None
    assert made[8].lower == pytest.approx(7)
    assert made[8].upper == pytest.approx(7)


def test_the_kept_trees_say_what_the_library_says() -> None:
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415

    random = np.random.default_rng(0)
    rows = random.normal(size=(400, 5))
    rows[random.random(rows.shape) < 0.1] = np.nan
    void = np.column_stack([rows, np.full(400, np.nan)])
    target = np.where(np.isnan(rows[:, 0]), 1.0, rows[:, 0]) * np.nan_to_num(rows[:, 1])
    trees = fit(rows, target, SMALL, loss="squared_error", seed=3)
    model = HistGradientBoostingRegressor(
        max_iter=20, learning_rate=0.2, max_leaf_nodes=8, max_features=0.5, random_state=3
    ).fit(rows, target)
    assert trees.predict(rows) == pytest.approx(model.predict(rows))
    odds = fit_odds(rows, target > 0, SMALL, seed=3).predict(rows)
    assert odds[target > 0].mean() > odds[target <= 0].mean()
    assert np.all(np.isfinite(fit(void, target, SMALL, loss="squared_error", seed=3).predict(void)))
    with pytest.raises(ValueError, match="5 columns"):
        trees.predict(rows[:, :4])


def test_a_kept_model_forecasts_the_same_and_damage_is_told() -> None:
    series = plant(6)
    model = training.train(series, SHAPE).model
    data = to_bytes(model)
    assert data == to_bytes(training.train(series, SHAPE).model)
    again = from_bytes(data, digest(data))
    assert np.array_equal(again.forecast(series)[2].upper, model.forecast(series)[2].upper)
    with pytest.raises(BadModel, match="not the one"):
        from_bytes(data, digest(data + b"x"))
    with pytest.raises(BadModel, match="damaged"):
        from_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    with pytest.raises(BadModel, match="no saved model"):
        from_bytes(data[len(MAGIC) :])
    with pytest.raises(BadModel, match="do not fit"):
        from_bytes(save({"stretch": model.stretch}, {"kind": "panel", "shape": {}, "level": 1}))


def test_trees_that_would_be_walked_for_ever_or_out_of_bounds_are_refused() -> None:
    rows = np.random.default_rng(0).normal(size=(100, 2))
    arrays = fit(rows, rows[:, 0], SMALL, loss="squared_error", seed=0).arrays()
    inner = int(np.flatnonzero(arrays["feature"] >= 0)[1])
    for name, value in (("left", 0), ("right", 10**6), ("feature", 2)):
        broken = arrays[name].copy()
        broken[inner] = value
        with pytest.raises(BadTrees):
            trees_of(arrays | {name: broken})
    with pytest.raises(BadTrees, match="value"):
        trees_of({name: array for name, array in arrays.items() if name != "value"})


def test_objects_are_neither_saved_nor_loaded() -> None:
    with pytest.raises(ValueError, match="Object arrays"):
        save({"a": np.array([{}], dtype=object)}, {})
    arrays, note = load(save({"a": np.arange(3)}, {"b": 1}))
    assert arrays["a"].tolist() == [0, 1, 2]
    assert note == {"b": 1}
