"""Availability, MTBF and MTTR from the recorded states of an asset. Pure: no Django, no clock.

Time that no event covers counts as up, from the first event that was ever recorded on: so a log of
stops alone gives the same figures as a complete record of states.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

Span = tuple[datetime, datetime]

# EN 13306 states that are no demand on the item (SMRP: idle time), and those that are downtime.
IDLE = frozenset({"idle", "standby", "external_disabled"})
DOWN = frozenset({"down", "disabled"})
FAILURE = "failure"
# Shorter observation gives figures that mean nothing.
SHORTEST = timedelta(days=1)


@dataclass(frozen=True)
class Event:
    """One recorded state, [start, end); end is None while it lasts."""

    state: str
    cause: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True)
class Reliability:
    """What is known of one asset in one window; hours, None where the data are insufficient.

    availability: operational, uptime / (total - idle), SMRP 2.2; a ratio of 0 to 1.
    mtbf: uptime / failures that began in the window, ISO 22400-2.
    mttr: time down of the failures restored in the window / restorations, ISO 22400-2.
    """

    availability: float | None
    mtbf: float | None
    mttr: float | None
    total_hours: float
    idle_hours: float
    down_hours: float
    repair_hours: float
    failures: int
    restorations: int

    @property
    def up_hours(self) -> float:
        return self.total_hours - self.idle_hours - self.down_hours


def merge(spans: Iterable[Span]) -> list[Span]:
    """The spans in order, those that overlap or touch made one; empty ones left out.

    >>> merge([(3, 5), (1, 2), (5, 6), (4, 4)])
    [(1, 2), (3, 6)]
    """
    merged: list[Span] = []
    for start, end in sorted(span for span in spans if span[0] < span[1]):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def clip(spans: Iterable[Span], window: Span) -> list[Span]:
    """The parts of the spans inside the window.

    >>> clip([(1, 4), (6, 9), (10, 12)], (3, 8))
    [(3, 4), (6, 8)]
    """
    low, high = window
    inside = ((max(start, low), min(end, high)) for start, end in spans)
    return [span for span in inside if span[0] < span[1]]


def hours(spans: Iterable[Span]) -> float:
    """Their summed length; overlaps count twice."""
    return sum((end - start).total_seconds() for start, end in spans) / 3600.0


def measure(events: Sequence[Event], window: Span, observed_since: datetime | None) -> Reliability:
    """KPIs of one asset from its events in the window [start, end).

    observed_since: when the first event ever recorded began; None when there is none. What lasts
    still lasts to the end of the window. A failure is a down state caused by one: adjacent ones
    are the same failure; it counts in the window in which it began.
    """
    start, end = window
    start = max(start, observed_since) if observed_since else end
    if end <= start:
        return Reliability(None, None, None, 0.0, 0.0, 0.0, 0.0, 0, 0)
    observed = (start, end)

    down = merge(_spans(events, end, DOWN))
    # Where records contradict each other the stop is believed.
    idle = _without(merge(_spans(events, end, IDLE)), down)
    broken = merge(_spans([e for e in events if e.cause == FAILURE], end, DOWN))
    lasting = any(
        event.end is None or event.end > end
        for event in events
        if event.state in DOWN and event.cause == FAILURE
    )

    total, idle_hours, down_hours = (
        hours(spans) for spans in ([observed], clip(idle, observed), clip(down, observed))
    )
    failures = sum(start <= since < end for since, _ in broken)
    restored = [span for span in broken if start < span[1] <= end]
    if lasting and restored and restored[-1][1] == end:
        restored.pop()  # it ends here only because the window does
    repair = hours(clip(restored, observed))
    up = total - idle_hours - down_hours
    enough = end - start >= SHORTEST
    return Reliability(
        availability=up / (total - idle_hours) if enough and total > idle_hours else None,
        mtbf=up / failures if enough and failures else None,
        mttr=repair / len(restored) if restored else None,
        total_hours=total,
        idle_hours=idle_hours,
        down_hours=down_hours,
        repair_hours=repair,
        failures=failures,
        restorations=len(restored),
    )


def _spans(events: Iterable[Event], until: datetime, states: frozenset[str]) -> list[Span]:
    return [
        (event.start, min(event.end or until, until)) for event in events if event.state in states
    ]


def _without(spans: Iterable[Span], holes: Sequence[Span]) -> list[Span]:
    """The spans less the holes; the holes are merged."""
    left = list(spans)
    for low, high in holes:
        left = [
            part
            for start, end in left
            for part in ((start, min(end, low)), (max(start, high), end))
            if part[0] < part[1]
        ]
    return left
