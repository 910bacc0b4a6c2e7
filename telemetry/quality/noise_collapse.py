"""A gauge whose scatter is gone while its level stays: a filter, a simulated or a held value."""

from telemetry.quality.base import Finding, Kind, Rules
from telemetry.quality.blocks import Block
from telemetry.quality.memory import Memory
from telemetry.quality.words import sized

COLLAPSED = 0.1
"""Noise below this share of the least of eight days has collapsed."""

RESTORED = 0.3
"""From this share on it is back."""

BLOCKS = 3
GOOD_BLOCKS = 2
"""Blocks in a row that begin and that end the fault."""

PATIENCE = 14 * 86_400.0
"""What lasts for so long is the sensor's new normal, and is learned."""


def judge(memory: Memory, rules: Rules, block: Block) -> Finding | None:
    """Look at a full block. A level outside of the ordinary is a machine that stands still.

    A block without any noise tells nothing: that is a flat line, or a coarse resolution.
    """
    known = memory.known
    if Kind.NOISE_COLLAPSE in memory.open:
        if block.end - memory.open[Kind.NOISE_COLLAPSE].start > PATIENCE:
            memory.forget()
            return memory.end(Kind.NOISE_COLLAPSE, block.end)
        good = block.noise >= RESTORED * known.noise_low
        return memory.settle(Kind.NOISE_COLLAPSE, block.start, good=good, after=GOOD_BLOCKS)
    is_calm = (
        known.is_warm
        and 0 < block.noise < COLLAPSED * known.noise_low
        and known.low <= block.middle <= known.high
    )
    if not is_calm:
        memory.calm = 0
        return None
    memory.calm_since = memory.calm_since if memory.calm else block.start
    memory.calm += 1
    if memory.calm < BLOCKS:
        return None
    memory.calm = 0
    least = sized(known.noise_low, rules.unit)
    said = f"Scatters by {sized(block.noise, rules.unit)} only, at an ordinary level"
    return memory.begin(
        Kind.NOISE_COLLAPSE, memory.calm_since, f"{said}; in the days before by {least} or more."
    )
