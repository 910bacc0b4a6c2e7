"""Readings of many sensors judged in one call of the engine, and what became of each sensor."""

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta, tzinfo

import numpy as np

from anomalies import queries
from anomalies.detectors.base import Bools, Floats, Scores
from anomalies.detectors.events import ALARM, Carried, events_in, is_silent
from anomalies.detectors.streaming.engine import NAME, judge
from anomalies.detectors.streaming.memory import Memory
from anomalies.models import DetectorState
from anomalies.services.ending import rule_for
from anomalies.services.recording import Found, moment
from assets.binary import Ints
from assets.queries import Readings
from assets.queries.uptime import Window
from telemetry.queries import quality

logger = logging.getLogger(__name__)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Readings of one sensor in order, of which the first `known` were judged before.

    These teach the detector again what its saved state does not hold, and do nothing else.
    `ignored`: neither judged nor learned from. `line`: so many times the usual distance is an
    alarm; the detector itself knows nothing of it. `more`: there are further readings.
    """

    state: DetectorState
    batch: Readings
    known: int
    ignored: Bools
    line: float
    more: bool = False

    @property
    def end(self) -> datetime:
        """The time of the last reading."""
        return moment(float(self.batch.seconds[-1]))

    @property
    def new(self) -> Readings:
        return Readings(self.batch.times[self.known :], self.batch.values[self.known :])


@dataclass(slots=True)
class Passed:
    """What became of stretches: states moved on, events, and the scores of what was judged.

    sensors, times (microseconds since 1970), score (how far away: 1 is the alarm line), expected
    and scale, in the unit of what was judged: of one length.
    """

    states: list[DetectorState] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    sensors: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    times: Ints = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    score: Floats = field(default_factory=lambda: np.zeros(0))
    expected: Floats = field(default_factory=lambda: np.zeros(0))
    scale: Floats = field(default_factory=lambda: np.zeros(0))

    def __add__(self, other: "Passed") -> "Passed":
        return Passed(
            states=self.states + other.states,
            found=self.found + other.found,
            sensors=np.concatenate((self.sensors, other.sensors)),
            times=np.concatenate((self.times, other.times)),
            score=np.concatenate((self.score, other.score)),
            expected=np.concatenate((self.expected, other.expected)),
            scale=np.concatenate((self.scale, other.scale)),
        )


def known_of(batch: Readings, watermark: datetime) -> int:
    """How many readings are not after the watermark."""
    mark = (watermark - EPOCH) // MICROSECOND
    return int(np.searchsorted(batch.times.astype(np.int64), mark, side="right"))


def pass_over(memory: Memory, stretches: Sequence[Stretch], at: datetime) -> Passed:
    """Move memory (a row for each stretch) and states past the stretches, in memory alone.

    A sensor of which no events can be told is left as it was, and logged.
    """
    if not stretches:
        return Passed()
    counts = np.array([len(one.batch) for one in stretches])
    known = np.array([one.known for one in stretches])
    ends = np.cumsum(counts)
    starts = ends - counts
    seconds = np.concatenate([one.batch.seconds for one in stretches])
    scores = judge(
        memory,
        np.repeat(np.arange(len(stretches)), counts),
        _on_the_wall(seconds, stretches, counts),
        np.concatenate([one.batch.values for one in stretches]),
        np.concatenate([one.ignored for one in stretches]),
    ).beyond(np.repeat([one.line for one in stretches], counts))
    is_new = np.arange(len(seconds)) >= np.repeat(starts + known, counts)
    strange = is_new & ((scores.score >= ALARM) | (scores.away >= ALARM))
    is_strange = np.logical_or.reduceat(strange, starts)
    learned = memory["count"]
    passed = Passed()
    failed: list[int] = []
    for row, one in enumerate(stretches):
        new = slice(int(starts[row]) + one.known, int(ends[row]))
        state = one.state
        if is_strange[row] or state.open_event:
            try:
                passed.found += _events(one, seconds[new], scores.of(new), at)
            except (ArithmeticError, ValueError):
                # One sensor that cannot be scored must not hold up the others of its chunk.
                logger.exception("Sensor %s could not be scored.", state.sensor_id)
                failed.append(row)
                continue
        state.detector, state.updated_at = NAME, at
        state.learned = min(int(learned[row]), 2**31 - 1)
        if one.known < len(one.batch):
            state.watermark = moment(float(seconds[new.stop - 1]))
        passed.states.append(state)
    kept = is_new & scores.judged
    for row in failed:
        kept[starts[row] : ends[row]] = False
    passed.sensors = np.repeat([one.state.sensor_id for one in stretches], counts)[kept]
    passed.times = np.concatenate([one.batch.times for one in stretches]).astype(np.int64)[kept]
    passed.score = scores.away[kept]
    passed.expected, passed.scale = scores.expected[kept], scores.scale[kept]
    return passed


def _events(one: Stretch, seconds: Floats, scores: Scores, at: datetime) -> list[Found]:
    sensor, rule = one.state.sensor, rule_for(one.state.sensor)
    carried, events = events_in(Carried.from_json(one.state.open_event), seconds, scores, rule)
    if events and not one.more and is_silent(carried, at.timestamp(), rule):
        # Kept open in the state: buffered readings may still come and continue it.
        events[-1] = replace(events[-1], is_open=False)
    one.state.open_event = carried.to_json() if carried.event is not None else None
    return [Found(sensor, event, NAME) for event in events]


def _on_the_wall(seconds: Floats, stretches: Sequence[Stretch], counts: Ints) -> Floats:
    """Seconds on the clock of each sensor's site: shifts and weather follow it, not UTC."""
    names = np.array([one.state.sensor.asset.site.timezone for one in stretches])
    clock = seconds.copy()
    for name in np.unique(names):
        first = int(np.argmax(names == name))
        here = np.repeat(names == name, counts)
        clock[here] += _offsets(seconds[here], stretches[first].state.sensor.asset.site.zone)
    return clock


def _offsets(seconds: Floats, zone: tzinfo) -> Floats:
    """Of the zone's clock from UTC; clocks change at quarters of an hour."""
    quarters, place = np.unique(np.floor(seconds / 900.0), return_inverse=True)
    offsets = (datetime.fromtimestamp(one * 900.0, zone).utcoffset() for one in quarters.tolist())
    found = np.array([offset.total_seconds() if offset else 0.0 for offset in offsets])
    clock: Floats = found[place]
    return clock


def ignored_by(states: Collection[DetectorState], since: datetime) -> dict[int, list[Window]]:
    """By sensor id when its readings say nothing of its machine, or of one that does not run.

    Stops last until the machine is as before; faults of the data until they are over.
    """
    oldest = max(since, EPOCH)
    still = queries.still([state.asset_id for state in states], oldest)
    faulty = quality.untrusted([state.sensor_id for state in states], oldest)
    return {
        state.sensor_id: [
            *still.get(state.asset_id, ()),
            *faulty.get(state.sensor_id, ()),
        ]
        for state in states
    }


def decided(batches: Mapping[int, Readings], at: datetime) -> dict[int, Readings]:
    """The readings up to where the next ones decide whether a sensor can be trusted: they wait."""
    until = quality.suspect_since(batches.keys(), at)
    return {pk: batch.before(until[pk]) if pk in until else batch for pk, batch in batches.items()}
