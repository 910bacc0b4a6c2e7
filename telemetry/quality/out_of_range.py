"""Values that cannot be, and values that stay at an end of what the sensor can show."""

from telemetry.quality.base import Finding, Kind, Rules
from telemetry.quality.memory import Memory
from telemetry.quality.words import sized

IMPOSSIBLE = 3
"""Readings in a row outside of the physical range that are a fault, without anything learned."""

SATURATED = 6
SATURATED_SECONDS = 60.0
"""Readings in a row at an end of the range, over so long, that are a fault."""

RARE = 0.01
"""Where a larger share of ordinary readings is at the end, being there is ordinary: a full tank."""

HABIT = 3
WITHIN = 30 * 86_400.0
"""Saturated so often in so long, it is meant to be: not told any more."""

NEAR = 0.001
"""The end of the range begins this share of it before its limit."""

GOOD = 6
"""Readings in a row within the range that end the fault."""


def step(memory: Memory, rules: Rules, time: float, value: float) -> Finding | None:
    """Look at one reading of a sensor whose physical range is known, at least on one side."""
    is_beyond, is_at_rail = _beyond(rules, value), at_rail(rules, value)
    memory.beyond = memory.beyond + 1 if is_beyond else 0
    if not is_at_rail:
        memory.at_rail = 0
    else:
        memory.rail_since = memory.rail_since if memory.at_rail else time
        memory.at_rail += 1
    if Kind.OUT_OF_RANGE in memory.open:
        good = not (is_beyond or is_at_rail)
        return memory.settle(Kind.OUT_OF_RANGE, time, good=good, after=GOOD)
    if memory.beyond >= IMPOSSIBLE:
        said = f"{sized(value, rules.unit)} cannot be: it lies outside of {_range(rules)}."
        return memory.begin(Kind.OUT_OF_RANGE, memory.rail_since, said)
    if memory.at_rail and _is_used_to(memory, time):
        memory.at_rail = 0  # Nothing to decide.
    if _is_saturated(memory, time):
        memory.saturations = [*memory.saturations, time][-HABIT:]
        said = f"Stays at {sized(value, rules.unit)}, the end of {_range(rules)}; what lies beyond"
        return memory.begin(Kind.OUT_OF_RANGE, memory.rail_since, f"{said} is not seen.")
    return None


def _is_saturated(memory: Memory, time: float) -> bool:
    return (
        memory.known.is_warm
        and memory.at_rail >= SATURATED
        and time - memory.rail_since >= SATURATED_SECONDS
    )


def _is_used_to(memory: Memory, time: float) -> bool:
    recent = [one for one in memory.saturations if one > time - WITHIN]
    return memory.known.at_rail >= RARE or len(recent) == HABIT


def _beyond(rules: Rules, value: float) -> bool:
    low, high = rules.physical_low, rules.physical_high
    return (low is not None and value < low) or (high is not None and value > high)


def at_rail(rules: Rules, value: float) -> bool:
    """Whether the value is at an end of the physical range, or beyond.

    A lower end of 0 is no end, for there a machine stands still; nor are those of a percentage.

    >>> rules = Rules(physical_low=0, physical_high=16)
    >>> [at_rail(rules, value) for value in (0, 8, 15.99, 17, -1)]
    [False, False, True, True, True]
    """
    low, high = rules.physical_low, rules.physical_high
    if _beyond(rules, value) or rules.unit == "%":
        return _beyond(rules, value)
    whole = high - low if low is not None and high is not None else abs(high or low or 0.0)
    is_low = low is not None and low != 0 and value <= low + NEAR * whole
    return is_low or (high is not None and value >= high - NEAR * whole)


def _range(rules: Rules) -> str:
    low, high = rules.physical_low, rules.physical_high
    if low is None:
        return f"what is possible, up to {sized(high or 0.0, rules.unit)}"
    if high is None:
        return f"what is possible, from {sized(low, rules.unit)}"
    return f"what is possible, {low:.4g} to {sized(high, rules.unit)}"
