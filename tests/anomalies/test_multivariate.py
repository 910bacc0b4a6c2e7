"""The detector of an asset: no database."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from anomalies.detectors.base import UnknownState, UnorderedTimes
from anomalies.detectors.multivariate.contributions import contributions
from anomalies.detectors.multivariate.detector import AssetScores, named, score_rows
from anomalies.detectors.multivariate.fitting import UnfitBaseline, fit
from anomalies.detectors.multivariate.model import AssetModel, Stream
from anomalies.detectors.multivariate.refitting import refit

NAMES = ("speed", "flow", "current", "pressure")
BASELINE = 400
Rows = NDArray[np.float64]


def pump(n: int, seed: int = 0) -> Rows:
    """Four channels that follow one slow load, each with noise of its own."""
    rng = np.random.default_rng(seed)
    load = np.zeros(n)
    for i in range(1, n):
        load[i] = 0.9 * load[i - 1] + rng.normal()
    noise = rng.normal(0, 0.3, (n, 4))
    return np.column_stack([load, 2 * load, -load, 0.5 * load]) + noise + [50, 20, 9, 3]


def clock(n: int, start: float = 0.0) -> Rows:
    return start + np.arange(n, dtype=np.float64)


def learned(rows: Rows, names: tuple[str, ...] = NAMES) -> AssetModel:
    return fit(clock(BASELINE), rows[:BASELINE], names)


def scored(model: AssetModel, rows: Rows, start: float = BASELINE) -> AssetScores:
    return score_rows(model, None, clock(len(rows), start), rows, np.empty((len(rows), 0)))[1]


ROWS = pump(900)
MODEL = learned(ROWS)


def test_stays_below_the_line_on_ordinary_rows() -> None:
    assert scored(MODEL, ROWS[BASELINE:]).score.max() < 1.0


def test_flags_and_names_the_channel_that_no_longer_follows_the_others() -> None:
    rows = ROWS[BASELINE:].copy()
    rows[200:, 1] = rows[200:, 1].mean()

    scores = scored(MODEL, rows)

    assert not scores.is_anomaly[:200].any()
    assert scores.is_anomaly[260:].mean() > 0.9
    assert named(MODEL, scores.shares[300])[0] == "flow"


def test_is_calm_again_soon_after_a_wild_event() -> None:
    rows = ROWS[BASELINE:].copy()
    rows[100:150, 2] = 1e90

    scores = scored(MODEL, rows)

    assert scores.is_anomaly[110:150].all()
    assert not scores.is_anomaly[200:].any()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.floats(-3, 3), st.floats(-1e6, 1e6)), min_size=4, max_size=4))
def test_scores_the_same_in_any_unit(units: list[tuple[float, float]]) -> None:
    factors = np.array([10.0**power for power, _ in units])
    rows = ROWS * factors + np.array([zero for _, zero in units]) * factors

    scores = scored(learned(rows), rows[BASELINE:])

    np.testing.assert_allclose(scores.score, scored(MODEL, ROWS[BASELINE:]).score, rtol=1e-4)


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(4)))
def test_scores_the_same_in_any_order_of_channels(order: list[int]) -> None:
    model = learned(ROWS[:, order], tuple(NAMES[i] for i in order))

    scores = scored(model, ROWS[BASELINE:, order])

    np.testing.assert_allclose(scores.score, scored(MODEL, ROWS[BASELINE:]).score, rtol=1e-8)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(0, 300), max_size=6), st.integers(0, 2**32 - 1))
def test_one_batch_is_many_batches_with_the_state_saved_between(cuts: list[int], seed: int) -> None:
    rows = ROWS[BASELINE : BASELINE + 300].copy()
    rows[np.random.default_rng(seed).random(rows.shape) < 0.1] = np.nan
    times = clock(300)
    times[150:] += 60
    whole, expected = score_rows(MODEL, None, times, rows, np.empty((300, 0)))

    state = Stream.start(MODEL)
    parts = []
    for piece in np.split(np.arange(300), sorted(cuts)):
        saved = Stream.from_bytes(state.to_bytes())
        model = AssetModel.from_bytes(MODEL.to_bytes())
        state, part = score_rows(model, saved, times[piece], rows[piece], np.empty((len(piece), 0)))
        parts.append(part.score)

    np.testing.assert_array_equal(np.concatenate(parts), expected.score)
    assert state.to_bytes() == whole.to_bytes()


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 299), st.floats(allow_nan=True, allow_infinity=True))
def test_what_comes_later_changes_no_score(at: int, later: float) -> None:
    rows = ROWS[BASELINE : BASELINE + 300].copy()
    before = scored(MODEL, rows).score[:at]
    rows[at:] = later

    np.testing.assert_array_equal(scored(MODEL, rows).score[:at], before)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=4, max_size=4),
        min_size=1,
        max_size=20,
    )
)
def test_any_float_has_a_finite_score(cells: list[list[float]]) -> None:
    rows = np.vstack([ROWS[BASELINE : BASELINE + 5], np.array(cells), ROWS[-20:]])

    scores = scored(MODEL, rows)

    assert np.isfinite(scores.score).all()
    assert (scores.score >= 0).all()
    assert np.isfinite(scores.shares).all()


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from([0.0, 1.0, -1e300, 1e99, 1e-300, np.nan, np.inf]),
    st.floats(allow_nan=True, allow_infinity=True),
    st.integers(0, 2**32 - 1),
)
@example(0.0, 5e-324, 0)
def test_any_baseline_is_learned_or_refused_in_words(size: float, odd: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = ROWS[:BASELINE].copy()
    rows[:, 0] *= size
    rows[rng.integers(0, BASELINE, 30), rng.integers(0, 4, 30)] = odd

    try:
        model = learned(rows)
    except UnfitBaseline:
        return
    assert np.isfinite(model.limit)
    assert np.isfinite(scored(model, rows[:, [NAMES.index(c) for c in model.channels]]).score).all()


def test_goes_on_with_the_channels_that_are_left() -> None:
    rows = ROWS[BASELINE:].copy()
    rows[:, 0] = np.nan
    broken = rows.copy()
    broken[200:, 1] = broken[200:, 1].mean()

    assert scored(MODEL, rows).is_anomaly.mean() < 0.02
    assert scored(MODEL, broken).is_anomaly[260:].mean() > 0.8


def test_judges_the_present_channels_by_their_own_covariance() -> None:
    row = np.array([[0.7, np.nan, -0.2, np.nan]]) * MODEL.scale + MODEL.center
    start = Stream(np.zeros((2, 4)), np.zeros(4), np.array([9.0, 0.0, 0.0, 0.0]))
    there = [0, 2]
    left = np.array([0.7, -0.2]) - MODEL.offset[there]
    covariance = np.linalg.inv(MODEL.precision)[np.ix_(there, there)]

    after, _ = score_rows(MODEL, start, np.array([1.0]), row, np.empty((1, 0)))

    distance = left @ np.linalg.inv(covariance) @ left * 4 / 2
    assert after.memo[1] == pytest.approx(0.07 * distance)


def test_leaves_out_channels_that_stand_still_or_are_missing() -> None:
    rows = np.column_stack([ROWS, np.full(len(ROWS), 7.0), np.full(len(ROWS), np.nan)])

    model = learned(rows, (*NAMES, "constant", "empty"))

    assert model.channels == NAMES
    assert model.unused == ("constant", "empty")


def test_does_not_judge_what_follows_a_gap_at_once() -> None:
    rows = ROWS[BASELINE : BASELINE + 20]
    times = clock(20)
    times[10:] += 100

    _, scores = score_rows(MODEL, None, times, rows, np.empty((20, 0)))

    assert np.flatnonzero(~scores.judged).tolist() == [0, 1, 10, 11]


def test_tells_what_is_ordinary_by_the_operating_mode() -> None:
    setting = np.where(np.arange(900) // 100 % 2, 1500.0, 3000.0)
    rows = np.column_stack([ROWS + (setting[:, None] > 2000) * 40, setting])

    model = fit(clock(BASELINE), rows[:BASELINE], (*NAMES, "setting"), ("setting",))
    ordinary = score_rows(model, None, clock(500, 400), rows[400:, :4], rows[400:, 4:])[1]
    wrong = score_rows(model, None, clock(500, 400), rows[400:, :4], 4500 - rows[400:, 4:])[1]
    unknown = score_rows(model, None, clock(500, 400), rows[400:, :4], rows[400:, 4:] * 2)[1]

    assert len(model.mode_at) == 2
    assert not ordinary.is_anomaly.any()
    assert wrong.is_anomaly.mean() > 0.9
    assert not unknown.judged[2:][rows[402:, 4] > 2000].any()


def test_takes_settings_without_steps_as_channels() -> None:
    model = fit(clock(BASELINE), ROWS[:BASELINE], NAMES, ("speed",))

    assert model.settings == ()
    assert model.channels == NAMES


def test_refuses_too_short_a_baseline_and_unordered_rows() -> None:
    with pytest.raises(UnfitBaseline, match="has 40 rows; 4 channels need at least 80"):
        fit(clock(40), ROWS[:40], NAMES)
    with pytest.raises(UnorderedTimes):
        scored(MODEL, ROWS[:5], start=np.nan)


@pytest.mark.parametrize("spoil", [lambda raw: raw[:-1], lambda raw: raw[:-8], lambda raw: b""])
def test_refuses_bytes_that_it_did_not_save(spoil: Callable[[bytes], bytes]) -> None:
    with pytest.raises(UnknownState, match="Fit it again"):
        AssetModel.from_bytes(spoil(MODEL.to_bytes()))
    with pytest.raises(UnknownState):
        Stream.from_bytes(spoil(Stream.start(MODEL).to_bytes()))
    with pytest.raises(UnknownState):
        AssetModel.from_bytes(Stream.start(MODEL).to_bytes())
    with pytest.raises(UnknownState):
        AssetModel.from_bytes(b"MV00" + MODEL.to_bytes()[4:])


def test_what_is_ignored_leaves_no_trace_but_a_gap() -> None:
    rows = ROWS[BASELINE:].copy()
    rows[100:110] = 1e6
    ignored = np.zeros(len(rows), dtype=np.bool_)
    ignored[100:110] = True
    none = np.empty((len(rows), 0))

    _, scores = score_rows(MODEL, None, clock(len(rows), BASELINE), rows, none, ignored)

    assert not scores.judged[100:112].any()
    assert scores.judged[112:].all()
    assert scores.score.max() < 1.0


def test_a_contribution_tells_what_goes_with_the_other_channels() -> None:
    row = np.array([50.0, 26.0, 9.0, 3.0])
    shares = np.array([1.5, 9.0, 0.8, 1.0])

    first, *others = contributions(MODEL, shares, row, np.empty(0))

    assert (first.channel, first.side) == ("flow", "higher")
    assert first.expected == pytest.approx(20.0, abs=0.5)
    assert [one.channel for one in others] == ["speed"]
    assert first.share + others[0].share == pytest.approx(1.0)


def test_a_contribution_is_known_where_a_value_or_all_others_are_missing() -> None:
    row = np.array([np.nan, 26.0, np.nan, np.nan])

    parts = contributions(MODEL, np.array([9.0, 8.0, 1.0, 1.0]), row, np.empty(0))

    assert (parts[0].value, parts[0].side) == (None, "")
    assert parts[1].expected == pytest.approx(MODEL.center[0, 1])


def test_what_the_others_explain_is_clear_of_chance_or_no_help() -> None:
    rng = np.random.default_rng(2)
    rows = np.concatenate([pump(1200), rng.normal(0, 1, (1200, 4))], axis=1)

    _, together = refit(clock(1200), rows[:, :4], NAMES)
    _, apart = refit(clock(1200), rows[:, 4:], NAMES)

    assert (together.why_not, together.flagged) == ("", 0.0)
    assert together.explained > 0.3
    assert abs(apart.explained) < 0.05
    assert "say nothing of each other" in apart.why_not
