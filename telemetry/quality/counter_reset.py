"""A counter that fell without rolling over: it was set back, or the device was exchanged."""

from assets.counters import rolled_over
from telemetry.quality.base import Finding, Kind, Rules
from telemetry.quality.memory import Drop, Memory
from telemetry.quality.words import sized

LEAST_DROP = 0.5
"""A counter that falls by less than this share was corrected: as in `assets.counters`."""

STAYS = 3
"""Readings after the fall that must stay below: one stray 0 sets nothing back."""

BY_DESIGN = 5
WITHIN = 10 * 86_400.0
"""Set back so often in so long, it is meant to be (each shift, each day): not told any more."""


def step(memory: Memory, rules: Rules, time: float, value: float) -> Finding | None:
    """Look at one reading of a counter. A reset is an event: it begins and ends at once."""
    drop = memory.drop
    if drop is not None:
        memory.drop = None
        if value >= drop.before:
            return None
        drop.readings += 1
        if drop.readings >= STAYS:
            return _told(memory, rules, drop)
        memory.drop = drop
        return None
    before = memory.last
    fell = before is not None and before - value > LEAST_DROP * abs(before)
    if before is not None and fell and not rolled_over(before, value, rules.rolls_over_at):
        memory.drop = Drop(time, before, value)
    return None


def _told(memory: Memory, rules: Rules, drop: Drop) -> Finding | None:
    recent = [one for one in memory.resets if one > drop.at - WITHIN]
    memory.resets = [*recent, drop.at][-BY_DESIGN:]
    if len(recent) >= BY_DESIGN:
        return None
    said = f"Fell from {sized(drop.before, rules.unit)} to {sized(drop.after, rules.unit)}"
    return Finding(
        Kind.COUNTER_RESET, drop.at, drop.at, f"{said}, which is no rollover: the count began anew."
    )
