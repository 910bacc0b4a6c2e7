"""Learn how long units live on, from histories that ran to failure.

The worker alone imports it: it needs scikit-learn.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from forecasts.boosting.fitting import Growth, fit
from forecasts.boosting.trees import Trees
from forecasts.remaining_life.features import Floats, Life, Places, prepare
from forecasts.remaining_life.model import CHANCES, POINTS, LifeModel, mean_of

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


class TooFewHistories(ValueError):
    """There are too few units that ran to failure to learn from their sensors."""


def train(
    lives: Sequence[Life], settings: Sequence[int] = (), *, clip: float, seed: int = 0
) -> LifeModel:
    """Learn from units that failed at the end of what is known of them.

    settings: the columns that set the operating mode. clip: what is left counts as no more than
    this, as wear cannot be seen before. The same seed gives the same model.
    Raises TooFewHistories with fewer than `FEWEST_UNITS`, ValueError where no sensor moves.
    """
    if len(lives) < FEWEST_UNITS:
        raise TooFewHistories(
            f"Remaining life is learned from at least {FEWEST_UNITS} units that ran to failure;"
            f" there are {len(lives)}."
        )
    preparation = prepare(lives, settings, seed=seed)
    rows = np.concatenate([preparation.features(life) for life in lives])
    left = np.concatenate([life.ages[-1] - life.ages for life in lives])
    target = np.minimum(left, clip)
    unit = np.repeat(np.arange(len(lives)), [len(life) for life in lives])
    random = np.random.default_rng(seed)
    if len(rows) > MOST_ROWS:
        some = np.sort(random.choice(len(rows), MOST_ROWS, replace=False))
        rows, target, unit = rows[some], target[some], unit[some]
    said = _unseen(rows, target, unit, random, clip, seed)
    return LifeModel(
        preparation=preparation,
        members=_members(rows, target, MEMBERS, seed),
        table=_table(said, target, unit, clip),
        clip=clip,
        units=len(lives),
    )


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


def _table(said: Floats, truth: Floats, unit: Places, clip: float) -> Floats:
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
        table[i] = np.clip(point + np.quantile(truth[near] - said[near], chances), 0.0, clip)
    return table
