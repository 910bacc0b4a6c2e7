"""Thirty readings as a few numbers, and what is learned from them."""

from dataclasses import dataclass

import numpy as np

from telemetry.quality import out_of_range
from telemetry.quality.base import Floats, Rules
from telemetry.quality.memory import PERIOD, PERIODS, Memory, Period

SIZE = 30

BEND_OF_NOISE = 1.6521
"""The median absolute second difference of Gaussian noise of 1: 0.6745 times the root of 6."""


@dataclass(frozen=True, slots=True)
class Block:
    """`SIZE` readings. noise: see `noise_of`. cadence: the usual step in seconds.

    low, high: without the outermost reading on each side.
    """

    start: float
    end: float
    values: Floats
    ordered: Floats
    noise: float
    cadence: float

    @property
    def middle(self) -> float:
        return float(self.ordered[SIZE // 2])

    @property
    def low(self) -> float:
        return float(self.ordered[1])

    @property
    def high(self) -> float:
        return float(self.ordered[-2])


def block_of(memory: Memory) -> Block:
    """The full block of the memory, which is emptied."""
    times, values = np.array(memory.times), np.array(memory.values)
    memory.times, memory.values = [], []
    return Block(
        start=float(times[0]),
        end=float(times[-1]),
        values=values,
        ordered=np.sort(values),
        noise=noise_of(values),
        cadence=_middle(np.diff(times)),
    )


def noise_of(values: Floats) -> float:
    """A robust standard deviation of what is left of a signal without its trend.

    From the median absolute second difference: von Neumann's successive differences (1941), taken
    once more so that a slope counts as none, with the median in place of the mean.

    >>> round(noise_of(np.random.default_rng(1).normal(0, 2, 5000) + np.arange(5000.0)), 1)
    2.0
    """
    return _middle(np.abs(np.diff(values, 2))) / BEND_OF_NOISE


def learn(memory: Memory, rules: Rules, block: Block) -> None:
    """Take an ordinary block into the period in progress."""
    moved = int(np.count_nonzero(np.diff(block.values)))
    rails = 0
    if rules.physical_low is not None or rules.physical_high is not None:
        rails = sum(out_of_range.at_rail(rules, value) for value in block.values.tolist())
    new = Period(
        start=block.start,
        noise_low=block.noise,
        noise_sum=block.noise,
        blocks=1,
        low=block.low,
        high=block.high,
        seconds=block.cadence * SIZE,
        readings=SIZE,
        moved=moved,
        run=memory.longest_run,
        at_rail=rails,
    )
    memory.longest_run = 0
    last = memory.periods[-1] if memory.periods else None
    if last is None or block.end - last.start > PERIOD:
        memory.periods.append(new)
        del memory.periods[:-PERIODS]
    else:
        memory.periods[-1] = _joined(last, new)
    memory.summarize()


def _joined(one: Period, two: Period) -> Period:
    return Period(
        start=one.start,
        noise_low=min(one.noise_low, two.noise_low),
        noise_sum=one.noise_sum + two.noise_sum,
        blocks=one.blocks + two.blocks,
        low=min(one.low, two.low),
        high=max(one.high, two.high),
        seconds=one.seconds + two.seconds,
        readings=one.readings + two.readings,
        moved=one.moved + two.moved,
        run=max(one.run, two.run),
        at_rail=one.at_rail + two.at_rail,
    )


def _middle(values: Floats) -> float:
    return float(np.sort(values)[len(values) // 2])
