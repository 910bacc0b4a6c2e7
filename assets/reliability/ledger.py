"""Availability, MTBF and MTTR from the recorded states of an asset, and OEE from its production.

Time that no event covers counts as up, from the first event that was ever recorded on: so a log of
stops alone gives the same figures as a complete record of states.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import numpy as np

from assets.reliability.spans import Covered, Floats, Seconds
from assets.reliability.windows import Windows, sums

# EN 13306 states that are no demand on the item (SMRP: idle time), and those that are downtime.
IDLE = frozenset({"idle", "standby", "external_disabled"})
DOWN = frozenset({"down", "disabled"})
FAILURE = "failure"


@dataclass(frozen=True, slots=True)
class Event:
    """One recorded state, [start, end); end is None while it lasts."""

    state: str
    cause: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True, slots=True)
class Run:
    """Units made in a planned time, [start, end). Minutes: planned busy time; for one unit."""

    start: datetime
    end: datetime
    planned_minutes: float
    produced: float
    good: float
    ideal_minutes: float


class Ledger:
    """The states of one asset, ready to be measured in many windows at once.

    since: when the first event ever recorded began; None when there is none.
    """

    def __init__(self, events: Sequence[Event], since: datetime | None) -> None:
        self.since = since.timestamp() if since else None
        self.down = Covered(_spans(events, DOWN))
        # Where records contradict each other the stop is believed: idle is what is beyond it.
        self.stopped = Covered(_spans(events, DOWN | IDLE))
        self.broken = Covered(_spans([e for e in events if e.cause == FAILURE], DOWN))

    def measure(self, windows: Windows) -> dict[str, Floats]:
        """Seconds total, idle, down and of repair; counts of failures and restorations.

        A failure is a down state caused by one: adjacent ones are the same failure. It counts
        where it began, a restoration where it ended, with the time that it was down there.
        """
        if self.since is None:
            return {}
        starts = np.clip(windows.starts, self.since, None)
        ends = np.maximum(windows.ends, starts)
        down = self.down.between(starts, ends)
        restored = _count(self.broken.ends, starts, ends, side="right")
        last = np.searchsorted(self.broken.ends, ends, side="right") - 1
        until = self.broken.ends[last] if len(self.broken.ends) else ends
        repair = self.broken.between(starts, until)
        return {
            "total": ends - starts,
            "down": down,
            "idle": self.stopped.between(starts, ends) - down,
            "repair": np.where(restored > 0, repair, 0.0),
            "failures": _count(self.broken.starts, starts, ends, side="left"),
            "restorations": restored,
        }

    def producing(self, run: Run) -> float | None:
        """Seconds of the run in which the asset worked; None when its states are not known."""
        start, end = run.start.timestamp(), run.end.timestamp()
        if self.since is None or self.since > start:
            return None
        edges = np.array([start]), np.array([end])
        return end - start - float(self.stopped.between(*edges)[0])


def production(runs: Iterable[Run], ledger: Ledger, windows: Windows) -> dict[str, Floats]:
    """Sums over the runs that ended in each window; times in seconds.

    The time at the planned speed is that of all units, and that of the good ones. The actual
    production time is at most the planned busy time, of which it is a part (ISO 22400-2).
    """
    facts: dict[str, list[tuple[float, float]]] = {}
    for run in runs:
        planned = run.planned_minutes * 60
        amounts = {
            "runs": 1.0,
            "planned": planned,
            "ideal_all": run.ideal_minutes * 60 * run.produced,
            "ideal_good": run.ideal_minutes * 60 * run.good,
        }
        if (producing := ledger.producing(run)) is not None:
            amounts |= {
                "known_runs": 1.0,
                "known_planned": planned,
                "producing": min(producing, planned),
            }
        # A run counts where it ended; one that ends at midnight belongs to the day before.
        moment = np.nextafter(run.end.timestamp(), 0)
        for name, amount in amounts.items():
            facts.setdefault(name, []).append((moment, amount))
    return sums(facts, windows)


def _spans(events: Iterable[Event], states: frozenset[str]) -> list[Seconds]:
    return [
        (event.start.timestamp(), event.end.timestamp() if event.end else np.inf)
        for event in events
        if event.state in states
    ]


def _count(
    moments: Floats, starts: Floats, ends: Floats, *, side: Literal["left", "right"]
) -> Floats:
    """How many of the moments lie in [start, end) (left) or in (start, end] (right)."""
    low = np.searchsorted(moments, starts, side=side)
    high = np.searchsorted(moments, ends, side=side)
    return np.subtract(high, low, dtype=np.float64)
