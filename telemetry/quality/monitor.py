"""The monitor of one sensor: readings in, faults of its data out.

What is ordinary is learned from blocks of thirty readings in which nothing is wrong, over eight
days, and every detector compares with that. A fault begins after several signs in a row and ends
after several good ones: see each module. Readings are taken one by one in order, so that batches of
any size give the same findings and the same memory.
"""

from telemetry.quality import (
    clock_skew,
    counter_reset,
    duplicate_source,
    flat_line,
    noise_collapse,
    out_of_range,
    unit_jump,
)
from telemetry.quality.base import Bools, Finding, Floats, Kind, Rules
from telemetry.quality.blocks import SIZE, block_of, learn
from telemetry.quality.memory import Memory

LARGEST = 1e100
"""Beyond it, squares and differences leave the range of float64: not looked at."""

LONG = 8
"""Equal readings in a row, if never seen so many, that may become a flat line."""

NOT_ORDINARY = (
    Kind.FLAT_LINE,
    Kind.NOISE_COLLAPSE,
    Kind.OUT_OF_RANGE,
    Kind.UNIT_JUMP,
    Kind.DUPLICATE_SOURCE,
)
"""While one of these lasts nothing is learned."""


def look(
    memory: Memory, rules: Rules, times: Floats, values: Floats, stopped: Bools
) -> list[Finding]:
    """Take in new readings, all of shape (n,), in order of time; moves the memory past them.

    times: seconds since 1970 (UTC). stopped: readings of a machine that stood still, of which only
    counters are looked at. Findings come in the order in which they were found.
    """
    found: list[Finding] = []
    if len(times):
        found += memory.adopt(rules, float(times[0]))
    step = _count if rules.is_counter else _gauge
    for time, value, is_stopped in zip(
        times.tolist(), values.tolist(), stopped.tolist(), strict=True
    ):
        if not abs(value) < LARGEST:
            continue
        if is_stopped and not rules.is_counter:
            _pause(memory)
            continue
        found += step(memory, rules, time, value)
        memory.times.append(time)
        memory.values.append(value)
        if len(memory.times) == SIZE:
            found += _end_block(memory, rules)
    return found


def arrive(memory: Memory, newest: float, at: float) -> list[Finding]:
    """See `clock_skew.arrive`."""
    finding = clock_skew.arrive(memory, newest, at)
    return [finding] if finding else []


def _gauge(memory: Memory, rules: Rules, time: float, value: float) -> list[Finding]:
    if value == memory.last:
        memory.run += 1
    else:
        _end_run(memory)
        memory.last, memory.run, memory.run_since = value, 1, time
    found = []
    if rules.physical_low is not None or rules.physical_high is not None:
        found.append(out_of_range.step(memory, rules, time, value))
    if memory.run >= flat_line.SHORTEST or Kind.FLAT_LINE in memory.open:
        found.append(flat_line.step(memory, rules, time, value))
    if memory.at_rail or Kind.OUT_OF_RANGE in memory.open:
        memory.jump = None  # A value at the end of the range tells of no unit.
    elif unit_jump.is_due(memory, value):
        found.append(unit_jump.step(memory, rules, time, value))
    elif memory.known.is_warm:
        unit_jump.remember(memory, value)
    return [one for one in found if one]


def _count(memory: Memory, rules: Rules, time: float, value: float) -> list[Finding]:
    finding = counter_reset.step(memory, rules, time, value)
    memory.last = value
    return [finding] if finding else []


def _end_run(memory: Memory) -> None:
    """A run of equal readings that ended by itself was ordinary; at 0 the machine stood still."""
    if Kind.FLAT_LINE not in memory.open and memory.last != 0:
        memory.longest_run = max(memory.longest_run, memory.run)


def _pause(memory: Memory) -> None:
    """What was about to be said of a machine that then stopped is not."""
    memory.last, memory.run, memory.jump, memory.tail = None, 0, None, []
    memory.beyond = memory.at_rail = 0


def _end_block(memory: Memory, rules: Rules) -> list[Finding]:
    block = block_of(memory)
    found = [duplicate_source.judge(memory, rules, block)]
    if not rules.is_counter:
        found.append(noise_collapse.judge(memory, rules, block))
    if _is_ordinary(memory):
        learn(memory, rules, block)
    return [one for one in found if one]


def _is_ordinary(memory: Memory) -> bool:
    """Whether nothing is wrong, nor about to be: the beginning of a fault is not learned."""
    begins = memory.calm or memory.doubled or memory.suspect_since or _is_long(memory)
    return not begins and not memory.has(*NOT_ORDINARY)


def _is_long(memory: Memory) -> bool:
    return memory.known.is_warm and memory.run > max(LONG, memory.known.run)
