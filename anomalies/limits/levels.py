"""Levels with deadband and delays, one direction at a time, across batches.

The alarm attributes are those of ANSI/ISA-18.2 (deadband, on-delay, off-delay; levels HH, H, L and
LL). Cost: a comparison for each reading while all is calm; about 1 µs for each reading of an alarm.
"""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np

from anomalies.detectors.base import Channel, Floats
from anomalies.detectors.events import Event, Severity

SHARE_OF_LIMIT = 0.25
"""Where there is one line only, so much of it further out scores 2. ISO 20816-1 calls a change of
vibration by a quarter of the B/C boundary significant."""


@dataclass(frozen=True, slots=True)
class Line:
    """A value, in the unit of what is judged, and how bad it is to be beyond it.

    name: such as "high"; of rates none.
    """

    value: float
    severity: Severity
    name: str = ""


@dataclass(frozen=True, slots=True)
class Direction:
    """When an alarm of one direction begins and ends. Times in seconds.

    lines      the one that is reached first comes first; never empty
    is_low     values fall below the lines instead of rising above them
    deadband   so far back inside of the first line readings are calm again
    on_delay   so long beyond a line, without one reading inside, before it counts
    off_delay  so long calm, without one reading that is not, before the alarm ends
    gap        so long without a reading, and an alarm is over
    """

    lines: tuple[Line, ...]
    is_low: bool = False
    deadband: float = 0.0
    on_delay: float = 0.0
    off_delay: float = 0.0
    gap: float = 6 * 3600.0

    @property
    def sign(self) -> float:
        return -1.0 if self.is_low else 1.0

    @property
    def channel(self) -> Channel:
        return Channel.LOW if self.is_low else Channel.HIGH

    def score(self, value: float) -> float:
        """1 on the first line, 2 on the second, and on in proportion; without a second see above.

        >>> high = Direction((Line(4.0, Severity.HIGH), Line(6.0, Severity.CRITICAL)))
        >>> high.score(4.0), high.score(6.0), high.score(7.0)
        (1.0, 2.0, 2.5)
        """
        first = self.lines[0].value
        size = abs(self.lines[-1].value - first) or SHARE_OF_LIMIT * abs(first) or 1.0
        return 1.0 + max(0.0, self.sign * (value - first)) / size


@dataclass(frozen=True, slots=True)
class Alarm:
    """What one batch hands to the next; as good as nothing while `is_idle`.

    beyond    since when readings have been beyond each line; None: the last one was not
    reached   how many lines count; 0: `draft` is no alarm yet
    draft     the alarm, or what becomes one after the delay
    calm      since when readings have been calm, during an alarm
    last      time of the last reading
    """

    beyond: tuple[float | None, ...] = ()
    reached: int = 0
    draft: Event | None = None
    calm: float | None = None
    last: float | None = None

    @property
    def is_idle(self) -> bool:
        return self.draft is None

    @property
    def event(self) -> Event | None:
        """The alarm that goes on."""
        return self.draft if self.reached else None

    def is_silent(self, at: float, gap: float) -> bool:
        """Whether no reading has come for so long that an alarm is over."""
        return self.last is not None and at - self.last > gap

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, raw: dict[str, Any] | None) -> "Alarm":
        """
        >>> Alarm.from_json(Alarm(last=5.0).to_json())
        Alarm(beyond=(), reached=0, draft=None, calm=None, last=5.0)
        """
        if not raw:
            return cls()
        known = {field.name: raw[field.name] for field in fields(cls)}
        draft = known["draft"]
        if draft is not None:
            draft = Event(**{**draft, "channel": Channel(draft["channel"])})
        return cls(**{**known, "beyond": tuple(known["beyond"]), "draft": draft})


@dataclass(frozen=True, slots=True)
class Raised:
    """An alarm that is new or changed. `reached`: how many lines of its direction count."""

    event: Event
    reached: int

    def severity(self, rule: Direction) -> Severity:
        """The worst of what was reached."""
        order = list(Severity)
        reached = rule.lines[: max(self.reached, 1)]
        return max((line.severity for line in reached), key=order.index)


def alarms_in(
    alarm: Alarm, times: Floats, values: Floats, rule: Direction
) -> tuple[Alarm, list[Raised]]:
    """Return what to carry on and the alarms that are new or changed, in order of time.

    `times` are seconds since 1970, rising; values that are not finite say nothing. Only the last
    alarm can still be open; it comes again, with the same start, in a later batch.

    >>> rule = Direction((Line(7.1, Severity.HIGH),), deadband=0.5, on_delay=600.0)
    >>> times = np.arange(6.0) * 600
    >>> carried, [one] = alarms_in(Alarm(), times, np.array([5, 7.5, 8.3, 6.9, 6.0, 5]), rule)
    >>> one.event.start, one.event.end, one.event.peak_value, one.event.is_open
    (600.0, 1800.0, 8.3, False)
    >>> carried.is_idle
    True
    """
    fit = np.isfinite(values)
    if not fit.all():
        times, values = times[fit], values[fit]
    outside = rule.sign * values > rule.sign * rule.lines[0].value
    starts = np.flatnonzero(outside)
    raised: list[Raised] = []
    at, n = 0, len(values)
    while at < n:
        if alarm.is_idle:
            ahead = int(np.searchsorted(starts, at))
            if ahead == len(starts):
                break
            at = int(starts[ahead])
        alarm, closed = _step(alarm, float(times[at]), float(values[at]), rule)
        if closed is not None:
            raised.append(closed)
        at += 1
    if alarm.is_idle:
        return Alarm(), raised
    if n and alarm.event is not None:
        raised.append(Raised(alarm.event, alarm.reached))
    return alarm, raised


def _step(alarm: Alarm, time: float, value: float, rule: Direction) -> tuple[Alarm, Raised | None]:
    """Take in one reading. Returns what to carry on, and the alarm that it ended."""
    closed = None
    if alarm.is_silent(time, rule.gap):
        closed, alarm = _closed(alarm), Alarm()
    sign = rule.sign
    before = alarm.beyond if len(alarm.beyond) == len(rule.lines) else (None,) * len(rule.lines)
    beyond = tuple(
        (time if since is None else since) if sign * (value - line.value) > 0 else None
        for line, since in zip(rule.lines, before, strict=True)
    )
    counting = [since is not None and time - since >= rule.on_delay for since in beyond]
    reached = max([alarm.reached, *(i + 1 for i, counts in enumerate(counting) if counts)])
    if sign * (value - rule.lines[0].value) > -rule.deadband if reached else beyond[0] is not None:
        draft = _joined(alarm.draft, time, value, rule)
        return Alarm(beyond, reached, draft, None, time), closed
    calm = time if alarm.calm is None else alarm.calm
    if not reached or time - calm >= rule.off_delay:
        return Alarm(), closed or _closed(alarm)
    return replace(alarm, beyond=beyond, calm=calm, last=time), closed


def _closed(alarm: Alarm) -> Raised | None:
    if alarm.event is None:
        return None
    return Raised(replace(alarm.event, is_open=False), alarm.reached)


def _joined(draft: Event | None, time: float, value: float, rule: Direction) -> Event:
    score = rule.score(value)
    if draft is None:
        return Event(
            start=time,
            end=time,
            peak_at=time,
            peak_value=value,
            expected=rule.lines[0].value,
            peak_score=score,
            channel=rule.channel,
            readings=1,
        )
    if score > draft.peak_score:
        draft = replace(draft, peak_at=time, peak_value=value, peak_score=score)
    return replace(draft, end=time, readings=draft.readings + 1)
