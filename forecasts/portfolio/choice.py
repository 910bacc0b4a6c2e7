"""What a budget buys: the work that avoids the most cost for the hours, or money, there are.

Several jobs on a unit do not add up: each prevents its share of the failures that the others
leave. Up to `EXACT` jobs all choices are compared. Beyond, the job with the most gain per hour
comes first, again and again, and the result is compared with the best single job: at least
(1 - 1/e) / 2 of the best (Khuller, Moss and Naor 1999), in practice far closer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EXACT = 12


@dataclass(frozen=True, slots=True)
class Job:
    """Work on the unit at a place: the share of its failures it prevents, its hours, its cost."""

    unit: int
    share: float
    hours: float
    cost: float = 0.0

    def __post_init__(self) -> None:
        if not (0 <= self.share <= 1 and self.hours >= 0 and self.cost >= 0):
            raise ValueError("A job prevents a share of 0 to 1; hours and cost are 0 or more.")


def shares(jobs: Sequence[Job], units: int) -> NDArray[np.float64]:
    """The share of each unit's failures that these jobs prevent together.

    >>> shares([Job(0, 0.5, 1), Job(0, 0.5, 1)], 2)
    array([0.75, 0.  ])
    """
    left = np.ones(units)
    for job in jobs:
        left[job.unit] *= 1.0 - job.share
    return 1.0 - left


def choose(
    jobs: Sequence[Job], avoidable: NDArray[np.float64], *, budget: float, money: bool = False
) -> list[int]:
    """Places of the jobs to do, the most gain per hour first; gain: cost avoided less their own.

    avoidable  by unit: what its failures would cost
    budget     in hours; `money`: in what jobs cost

    >>> jobs = [Job(0, 1.0, 6), Job(1, 1.0, 5), Job(2, 1.0, 5)]
    >>> choose(jobs, np.array([100.0, 60.0, 60.0]), budget=10)
    [1, 2]
    """
    weights = np.array([job.cost if money else job.hours for job in jobs])
    fitting = [place for place in range(len(jobs)) if weights[place] <= budget]
    worth = [p for p in fitting if _gain(jobs, [p], avoidable) > 0]
    pick = _exact if len(worth) <= EXACT else _greedy
    chosen = pick(jobs, worth, weights, avoidable, budget)
    return _in_order(jobs, chosen, weights, avoidable)


def _gain(jobs: Sequence[Job], places: Sequence[int], avoidable: NDArray[np.float64]) -> float:
    some = [jobs[place] for place in places]
    prevented = shares(some, len(avoidable))
    return float(prevented @ avoidable) - sum(job.cost for job in some)


def _exact(
    jobs: Sequence[Job],
    worth: Sequence[int],
    weights: NDArray[np.float64],
    avoidable: NDArray[np.float64],
    budget: float,
) -> list[int]:
    choices = np.arange(2 ** len(worth))[:, None] >> np.arange(len(worth)) & 1
    weight = choices @ weights[list(worth)]
    gain = -(choices @ np.array([jobs[place].cost for place in worth]))
    for unit in {jobs[place].unit for place in worth}:
        left = np.ones(len(choices))
        for column, place in enumerate(worth):
            if jobs[place].unit == unit:
                left *= 1.0 - choices[:, column] * jobs[place].share
        gain = gain + (1.0 - left) * avoidable[unit]
    gain[weight > budget + 1e-9] = -np.inf
    best = int(np.argmax(gain))
    return [place for column, place in enumerate(worth) if choices[best, column]]


def _greedy(
    jobs: Sequence[Job],
    worth: Sequence[int],
    weights: NDArray[np.float64],
    avoidable: NDArray[np.float64],
    budget: float,
) -> list[int]:
    unit = np.array([jobs[place].unit for place in worth])
    share = np.array([jobs[place].share for place in worth])
    cost = np.array([jobs[place].cost for place in worth])
    weight = weights[list(worth)]
    left, rest = np.ones(len(avoidable)), budget
    open_ = np.ones(len(worth), dtype=bool)
    chosen: list[int] = []
    while True:
        gain = share * left[unit] * avoidable[unit] - cost
        able = open_ & (weight <= rest + 1e-9) & (gain > 0)
        if not able.any():
            break
        first = int(np.argmax(np.where(able, gain / np.maximum(weight, 1e-9), -np.inf)))
        chosen.append(worth[first])
        open_[first] = False
        rest -= weight[first]
        left[unit[first]] *= 1.0 - share[first]
    single = max(worth, key=lambda place: _gain(jobs, [place], avoidable))
    if _gain(jobs, [single], avoidable) > _gain(jobs, chosen, avoidable):
        return [single]
    return chosen


def _in_order(
    jobs: Sequence[Job],
    chosen: Sequence[int],
    weights: NDArray[np.float64],
    avoidable: NDArray[np.float64],
) -> list[int]:
    def per_hour(place: int) -> float:
        return _gain(jobs, [place], avoidable) / max(float(weights[place]), 1e-9)

    return sorted(chosen, key=lambda place: (-per_hour(place), place))
