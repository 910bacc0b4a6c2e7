"""A level that jumps by what one unit is in another: somebody changed a gateway, no machine."""

import numpy as np

from telemetry.quality.base import Finding, Kind, Rules
from telemetry.quality.blocks import noise_of
from telemetry.quality.changes import CHANGES, Change, possible
from telemetry.quality.memory import Jump, Memory
from telemetry.quality.words import sized

TAIL = 3
"""Ordinary readings before the jump, whose median it is measured from."""

CLOSE = 0.02
"""The level after the jump is that of the change within this share of the jump, and some noise."""

NOISES, NOISES_AT_FIRST = 2.5, 4.0
"""So many times the noise; more for a single reading, which only makes a jump suspect."""

SUSTAINED = 16
"""Readings in a row that must look like the others in another unit."""

FIRST = 3
"""The level after the jump is the median of so many: later the machine may go its ordinary way."""

SCATTER = 2.5
"""Their noise is that of the others in the other unit, or this many times more or less."""

FINE = 0.9
"""Of what moves with fewer of its readings, a dozen may show no noise at all."""

LEAST_STEP = 0.4
"""All these changes move a level by more than this share of the larger of the two."""

GOOD = 12
"""Readings in a row back in the ordinary range that end the fault."""

PATIENCE = 14 * 86_400.0
"""What lasts for so long is the sensor's new normal, and is learned."""


def step(memory: Memory, rules: Rules, time: float, value: float) -> Finding | None:
    """Look at one reading of a gauge, outside of its ordinary range or after a jump."""
    if Kind.UNIT_JUMP in memory.open:
        return _settle(memory, time, value)
    if memory.jump is None:
        _suspect(memory, rules, time, value)
        return None
    jump = memory.jump
    if not _fits(memory, jump.change, value):
        memory.jump = None
        return None
    jump.values.append(value)
    if len(jump.values) < SUSTAINED:
        return None
    memory.jump = None
    after, change = _median(jump.values[:FIRST]), CHANGES[jump.change]
    is_near = _is_near(memory, jump.before, after, jump.change, NOISES)
    if not is_near or not _scatters(memory, jump.values, change):
        return None
    said = f"Jumped from {sized(jump.before, rules.unit)} to {sized(after, '')} at once, as from"
    return memory.begin(
        Kind.UNIT_JUMP, jump.since, f"{said} {change.words}; it still varies alike."
    )


def is_due(memory: Memory, value: float) -> bool:
    """Whether `step` has anything to look at: most readings of most sensors are ordinary."""
    known = memory.known
    is_outside = known.is_warm and not known.low <= value <= known.high
    return is_outside or memory.jump is not None or Kind.UNIT_JUMP in memory.open


def remember(memory: Memory, value: float) -> None:
    """Keep the last ordinary values."""
    memory.tail.append(value)
    del memory.tail[:-TAIL]


def _suspect(memory: Memory, rules: Rules, time: float, value: float) -> None:
    if len(memory.tail) < TAIL:
        return
    before = _median(memory.tail)
    memory.tail = []  # A jump is sudden: the next reading is measured from no level.
    if abs(value - before) < LEAST_STEP * max(abs(value), abs(before)):
        return
    near = [
        index
        for index in possible(rules.unit)
        if _is_near(memory, before, value, index, NOISES_AT_FIRST)
    ]
    if near:
        best = min(near, key=lambda index: abs(CHANGES[index].of(before) - value))
        memory.jump = Jump(time, before, best, [value])


def _is_near(memory: Memory, before: float, after: float, index: int, noises: float) -> bool:
    change = CHANGES[index]
    meant = change.of(before)
    noise = noises * memory.known.noise * change.slope
    return abs(after - meant) <= CLOSE * abs(meant - before) + noise


def _fits(memory: Memory, index: int, value: float) -> bool:
    """Whether the value, turned back, lies in the ordinary range, and does not as it is."""
    known = memory.known
    some = 0.25 * (known.high - known.low) + NOISES_AT_FIRST * known.noise
    is_ordinary = known.low <= value <= known.high
    return not is_ordinary and known.low - some <= CHANGES[index].back(value) <= known.high + some


def _scatters(memory: Memory, values: list[float], change: Change) -> bool:
    """Whether the values are as restless as those before, in the other unit."""
    meant = memory.known.noise * change.slope
    seen = noise_of(np.array(values))
    if meant == 0 or seen == 0:
        return memory.known.moving < FINE
    return 1 / SCATTER <= seen / meant <= SCATTER


def _settle(memory: Memory, time: float, value: float) -> Finding | None:
    if time - memory.open[Kind.UNIT_JUMP].start > PATIENCE:
        memory.forget()
        return memory.end(Kind.UNIT_JUMP, time)
    good = memory.known.low <= value <= memory.known.high
    return memory.settle(Kind.UNIT_JUMP, time, good=good, after=GOOD)


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]
