"""Learn how long units live on, from histories that ran to failure.

The worker alone imports it: it needs scikit-learn.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasts.boosting.fitting import Growth, fit
from forecasts.boosting.trees import Trees
from forecasts.remaining_life.features import Floats, Life, Places, prepare
from forecasts.remaining_life.model import CHANCES, POINTS, LifeModel, mean_of

Bools = NDArray[np.bool_]
GROWTH = Growth(rounds=300, rate=0.05, leaves=8, fewest=30, columns=0.3, ridge=5.0)
MEMBERS = 4
"""Each is fitted on every second cycle: neighbors are alike, and what differs averages out."""

FOLDS = 5
FEWEST_UNITS = 8
"""With five engines of FD001 only 53 to 73 % of the truth was inside 90 % intervals, with eight 81
to 100 %."""

MOST_ROWS = 60_000
"""Cycles learned from, sampled evenly: bounds time and memory."""

NEAR = 0.04
"""Share of the past predictions that make the distribution at one point."""

FEWEST_NEAR = 200
HEAVIEST = 10.0
"""A row counts for no more than so many, however few lives stayed in sight so long."""

LEAST = 1e-9


class TooFewHistories(ValueError):
    """There are too few units that ran to failure to learn from their sensors."""


@dataclass(frozen=True, slots=True)
class HeldOut:
    """What trees say of rows of units that they have not seen, and what was left there.

    said, left, ages (rows,); unit (rows,) the place of each row's life; left is at most the clip.
    whole (rows,): whether the life was watched from its begin.
    """

    said: Floats
    left: Floats
    ages: Floats
    unit: Places
    whole: Bools


def train(
    lives: Sequence[Life], settings: Sequence[int] = (), *, clip: float, seed: int = 0
) -> LifeModel:
    """Learn from units, see `learn`."""
    return learn(lives, settings, clip=clip, seed=seed)[0]


def learn(
    lives: Sequence[Life], settings: Sequence[int] = (), *, clip: float, seed: int = 0
) -> tuple[LifeModel, HeldOut]:
    """Learn from units that failed at the end of what is known of them, or did not.

    A life that has not failed tells what was left where that was the clip or more; its other rows
    are made up for by those that failed, which come oftener by the ratio in which such lives stayed
    in sight (inverse probability of censoring; Robins & Rotnitzky 1992). So lives must not end for
    reasons that their sensors tell of, such as a repair in time.

    settings: the columns that set the operating mode. clip: what is left counts as no more than
    this, as wear cannot be seen before. The same seed gives the same model.
    Raises TooFewHistories with fewer than `FEWEST_UNITS` that failed, ValueError where no sensor
    moves.
    """
    failed = sum(life.failed for life in lives)
    if failed < FEWEST_UNITS:
        raise TooFewHistories(
            f"Remaining life is learned from at least {FEWEST_UNITS} units that ran to failure;"
            f" there are {failed}."
        )
    preparation = prepare(lives, settings, seed=seed)
    weight = _weights(lives, clip)
    kept = weight > 0.0
    rows = np.concatenate([preparation.features(life) for life in lives])[kept]
    ages = np.concatenate([life.ages for life in lives])[kept]
    left = np.concatenate([life.left for life in lives])[kept]
    sizes = [len(life) for life in lives]
    unit = np.repeat(np.arange(len(lives)), sizes)[kept]
    whole = np.repeat([life.whole for life in lives], sizes)[kept]
    target = np.minimum(left, clip)
    random = np.random.default_rng(seed)
    some = _sampled(weight[kept], random)
    rows, target, unit = rows[some], target[some], unit[some]
    ages, whole = ages[some], whole[some]
    said = _unseen(rows, target, unit, random, clip, seed)
    model = LifeModel(
        preparation=preparation,
        members=_members(rows, target, MEMBERS, seed),
        table=table_of(said, target, unit, clip),
        clip=clip,
        units=failed,
    )
    return model, HeldOut(said, target, ages, unit, whole)


def _sampled(weight: Floats, random: np.random.Generator) -> Places:
    """Which rows are learned from, in their order; those that weigh more come more than once.

    Weights in the fitting itself made it take seven times as long.
    """
    count = min(len(weight), MOST_ROWS)
    if (weight == weight[0]).all():
        if len(weight) <= MOST_ROWS:
            return np.arange(len(weight))
        return np.sort(random.choice(len(weight), count, replace=False))
    reached = np.cumsum(weight) / weight.sum()
    return np.searchsorted(reached, (np.arange(count) + random.uniform()) / count)


def _weights(lives: Sequence[Life], clip: float) -> Floats:
    """How much each row of all lives counts; 0 where what was left is not known.

    The chance to stay in sight is that of Kaplan & Meier (1958), by age.
    """
    ends = np.array([life.ages[0] + life.left[0] for life in lives])
    lost, gone = np.unique(ends[[not life.failed for life in lives]], return_counts=True)
    in_sight = np.array([np.sum(ends >= moment) for moment in lost], dtype=np.float64)
    stays = np.concatenate(([1.0], np.cumprod(1.0 - gone / in_sight)))
    weights = []
    for life in lives:
        left = life.left
        until = life.ages + np.minimum(left, clip)
        now, then = (stays[np.searchsorted(lost, at)] for at in (life.ages, until))
        known = life.failed | (left >= clip)
        weights.append(np.where(known, np.minimum(now / np.maximum(then, LEAST), HEAVIEST), 0.0))
    return np.concatenate(weights)


def _members(rows: NDArray[np.float32], target: Floats, count: int, seed: int) -> tuple[Trees, ...]:
    fewest = max(min(GROWTH.fewest, len(rows) // 20), 2)
    growth = Growth(GROWTH.rounds, GROWTH.rate, GROWTH.leaves, fewest, GROWTH.columns, GROWTH.ridge)
    return tuple(
        fit(rows[i % 2 :: 2], target[i % 2 :: 2], growth, loss="squared_error", seed=seed + i)
        for i in range(count)
    )


def _unseen(
    rows: NDArray[np.float32],
    target: Floats,
    unit: Places,
    random: np.random.Generator,
    clip: float,
    seed: int,
) -> Floats:
    """What is said of each row by trees that have not seen its unit, shape (n,)."""
    units = random.permutation(np.unique(unit))
    said = np.empty(len(rows))
    for fold in np.array_split(units, min(FOLDS, len(units))):
        out = np.isin(unit, fold)
        said[out] = mean_of(_members(rows[~out], target[~out], 2, seed), rows[out], clip)
    return said


def table_of(said: Floats, truth: Floats, unit: Places, clip: float) -> Floats:
    """Quantiles (POINTS, chances) of what was left when the trees said so many cycles.

    With k units the chances are drawn apart by (k + 1) / k about the middle: what few units have
    shown is not all that there is.
    """
    order = np.argsort(said, kind="stable")
    said, truth, unit = said[order], truth[order], unit[order]
    count = min(max(int(NEAR * len(said)), FEWEST_NEAR), len(said))
    table = np.empty((POINTS, len(CHANCES)))
    for i, point in enumerate(np.linspace(0.0, clip, POINTS)):
        start = int(np.clip(np.searchsorted(said, point) - count // 2, 0, len(said) - count))
        near = slice(start, start + count)
        units = len(np.unique(unit[near]))
        chances = np.clip(0.5 + (CHANCES - 0.5) * (units + 1) / units, 0.0, 1.0)
        # Relative to what was said, so that the distribution moves with the prediction.
        away = truth[near] - said[near]
        table[i] = np.clip(point + np.quantile(away, chances), 0.0, clip)
    return table
