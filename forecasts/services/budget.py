"""What failures are expected to cost, and which of the open work a week's budget should buy."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from django.db.models import QuerySet

from assets.models import Asset
from forecasts.portfolio.choice import Job, choose, shares
from forecasts.portfolio.costs import Spread, avoidable, costs_by_draw, prevented, spread
from forecasts.portfolio.lives import failures
from forecasts.queries.plant import Plant, Work, plant_of

DONE_BY = 3.5
"""Days: the work of a week is done, on average, in its middle; failures before it still come."""

SEED = 20_260_101
MOST_DRAWS, FEWEST_DRAWS = 10_000, 500
NUMBERS = 2_000_000
"""Draws times assets: about half a second."""


@dataclass(frozen=True, slots=True)
class Line:
    """One work: the expected cost it alone avoids, less its own, and what becomes of it.

    per_unit: gain per hour, or per unit of money. why: for work that is left out.
    """

    work: Work
    avoids: float
    gain: float
    per_unit: float
    is_chosen: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class Spending:
    """The next `days` of a plant: expected cost of failures without work, with what the budget
    buys (`chosen`) and with all the open work, each with its spread; and the work, chosen first."""

    plant: Plant
    days: int
    budget: float
    draws: int
    without: Spread
    chosen: Spread
    everything: Spread
    expected_failures: float
    lines: list[Line]

    @property
    def todo(self) -> list[Line]:
        return [line for line in self.lines if line.is_chosen]

    @property
    def left_out(self) -> list[Line]:
        return [line for line in self.lines if not line.is_chosen]

    @property
    def hours(self) -> float:
        return sum(line.work.hours for line in self.todo)

    @property
    def cost(self) -> float:
        return sum(line.work.cost or 0.0 for line in self.todo)

    @property
    def avoided(self) -> float:
        return self.without.mean - self.chosen.mean


def spend(
    *, assets: QuerySet[Asset], days: int, budget: float, money: bool = False, at: datetime
) -> Spending:
    """What a budget of hours, or of `money`, buys for these assets within `days`.

    The same rows give the same figures. Raises ValueError for a negative budget.
    """
    if budget < 0:
        raise ValueError("A budget is 0 or more.")
    plant = plant_of(assets, at)
    units = plant.units
    able = sum(unit.chance > 0 or unit.quantiles is not None for unit in units)
    draws = min(max(NUMBERS // max(able, 1), FEWEST_DRAWS), MOST_DRAWS)
    found = failures(units, days=days, draws=draws, seed=SEED)
    # Work without a known cost is not free, but no figure would be truer than none.
    jobs = [Job(work.place, work.share, work.hours, work.cost or 0.0) for work in plant.works]
    worth = avoidable(units, found, from_day=DONE_BY)
    able_to = [
        place for place, work in enumerate(plant.works) if work.cost is not None or not money
    ]
    chosen = choose([jobs[place] for place in able_to], worth, budget=budget, money=money)
    picked = [able_to[place] for place in chosen]

    def cost_with(done: Sequence[Job]) -> Spread:
        stopped = prevented(found, shares(done, len(units)), from_day=DONE_BY)
        return spread(costs_by_draw(units, found, ~stopped))

    places = [*picked, *sorted(set(range(len(jobs))) - set(picked))]
    lines = [
        _line(plant.works[place], jobs[place], worth, budget, money, is_chosen=place in picked)
        for place in places
    ]
    lines[len(picked) :] = sorted(lines[len(picked) :], key=lambda line: -line.per_unit)
    return Spending(
        plant=plant,
        days=days,
        budget=budget,
        draws=draws,
        without=cost_with([]),
        chosen=cost_with([jobs[place] for place in picked]),
        everything=cost_with(jobs),
        expected_failures=len(found.day) / draws,
        lines=lines,
    )


def _line(
    work: Work,
    job: Job,
    worth: "np.typing.NDArray[np.float64]",
    budget: float,
    money: bool,  # noqa: FBT001
    *,
    is_chosen: bool,
) -> Line:
    avoids = job.share * float(worth[job.unit])
    gain, takes = avoids - job.cost, job.cost if money else job.hours
    why = ""
    if not is_chosen and gain <= 0:
        why = "Its cost is more than it avoids." if avoids else "No cost of a failure is known."
    elif money and work.cost is None:
        why = "What it costs is not known."
    elif not is_chosen:
        why = "It is larger than the budget." if takes > budget else "Other work gains more."
    return Line(work, avoids, gain, gain / max(takes, 0.01), is_chosen, why)
