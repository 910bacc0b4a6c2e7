"""When each unit of a plant fails, drawn many times: only the failures within the horizon are kept.

Each unit has one uniform number per draw, and fails at the day at which its chance of having failed
reaches that number (inversion of the distribution). A unit fails at most once in a draw.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MONTH = 30.0
LEVELS = np.linspace(0.0, 1.0, 21)
"""The chances to which the quantiles of a life belong."""

CHUNK = 4_000_000
"""Numbers drawn at once: 16 MB."""

CERTAIN = 0.999_999


@dataclass(frozen=True, slots=True)
class Unit:
    """One asset of a plant.

    chance     that it fails within 30 days, at a constant rate; where `quantiles` are not known
    quantiles  21 days, at the chances 0, .05 … 1 of having failed by then; never falling
    open_ended the last quantile says "or more": what reaches it does not fail
    hours      it stands still after a failure of its own, and what stops with it
    repair     cost of a repair
    hourly     cost of an hour at which this unit stands still, whoever's failure it is
    stops      places of the units that stand still with it
    """

    chance: float = 0.0
    quantiles: Sequence[float] | None = None
    open_ended: bool = False
    hours: float = 0.0
    repair: float = 0.0
    hourly: float = 0.0
    stops: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Failures:
    """Failures by row, in order of their draw: which draw, which unit, on which day from now.

    `luck` 0 to 1 decides which of them work prevents: the same ones in every comparison.
    """

    draws: int
    draw: NDArray[np.int64]
    unit: NDArray[np.int64]
    day: NDArray[np.float64]
    luck: NDArray[np.float32]


def chance_within(unit: Unit, days: float) -> float:
    """That it fails within so many days, 0 to 1.

    >>> round(chance_within(Unit(chance=0.1), 30), 3), round(chance_within(Unit(chance=0.1), 90), 3)
    (0.1, 0.271)
    >>> round(chance_within(Unit(quantiles=list(range(0, 210, 10))), 30), 3)
    0.15
    """
    if unit.quantiles is None:
        return 1.0 - math.pow(1.0 - min(max(unit.chance, 0.0), CERTAIN), days / MONTH)
    days_at = np.asarray(unit.quantiles, float)
    if unit.open_ended and days >= days_at[-1]:
        return float(LEVELS[np.searchsorted(days_at, days_at[-1])])
    # Of equal days the last counts: by that day they all have come.
    place = int(np.searchsorted(days_at, days, side="right"))
    if place == 0:
        return 0.0
    if place == len(days_at):
        return 1.0
    low, high = days_at[place - 1], days_at[place]
    return float(LEVELS[place - 1] + 0.05 * (days - low) / (high - low))


def failures(units: Sequence[Unit], *, days: float, draws: int, seed: int) -> Failures:
    """Draw the failures within `days` from now. The same arguments give the same failures.

    >>> found = failures([Unit(chance=0.2)], days=30, draws=10_000, seed=1)
    >>> round(len(found.day) / 10_000, 2), bool(found.day.max() <= 30)
    (0.2, True)
    """
    chances = np.array([chance_within(unit, days) for unit in units])
    # Whoever can fail at all has a column: a longer horizon adds failures and moves none.
    able = np.flatnonzero([unit.quantiles is not None or unit.chance > 0 for unit in units])
    rows: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]] = []
    most = max(CHUNK // max(len(able), 1), 1)
    for number, start in enumerate(range(0, draws if len(able) else 0, most)):
        drawn = np.random.default_rng([seed, number]).random(
            (min(most, draws - start), len(able)), dtype=np.float32
        )
        draw, place = np.nonzero(drawn < chances[able].astype(np.float32))
        rows.append((draw + start, able[place], drawn[draw, place]))
    if not rows:
        none = np.zeros(0, dtype=np.int64)
        return Failures(draws, none, none, np.zeros(0), np.zeros(0, dtype=np.float32))
    draw, unit, level = (np.concatenate(column) for column in zip(*rows, strict=True))
    luck = np.random.default_rng([seed, 0, 1]).random(len(draw), dtype=np.float32)
    return Failures(draws, draw, unit, np.minimum(_days(units, unit, level), days), luck)


def _days(
    units: Sequence[Unit], unit: NDArray[np.int64], level: NDArray[np.float32]
) -> NDArray[np.float64]:
    """The day at which each failure's unit reaches that chance."""
    given = np.array([one.quantiles is not None for one in units])
    table = np.array([np.zeros(21) if one.quantiles is None else one.quantiles for one in units])
    rate = -np.log1p(-np.array([min(max(one.chance, 0.0), CERTAIN) for one in units])) / MONTH
    at = np.minimum(level.astype(float), CERTAIN)
    place = np.minimum((at * 20).astype(np.int64), 19)
    low, high = table[unit, place], table[unit, place + 1]
    by_table = low + (at * 20 - place) * (high - low)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        by_rate = -np.log1p(-at) / rate[unit]
    days: NDArray[np.float64] = np.where(given[unit], by_table, by_rate)
    return days
