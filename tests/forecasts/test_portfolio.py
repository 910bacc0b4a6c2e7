from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasts.portfolio.choice import Job, choose, shares
from forecasts.portfolio.costs import avoidable, costs_by_draw, prevented, spread
from forecasts.portfolio.lives import Failures, Unit, chance_within, failures

PLACES = st.integers(0, 4)
AMOUNTS = st.floats(0, 1000, allow_subnormal=False)
LIVES = st.lists(st.floats(0, 400), min_size=21, max_size=21).map(sorted)
UNITS = st.lists(
    st.builds(
        Unit,
        chance=st.floats(0, 1),
        quantiles=st.none() | LIVES,
        open_ended=st.booleans(),
        hours=st.floats(0, 200),
        repair=AMOUNTS,
        hourly=AMOUNTS,
        stops=st.lists(PLACES, max_size=3, unique=True),
    ),
    min_size=5,
    max_size=5,
)
SHARES = st.lists(st.floats(0, 1), min_size=5, max_size=5).map(np.array)
JOBS = st.lists(
    st.builds(Job, PLACES, st.floats(0, 1), st.floats(0.1, 20), st.floats(0, 50)), max_size=7
)


def everything(found: Failures) -> Any:
    return np.ones(len(found.day), dtype=bool)


def cost(units: list[Unit], found: Failures, share: Any, from_day: float = 3.0) -> Any:
    return costs_by_draw(units, found, ~prevented(found, share, from_day=from_day))


@settings(max_examples=40, deadline=None)
@given(UNITS, SHARES, SHARES)
def test_more_work_costs_more_in_no_draw(units: list[Unit], one: Any, other: Any) -> None:
    found = failures(units, days=30, draws=60, seed=3)

    some = cost(units, found, np.minimum(one, other))
    more = cost(units, found, np.maximum(one, other))

    assert (more <= some + 1e-6).all()
    assert (some <= cost(units, found, np.zeros(5)) + 1e-6).all()


@settings(max_examples=40, deadline=None)
@given(UNITS)
def test_a_longer_horizon_never_holds_fewer_failures(units: list[Unit]) -> None:
    month, quarter = (failures(units, days=days, draws=60, seed=3) for days in (30, 90))

    assert set(zip(month.draw, month.unit, strict=True)) <= set(
        zip(quarter.draw, quarter.unit, strict=True)
    )
    assert [chance_within(unit, 30) <= chance_within(unit, 90) + 1e-12 for unit in units]


@settings(max_examples=50, deadline=None)
@given(JOBS, SHARES, st.floats(0, 40))
def test_a_choice_keeps_to_its_budget_and_no_other_is_better(
    jobs: list[Job], worth: Any, budget: float
) -> None:
    worth = worth * 1000

    def gain(places: list[int]) -> float:
        some = [jobs[place] for place in places]
        return float(shares(some, 5) @ worth) - sum(job.cost for job in some)

    chosen = choose(jobs, worth, budget=budget)

    assert sum(jobs[place].hours for place in chosen) <= budget + 1e-6
    for number in range(2 ** len(jobs)):
        places = [place for place in range(len(jobs)) if number >> place & 1]
        if sum(jobs[place].hours for place in places) <= budget:
            assert gain(places) <= gain(chosen) + 1e-6


def test_among_many_jobs_the_choice_is_close_to_the_best() -> None:
    random = np.random.default_rng(5)
    worth = random.gamma(1.0, 1000.0, 60)
    jobs = [
        Job(unit, float(random.uniform(0.2, 1)), float(random.uniform(1, 8))) for unit in range(60)
    ]

    chosen = choose(jobs, worth, budget=40)

    gains = np.array([job.share * worth[job.unit] for job in jobs])
    rate = gains / [job.hours for job in jobs]
    bound, left = 0.0, 40.0
    for place in np.argsort(-rate):  # A job may be done in part: nothing whole can be better.
        part = min(left / jobs[place].hours, 1.0)
        bound, left = bound + part * gains[place], left - part * jobs[place].hours
    assert gains[chosen].sum() >= 0.95 * bound
    assert sum(jobs[place].hours for place in chosen) <= 40


def test_what_two_failures_stop_at_once_is_paid_for_once() -> None:
    pump = Unit(hours=10, repair=500, stops=[2])
    fan = Unit(hours=4, repair=50, stops=[2])
    kiln = Unit(hourly=100)
    found = Failures(
        2,
        np.array([0, 0, 1]),
        np.array([0, 1, 1]),
        np.array([2.0, 2.25, 9.0]),
        np.zeros(3, dtype=np.float32),
    )

    # The fan stops 6 hours into the 10 of the pump: the kiln stands still for 10 hours in all.
    assert costs_by_draw([pump, fan, kiln], found, everything(found)).tolist() == [1550.0, 450.0]
    # Of the 10 hours 6 are of the pump alone; the fan alone costs only in the second draw.
    alone = avoidable([pump, fan, kiln], found, from_day=0)
    assert alone.tolist() == [(600 + 500) / 2, (50 + 450) / 2, 0.0]


def test_work_prevents_its_share_and_nothing_before_it_is_done() -> None:
    units = [Unit(chance=0.5, hours=1, hourly=100)]
    found = failures(units, days=30, draws=20_000, seed=1)

    base = spread(cost(units, found, np.zeros(1)))
    half = spread(cost(units, found, np.array([0.5]), from_day=0))
    late = spread(cost(units, found, np.ones(1), from_day=10))

    assert base.mean == pytest.approx(50, abs=4 * base.error)
    assert half.mean == pytest.approx(25, abs=4 * base.error)
    assert late.mean == pytest.approx(100 * (1 - 0.5 ** (10 / 30)), abs=4 * base.error)
    assert base.error == pytest.approx(50 / 20_000**0.5, rel=0.01)
    assert found.day.tolist() == failures(units, days=30, draws=20_000, seed=1).day.tolist()


def test_a_life_fails_at_its_quantiles_and_not_beyond_an_open_end() -> None:
    life = Unit(quantiles=list(np.linspace(0, 100, 21)))
    young = Unit(quantiles=[*np.linspace(20, 60, 11), *[60.0] * 10], open_ended=True)

    found = failures([life, young], days=90, draws=20_000, seed=2)

    assert np.mean(found.unit == 0) * len(found.day) / 20_000 == pytest.approx(0.9, abs=0.01)
    assert np.median(found.day[found.unit == 0]) == pytest.approx(45, abs=1)
    assert chance_within(young, 90) == pytest.approx(0.5)
    assert found.day[found.unit == 1].max() <= 60


def test_a_plant_without_failures_or_jobs_costs_nothing() -> None:
    units = [Unit(hours=5, hourly=10)]
    found = failures(units, days=30, draws=100, seed=1)

    assert spread(costs_by_draw(units, found, everything(found))).mean == 0
    assert choose([], np.zeros(1), budget=40) == []
    with pytest.raises(ValueError, match="share of 0 to 1"):
        Job(0, 1.5, 1)
