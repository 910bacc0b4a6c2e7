"""Two senders that write to one sensor: twice the readings, in turns of two levels."""

import numpy as np

from telemetry.quality.base import Finding, Kind, Rules
from telemetry.quality.blocks import SIZE, Block
from telemetry.quality.memory import Memory
from telemetry.quality.words import sized

FASTER = 1.5
"""A second sender makes the readings at least so many times as frequent."""

SMALLEST_SIDE = SIZE // 4
"""Readings of a block that the one with fewer has, at least."""

APART = 2.0
"""The two levels are farther apart than so many times what each of them varies."""

NOISES = 6.0
"""And than so many times the ordinary noise."""

TURNS = 0.5
"""Share of the readings that come from another sender than the one before."""

BLOCKS = 2
"""Blocks in a row that begin, and that end the fault."""


def judge(memory: Memory, rules: Rules, block: Block) -> Finding | None:
    """Look at a full block. Two senders that agree, or write at the same times, are not seen."""
    levels = _levels(memory, block)
    if Kind.DUPLICATE_SOURCE in memory.open:
        good = levels is None
        return memory.settle(Kind.DUPLICATE_SOURCE, block.start, good=good, after=BLOCKS)
    if levels is None or not memory.known.is_warm:
        memory.doubled = 0
        return None
    memory.doubled_since = memory.doubled_since if memory.doubled else block.start
    memory.doubled += 1
    if memory.doubled < BLOCKS:
        return None
    memory.doubled = 0
    times = _speed(memory, block)
    low, high = sized(levels[0], ""), sized(levels[1], rules.unit)
    return memory.begin(
        Kind.DUPLICATE_SOURCE,
        memory.doubled_since,
        f"Readings come {times:.1f} times as often as usual and go back and forth between {low} and"
        f" {high}: two senders seem to write to it.",
    )


def _speed(memory: Memory, block: Block) -> float:
    return memory.known.cadence * (SIZE - 1) / (block.end - block.start)


def _levels(memory: Memory, block: Block) -> tuple[float, float] | None:
    """The medians of the two levels; None where there is one sender."""
    if _speed(memory, block) < FASTER:
        return None
    ordered = block.ordered
    gaps = np.diff(ordered)[SMALLEST_SIDE - 1 : SIZE - SMALLEST_SIDE]
    split = int(np.argmax(gaps)) + SMALLEST_SIDE
    low, high = ordered[:split], ordered[split:]
    gap = high[0] - low[-1]
    if gap <= max(APART * max(np.ptp(low), np.ptp(high)), NOISES * memory.known.noise):
        return None
    turns = np.count_nonzero(np.diff(block.values > low[-1])) / (SIZE - 1)
    if turns < TURNS:
        return None
    return float(low[len(low) // 2]), float(high[len(high) // 2])
