"""The probability of failure: what it may know, calibration, horizons, and that it can be kept."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasts.boosting.saving import BadModel, digest
from forecasts.failures import training
from forecasts.failures.features import Record, features, outcomes
from forecasts.failures.model import FailureModel, from_bytes, to_bytes
from forecasts.failures.scores import average_precision, score

UNTIL = 2400.0
KINDS = ("alarm", "service")


def records(count: int = 30, seed: int = 0) -> list[Record]:
    """Alarms at any time; of those of old assets half are followed by a failure within a day."""
    random = np.random.default_rng(seed)
    made = []
    for i in range(count):
        alarms = np.sort(random.uniform(0, UNTIL, 12))
        age = float(i % 10)
        fails = (random.random(12) < 0.5) & (age >= 5)
        failures = np.sort(alarms[fails] + random.uniform(1, 24, int(fails.sum())))
        events = {"alarm": alarms, "service": np.arange(0, UNTIL, 500.0)}
        made.append(Record(events, failures[failures < UNTIL], np.array([age])))
    return made


@pytest.fixture(scope="module")
def model() -> FailureModel:
    horizons = (24.0, 72.0, 168.0)
    return training.train(records(), start=24.0, until=UNTIL, step=12.0, horizons=horizons)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 40), st.floats(1, UNTIL))
def test_a_row_knows_nothing_of_what_happens_later(seed, moment) -> None:
    one = records(1, seed)[0]
    cut = {kind: times[times <= moment] for kind, times in one.events.items()}
    moments = np.array([moment])
    past = Record(cut, one.failures[:0], one.traits)
    assert np.array_equal(
        features(one, KINDS, moments), features(past, KINDS, moments), equal_nan=True
    )


def test_where_the_record_ends_first_nothing_is_known() -> None:
    one = Record({}, np.array([50.0, 98.0]), np.array([]))
    happened, known = outcomes(one, np.array([10.0, 30.0, 50.0, 90.0]), 24.0, 100.0)
    assert happened.tolist() == [False, True, False, True]
    assert known.tolist() == [True, True, True, False]


def test_what_is_said_comes_true_about_as_often(model) -> None:
    fresh = records(60, seed=7)
    moments = np.arange(24.0, UNTIL - 24.0, 6.0)
    rows = np.concatenate([features(one, model.kinds, moments) for one in fresh])
    came = np.concatenate([outcomes(one, moments, 24.0, UNTIL)[0] for one in fresh])
    result = score(model.probability(rows)[:, 0], came)
    assert result.pr_auc > 3 * came.mean()
    assert result.ece < 0.02
    assert model.is_sure


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 1000))
def test_probability_never_falls_with_the_horizon(model, seed) -> None:
    one = records(1, seed)[0]
    chances = model.probability(features(one, model.kinds, np.linspace(0, UNTIL, 40)))
    assert chances.shape == (40, 3)
    assert np.all(np.diff(chances, axis=1) >= 0)
    assert np.all((chances >= 0) & (chances <= 1))


def test_too_few_failures_are_told() -> None:
    quiet = [Record(one.events, one.failures[:0], one.traits) for one in records(5)]
    with pytest.raises(training.TooFewFailures, match="within 24 hours"):
        training.train(quiet, start=24.0, until=UNTIL)


def test_a_kept_model_says_the_same_and_another_is_refused(model) -> None:
    rows = features(records(1)[0], model.kinds, np.linspace(0, UNTIL, 9))
    data = to_bytes(model)
    again = from_bytes(data, digest(data))
    assert again.kinds == model.kinds
    assert np.array_equal(again.probability(rows), model.probability(rows))
    with pytest.raises(BadModel, match="not the one"):
        from_bytes(data, "0" * 64)


def test_average_precision_is_that_of_the_library() -> None:
    from sklearn.metrics import average_precision_score  # noqa: PLC0415

    random = np.random.default_rng(0)
    said, came = random.integers(0, 20, 300) / 20, random.random(300) < 0.2
    assert average_precision(said, came) == pytest.approx(average_precision_score(came, said))
