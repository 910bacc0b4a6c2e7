"""Readings that come before their time, or always the same half hours after it: a wrong clock.

When a reading came in is not kept. But the monitor looks every minute, so what is new then came
within that minute.
"""

from telemetry.quality.base import Finding, Kind
from telemetry.quality.memory import Memory

AHEAD = 120.0
"""Seconds before their time at which readings begin to come too early."""

AHEAD_NO_MORE = 60.0
GOOD = 5
"""Arrivals in a row that end the fault."""

ZONE = 1800.0
"""Clocks set to a wrong time zone are wrong by a multiple of this."""

BEFORE, AFTER = 60.0, 180.0
"""An arrival lies so many seconds before, or after, that multiple."""

ARRIVALS = 10
AT_LEAST = 1800.0
"""Arrivals in a row, over so many seconds, that must lag by the same multiple."""


def arrive(memory: Memory, newest: float, at: float) -> Finding | None:
    """Look at the newest reading of a sensor that has sent since the last look (in seconds)."""
    behind = at - newest
    zones = _zones(behind)
    if Kind.CLOCK_SKEW in memory.open:
        good = behind >= -AHEAD_NO_MORE and not zones
        return memory.settle(Kind.CLOCK_SKEW, at, good=good, after=GOOD)
    if behind < -AHEAD:
        memory.lags = []
        said = f"A reading came {-behind / 60:.0f} min before its time: the sender's clock is ahead"
        return memory.begin(Kind.CLOCK_SKEW, at, f"{said}, or set to another time zone.")
    if memory.lags and _zones(memory.lags[-1][1]) != zones:
        memory.lags = []
    if not zones:
        return None
    memory.lags = [*memory.lags, [at, behind]][-ARRIVALS:]
    if len(memory.lags) < ARRIVALS or at - memory.lags[0][0] < AT_LEAST:
        return None
    since, memory.lags = memory.lags[0][0], []
    said = f"Readings come {zones * ZONE / 60:.0f} min after their time, {ARRIVALS} times in a row"
    return memory.begin(
        Kind.CLOCK_SKEW, since, f"{said}: the sender's clock seems set to another time zone."
    )


def _zones(behind: float) -> int:
    """How many half hours the arrival lags; 0 where it is not close to a multiple of them.

    >>> [_zones(behind) for behind in (20.0, 1790.0, 3700.0, 4500.0)]
    [0, 1, 2, 0]
    """
    zones = int((behind + BEFORE) // ZONE)
    return zones if zones > 0 and behind - zones * ZONE <= AFTER else 0
