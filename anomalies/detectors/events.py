"""What is new and large is one event for as long as it lasts, with hysteresis, across batches."""

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


class Confidence(StrEnum):
    """How sure it is that an event is no chance."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class EventRule:
    """When an event opens and closes.

    It opens where something is new (score 1) and large (away 1), at once or `wait` readings apart;
    or where `open_after` readings in a row are large, new or not.

    calm         an event goes on while `away` is at or above this
    close_after  readings in a row below `calm` that close it
    gap          seconds without any reading after which it closes; ten usual intervals if longer
    """

    open_after: int = 9
    wait: int = 6
    calm: float = 0.7
    close_after: int = 18
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

    Times are as handed in; `end` is the last reading that was not calm. `peak_score` is how far
    away it was at its farthest, at least 1, however late; `peak_value` is what was observed there,
    and `expected` belongs to it. The side on which it opened stays: wear that ends in a stop is an
    event of wear. `novelty` is how new its newest reading was.
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
    novelty: float = 0.0

    @property
    def seconds(self) -> float:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Carried:
    """What one batch hands to the next: an event in progress, confirmed or not yet.

    `is_new` says that one of its readings was, `large` how many in a row were. `gap` is that of the
    rule, or longer for a sensor that has been found to read seldom.
    """

    event: Event | None = None
    confirmed: bool = False
    is_new: bool = False
    calm_readings: int = 0
    large: int = 0
    last_time: float | None = None
    gap: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, raw: dict[str, Any] | None) -> "Carried":
        """
        >>> Carried.from_json(Carried(last_time=5.0).to_json()) == Carried(last_time=5.0)
        True
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
    >>> away = np.array([0.2, 1.2, 1.9, 0.1])
    >>> scores = Scores(np.array([0.2, 1.2, 0.1, 0.1]), away, 5 + away, np.full(4, 5.0), np.ones(4),
    ...     np.zeros(4, dtype=np.int8), np.ones(4, dtype=np.bool_), np.full(4, 600.0))
    >>> carried, [event] = events_in(Carried(), times, scores)
    >>> event.start, event.end, event.peak_value, event.is_open
    (600.0, 1200.0, 6.9, True)
    """
    if not len(times):
        return carried, []
    strange = np.flatnonzero(((scores.score >= ALARM) | (scores.away >= ALARM)) & scores.judged)
    if carried.event is None and not len(strange):
        return _passed(carried, times, scores, rule), []
    places = np.flatnonzero(scores.judged)
    gaps = np.maximum(rule.gap, GAP_READINGS * scores.interval)
    done: list[Event] = []
    at = 0
    while at < len(places):
        if carried.event is None:
            ahead = np.searchsorted(strange, places[at])
            if ahead == len(strange):
                break
            at = int(np.searchsorted(places, strange[ahead]))
        i = int(places[at])
        carried, closed = _step(carried, times, scores, i, rule, float(gaps[i]))
        if closed is not None:
            done.append(closed)
        at += 1
    carried = _passed(carried, times, scores, rule)
    if carried.event is not None and carried.confirmed:
        done.append(carried.event)
    return carried, done


def _passed(carried: Carried, times: Floats, scores: Scores, rule: EventRule) -> Carried:
    """The same with the time of the last reading judged, if any."""
    if not scores.judged.any():
        return carried
    last = len(times) - 1 - int(np.argmax(scores.judged[::-1]))
    gap = max(rule.gap, GAP_READINGS * float(scores.interval[last]))
    return replace(carried, last_time=float(times[last]), gap=gap)


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


VERY_NEW = 2.0
LONG = 144
"""Readings: a day of one in ten minutes."""

BARELY = 1.2


def confidence(event: Event) -> Confidence:
    """How sure it is that an event is no chance; it only rises while the event goes on.

    High where a reading was twice as new as the line, or for 144 readings. Low where none was new,
    or none farther away than 1.2 times the line. Else medium.
    """
    if event.novelty >= VERY_NEW or event.readings >= LONG:
        return Confidence.HIGH
    is_doubtful = event.novelty < ALARM or event.peak_score < BARELY
    return Confidence.LOW if is_doubtful else Confidence.MEDIUM


def _reading(times: Floats, scores: Scores, i: int) -> Event:
    return Event(
        start=float(times[i]),
        end=float(times[i]),
        peak_at=float(times[i]),
        peak_value=float(scores.observed[i]),
        expected=float(scores.expected[i]),
        peak_score=max(float(scores.away[i]), ALARM),
        channel=CHANNELS[scores.channel[i]],
        readings=1,
        novelty=float(scores.score[i]),
    )


def _closed(carried: Carried) -> Event | None:
    if carried.event is None or not carried.confirmed:
        return None
    return replace(carried.event, is_open=False)


def _step(
    carried: Carried, times: Floats, scores: Scores, i: int, rule: EventRule, gap: float
) -> tuple[Carried, Event | None]:
    """Take in one reading. Returns what to carry on, and the event it closed, if any."""
    closed = None
    time, away = float(times[i]), float(scores.away[i])
    is_new = bool(scores.score[i] >= ALARM)
    last = carried.event.end if carried.last_time is None and carried.event else carried.last_time
    if carried.event is not None and last is not None and time - last > gap:
        closed, carried = _closed(carried), Carried()
    if carried.event is None:
        if not is_new and away < ALARM:
            return Carried(last_time=time), closed
        event = _reading(times, scores, i)
        is_open = _opens(is_new=is_new, away=away, large=int(away >= ALARM), rule=rule)
        return Carried(event, is_open, is_new, large=int(away >= ALARM), last_time=time), closed
    is_new |= carried.is_new
    if away >= (rule.calm if carried.confirmed else ALARM):
        large = carried.large + 1
        event = _joined(carried.event, _reading(times, scores, i))
        is_open = carried.confirmed or _opens(is_new=is_new, away=away, large=large, rule=rule)
        return Carried(event, is_open, is_new, large=large, last_time=time), closed
    calm = carried.calm_readings + 1
    patience = rule.close_after if carried.confirmed else rule.wait if is_new else 1
    if calm >= patience:
        return Carried(last_time=time), _closed(carried)
    return replace(carried, is_new=is_new, calm_readings=calm, large=0, last_time=time), closed


def _opens(*, is_new: bool, away: float, large: int, rule: EventRule) -> bool:
    return (is_new and away >= ALARM) or large >= rule.open_after


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
        novelty=max(event.novelty, reading.novelty),
    )
