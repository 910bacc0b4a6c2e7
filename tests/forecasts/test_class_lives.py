"""Remaining lives of a class by ages and by wear: their intervals, their chances, and as bytes."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasts.boosting.saving import BadModel, save
from forecasts.remaining_life import drivers, training, weibull
from forecasts.remaining_life.features import Life
from forecasts.remaining_life.judging import judge
from forecasts.remaining_life.of_class import ClassModel, chance_within, from_bytes, to_bytes
from forecasts.remaining_life.weibull import Weibull

DAYS = np.array([1.0, 7.0, 30.0])


def worn(life: float, until: float, seed: int, *, failed: bool = True) -> Life:
    """One sensor that rises toward the end of a life, one that says nothing."""
    random = np.random.default_rng(seed)
    ages = np.arange(1.0, until)
    wear = np.exp(-(life - ages) / 12.0)
    noise = random.normal(0, 0.1, (2, len(ages)))
    return Life(ages, np.stack([2 + 4 * wear + noise[0], 20 + noise[1]], axis=1), failed=failed)


@pytest.fixture(scope="module")
def lives() -> list[Life]:
    random = np.random.default_rng(1)
    spans = random.uniform(60, 140, 12)
    known = [worn(span, span, i) for i, span in enumerate(spans)]
    return [*known, *(worn(150.0, 50.0, 20 + i, failed=False) for i in range(4))]


@pytest.fixture(scope="module")
def model(lives: list[Life]) -> ClassModel:
    usual = training.GROWTH
    training.GROWTH = replace(usual, rounds=10, rate=0.4)
    try:
        life, held = training.learn(lives, clip=50.0)
    finally:
        training.GROWTH = usual
    ages = np.array([one.ages[-1] for one in lives])
    by_age = weibull.fit(ages, np.array([one.failed for one in lives]))
    assert judge(held, by_age, 50.0).skill > 0.2
    return ClassModel(by_age, {}, life, ("vibration", "pressure"), ("mm/s", "bar"), 1.0)


@pytest.mark.crawl
def test_what_is_left_shrinks_and_narrows_as_wear_shows(model: ClassModel) -> None:
    assert model.life is not None
    rows = model.life.features([worn(100.0, until, 50) for until in (40.0, 95.0)])
    ages, whole = np.array([40.0, 95.0]), np.array([True, True])
    quantiles, before = model.by_readings(rows, ages, whole)
    width = quantiles[:, 19] - quantiles[:, 1]
    assert width[1] < width[0]
    assert quantiles[1, 10] < 15 < quantiles[0, 10]
    assert before[1] > before[0]
    chances = chance_within(quantiles, DAYS)
    assert chances[1, 2] > 0.8 > chances[0, 2]


@pytest.mark.crawl
def test_the_drivers_add_up_and_name_what_rose(model: ClassModel) -> None:
    assert model.life is not None
    life = worn(100.0, 95.0, 50)
    row = model.life.preparation.features(life)[-1:]
    usual, effects = model.life.effects(row)
    said = np.mean([trees.predict(row) for trees in model.life.members])
    assert usual + effects.sum() == pytest.approx(said, abs=1e-6)
    base, found = drivers.by_readings(model, life)
    assert base == usual
    assert found[0].name == "vibration"
    assert found[0].effect_days < 0
    assert "vibration rose by" in found[0].sentence
    assert "mm/s in 14 days" in found[0].sentence


ages_of = st.floats(0.0, 1500.0)
weibulls = st.builds(Weibull, st.floats(0.6, 8.0), st.floats(20.0, 900.0), st.integers(3, 60))


@given(weibulls, ages_of, st.booleans())
@settings(max_examples=50)
def test_intervals_nest_and_chances_grow(ages: Weibull, age: float, whole: bool) -> None:  # noqa: FBT001
    model, at, known = ClassModel(ages), np.array([age]), np.array([whole])
    quantiles = model.by_age(at, known)[0]
    assert (np.diff(quantiles) >= 0).all()
    narrow, wide = (model.interval_by_age(at, known, level) for level in (0.5, 0.9))
    assert wide[0] <= narrow[0] <= quantiles[10] <= narrow[1] <= wide[1]
    chances = ages.failure(at, DAYS, known)[0]
    assert (np.diff(chances) >= 0).all()
    assert ((chances >= 0) & (chances <= 1)).all()
    within = chance_within(quantiles[None, :], np.array([float(quantiles[10])]))
    assert within[0, 0] >= 0.5 - 1e-9


def test_lives_older_than_their_records_are_not_taken_for_new() -> None:
    """Machines that are watched for 200 days, each somewhere in its life of about 100."""
    random = np.random.default_rng(0)
    rows = []
    for _ in range(200):
        end = -1000.0
        while end < 200.0:
            begin, end = end, end + 100.0 * float(random.weibull(3.0))
            if end > 0.0:
                rows.append((min(end, 200.0) - max(begin, 0.0), end < 200.0, begin >= 0.0))
    ages, failed, whole = (np.array(column) for column in zip(*rows, strict=True))
    found, naive = weibull.fit(ages, failed, whole), weibull.fit(ages, failed)
    assert abs(found.scale - 100.0) < 6.0
    assert abs(found.shape - 3.0) < 0.5
    assert naive.scale < 90.0


def test_machines_that_run_on_count(lives: list[Life]) -> None:
    """Without those that have not failed, long lives are held for rarer than they are."""
    weights = training._weights(lives, 30.0)
    failed, running = lives[0], lives[-1]
    assert (weights[: len(failed)] >= 1.0).all()
    last = weights[-len(running) :]
    assert (last[running.left >= 30.0] > 0).all()
    assert (last[running.left < 30.0] == 0).all()


@pytest.mark.crawl
def test_a_class_is_kept_and_read_again(model: ClassModel) -> None:
    again = from_bytes(to_bytes(model))
    assert to_bytes(again) == to_bytes(model)
    assert again.names == model.names
    with pytest.raises(BadModel, match="another kind"):
        from_bytes(save({}, {"kind": "other"}))
    with pytest.raises(BadModel, match="do not fit"):
        from_bytes(save({}, {"kind": "lives of a class", "ages": [1, 0, 3]}))
