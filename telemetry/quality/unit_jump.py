"""A level that jumps by what one unit is in another: somebody changed a gateway, no machine."""

from dataclasses import dataclass

import numpy as np

from telemetry.quality.base import Finding, Kind, Rules
from telemetry.quality.blocks import noise_of
from telemetry.quality.memory import Jump, Memory
from telemetry.quality.words import sized


@dataclass(frozen=True, slots=True)
class Change:
    """A value x appears as `slope * x + offset`; in words, what happened to it."""

    words: str
    slope: float
    offset: float = 0.0

    def of(self, value: float) -> float:
        return self.slope * value + self.offset

    def back(self, value: float) -> float:
        return (value - self.offset) / self.slope


_FACTORS = (
    ("bar to psi", "psi to bar", 14.503774),
    ("kPa to psi", "psi to kPa", 0.14503774),
    ("MPa to psi", "psi to MPa", 145.03774),
    ("inches to mm", "mm to inches", 25.4),
    ("m to ft", "ft to m", 3.2808399),
    ("kg to lb", "lb to kg", 2.2046226),
    ("gallons to liters", "liters to gallons", 3.7854118),
    ("m/s to km/h", "km/h to m/s", 3.6),
    ("an hour to a minute, or a minute to a second", "a minute to an hour", 1 / 60),
    ("an hour to a second", "a second to an hour", 1 / 3600),
    ("bar to kPa, or a fraction to percent", "kPa to bar, or percent to a fraction", 100.0),
    ("a unit to its thousandth", "a unit to its thousandfold", 1000.0),
)
CHANGES = (
    Change("°C to °F", 1.8, 32.0),
    Change("°F to °C", 1 / 1.8, -32.0 / 1.8),
    Change("°C to K", 1.0, 273.15),
    Change("K to °C", 1.0, -273.15),
    *(Change(there, factor) for there, _, factor in _FACTORS),
    *(Change(back, 1 / factor) for _, back, factor in _FACTORS),
)
"""Factors of the International System of Units (NIST SP 811, appendix B)."""

TAIL = 3
"""Ordinary readings before the jump, whose median it is measured from."""

CLOSE = 0.02
"""The level after the jump is that of the change within this share of the jump, and some noise."""

NOISES = 4.0

SUSTAINED = 12
"""Readings in a row that must look like the others in another unit."""

FIRST = 3
"""The level after the jump is the median of so many: later the machine may go its ordinary way."""

SCATTER = 4.0
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
        _suspect(memory, time, value)
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
    is_near = _is_near(memory, jump.before, after, jump.change)
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


def _suspect(memory: Memory, time: float, value: float) -> None:
    if len(memory.tail) < TAIL:
        return
    before = _median(memory.tail)
    memory.tail = []  # A jump is sudden: the next reading is measured from no level.
    if abs(value - before) < LEAST_STEP * max(abs(value), abs(before)):
        return
    near = [index for index in range(len(CHANGES)) if _is_near(memory, before, value, index)]
    if near:
        best = min(near, key=lambda index: abs(CHANGES[index].of(before) - value))
        memory.jump = Jump(time, before, best, [value])


def _is_near(memory: Memory, before: float, after: float, index: int) -> bool:
    change = CHANGES[index]
    meant = change.of(before)
    noise = NOISES * memory.known.noise * change.slope
    return abs(after - meant) <= CLOSE * abs(meant - before) + noise


def _fits(memory: Memory, index: int, value: float) -> bool:
    """Whether the value, turned back, lies in the ordinary range, and does not as it is."""
    known = memory.known
    some = 0.25 * (known.high - known.low) + NOISES * known.noise
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
