"""A gauge that shows exactly the same, although it used to move: a frozen transmitter."""

from telemetry.quality.base import Finding, Kind, Rules
from telemetry.quality.memory import Memory
from telemetry.quality.words import sized

SHORTEST = 24
SHORTEST_SECONDS = 300.0
"""So many equal readings in a row, over so long, before a sensor can be called frozen."""

FACTOR = 5
"""And so many times as many as it has ever shown in a row."""

LEAST_MOVING = 0.2
"""What changes with fewer of its readings is a switch, a set point or a step: never a flat line."""

LIVELY = 0.9
"""What changes with so many has live noise: where that stops, the level does not matter."""

MOVES = 3
"""Movements that end a flat line."""


def step(memory: Memory, rules: Rules, time: float, value: float) -> Finding | None:
    """Look at one reading; `memory.run` counts it already.

    A constant 0 is a machine that stands still, and a constant at an end of the physical range is
    saturation, not a flat line.
    """
    if Kind.FLAT_LINE in memory.open:
        moved = memory.run == 1
        if moved:
            return memory.settle(Kind.FLAT_LINE, time, good=True, after=MOVES)
        if memory.run >= SHORTEST:
            memory.open[Kind.FLAT_LINE].good = 0
        return None
    known = memory.known
    if memory.run < SHORTEST or not known.is_warm or known.moving < LEAST_MOVING:
        return None
    if memory.run < FACTOR * known.run or time - memory.run_since < SHORTEST_SECONDS:
        return None
    is_ordinary = known.low <= value <= known.high or known.moving >= LIVELY
    if value == 0 or memory.at_rail or not is_ordinary:
        return None
    often = f"changes with {known.moving:.0%} of its readings"
    return memory.begin(
        Kind.FLAT_LINE,
        memory.run_since,
        f"Exactly {sized(value, rules.unit)}, {memory.run} readings in a row; it normally {often}.",
    )
