"""Consecutive strange readings become one event, with hysteresis, across batches."""

from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

import numpy as np

from anomalies.detectors.base import CHANNELS, GAP_READINGS, UPWARD, Channel, Floats, Scores

ALARM = 1.0


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True)
class EventRule:
    """When an event opens and closes.

    open_after   readings in a row at or above the alarm line that open an event
    strong       one reading at or above this score opens it at once
    calm         an event goes on while the score is at or above this
    close_after  readings in a row below `calm` that close it
    gap          seconds without any reading after which it closes; ten usual intervals if longer
    """

    open_after: int = 9
    strong: float = 1.5
    calm: float = 0.7
    close_after: int = 6
    gap: float = 6 * 3600.0

    @classmethod
    def for_interval(cls, seconds: float) -> "EventRule":
        """The rule for a sensor that reads every so many seconds: ten missed readings are a gap.

        >>> EventRule.for_interval(86_400).gap / 86_400
        10.0
        """
        return cls(gap=max(cls().gap, GAP_READINGS * seconds))


@dataclass(frozen=True, slots=True)
class Event:
    """One anomaly of one sensor. `start` never changes once the event is open: it is its identity.

    Times are seconds since 1970 (UTC); `end` is the last reading that was not calm. `peak_value` is
    what was observed at the highest score (see `Scores`); `expected` belongs to it.
    The side on which it opened stays: wear that ends in a stop is an event of wear.
    """

    start: float
    end: float
    peak_at: float
    peak_value: float
    expected: float
    peak_score: float
    channel: Channel
    readings: int
    is_open: bool = True

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Carried:
    """What one batch hands to the next: an event in progress, confirmed or not yet.

    `gap` is that of the rule, or longer for a sensor that has been found to read seldom.
    """

    event: Event | None = None
    confirmed: bool = False
    calm_readings: int = 0
    last_time: float | None = None
    gap: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, raw: dict[str, Any] | None) -> "Carried":
        """
        >>> Carried.from_json(Carried(last_time=5.0).to_json())
        Carried(event=None, confirmed=False, calm_readings=0, last_time=5.0, gap=0.0)
        """
        if not raw:
            return cls()
        event = raw["event"]
        if event is not None:
            event = Event(**{**event, "channel": Channel(event["channel"])})
        return cls(**{**raw, "event": event})


def events_in(
    carried: Carried, times: Floats, scores: Scores, rule: EventRule = EventRule()
) -> tuple[Carried, list[Event]]:
    """Return what to carry on and every event that is new or changed, in order of time.

    Only the last one can still be open; it comes again, with the same start, in a later batch.
    Readings that were not judged neither open, prolong nor calm an event.

    >>> times = np.arange(4.0) * 600
    >>> scores = Scores(np.array([0.2, 1.2, 1.9, 0.1]), np.array([1.0, 7.0, 8.0, 1.0]),
    ...     np.ones(4), np.ones(4), np.zeros(4, dtype=np.int8), np.ones(4, dtype=np.bool_),
    ...     np.full(4, 600.0))
    >>> carried, [event] = events_in(Carried(), times, scores)
    >>> event.start, event.end, event.peak_value, event.is_open
    (600.0, 1200.0, 8.0, True)
    """
    places = np.flatnonzero(scores.judged)
    gaps = np.maximum(rule.gap, GAP_READINGS * scores.interval)
    alarms = places[scores.score[places] >= ALARM]
    done: list[Event] = []
    at = 0
    while at < len(places):
        if carried.event is None:
            ahead = np.searchsorted(alarms, places[at])
            if ahead == len(alarms):
                break
            at = int(np.searchsorted(places, alarms[ahead]))
        i = int(places[at])
        reading = _reading(times, scores, i)
        carried, closed = _step(carried, float(times[i]), reading, rule, float(gaps[i]))
        if closed is not None:
            done.append(closed)
        at += 1
    if len(places):
        last = places[-1]
        carried = replace(carried, last_time=float(times[last]), gap=float(gaps[last]))
    if carried.event is not None and carried.confirmed:
        done.append(carried.event)
    return carried, done


def is_silent(carried: Carried, at: float, rule: EventRule = EventRule()) -> bool:
    """Whether no reading has come for so long that an event in progress is over."""
    last = carried.last_time
    return last is not None and at - last > max(rule.gap, carried.gap)


def severity(event: Event, *, beyond_limit: bool = False) -> Severity:
    """How bad an event is, from its peak score, its length and the sensor's own limits.

    Peak score below 1.5 low, below 2.5 medium, below 4 high, else critical; one step up once it
    has lasted 24 hours; at least high when the value is beyond a limit set on the sensor.
    """
    step = int(np.searchsorted([1.5, 2.5, 4.0], event.peak_score, side="right"))
    step += event.seconds >= 24 * 3600.0
    if beyond_limit:
        step = max(step, 2)
    return tuple(Severity)[min(step, 3)]


def _reading(times: Floats, scores: Scores, i: int) -> Event:
    return Event(
        start=float(times[i]),
        end=float(times[i]),
        peak_at=float(times[i]),
        peak_value=float(scores.observed[i]),
        expected=float(scores.expected[i]),
        peak_score=float(scores.score[i]),
        channel=CHANNELS[scores.channel[i]],
        readings=1,
    )


def _closed(carried: Carried) -> Event | None:
    if carried.event is None or not carried.confirmed:
        return None
    return replace(carried.event, is_open=False)


def _step(
    carried: Carried, time: float, reading: Event, rule: EventRule, gap: float
) -> tuple[Carried, Event | None]:
    """Take in one reading. Returns what to carry on, and the event it closed, if any."""
    closed = None
    last = carried.event.end if carried.last_time is None and carried.event else carried.last_time
    if carried.event is not None and last is not None and time - last > gap:
        closed, carried = _closed(carried), Carried()
    if carried.event is None:
        if reading.peak_score < ALARM:
            return Carried(last_time=time), closed
        return Carried(reading, _opens(reading, rule), last_time=time), closed
    needed = rule.calm if carried.confirmed else ALARM
    if reading.peak_score >= needed:
        event = _joined(carried.event, reading)
        confirmed = carried.confirmed or _opens(event, rule)
        return Carried(event, confirmed, last_time=time), closed
    calm = carried.calm_readings + 1
    if not carried.confirmed or calm >= rule.close_after:
        return Carried(last_time=time), _closed(carried)
    return replace(carried, calm_readings=calm, last_time=time), closed


def _opens(event: Event, rule: EventRule) -> bool:
    return event.readings >= rule.open_after or event.peak_score >= rule.strong


def _joined(event: Event, reading: Event) -> Event:
    same_side = (event.channel in UPWARD) == (reading.channel in UPWARD)
    peak = reading if same_side and reading.peak_score > event.peak_score else event
    return replace(
        event,
        end=reading.end,
        peak_at=peak.peak_at,
        peak_value=peak.peak_value,
        expected=peak.expected,
        peak_score=peak.peak_score,
        channel=peak.channel,
        readings=event.readings + 1,
    )
