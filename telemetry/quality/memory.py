"""What the monitor remembers of one sensor: a few hundred numbers that JSON can hold."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from telemetry.quality.base import Finding, Kind, Rules

VERSION = 1

PERIOD = 6 * 3600.0
PERIODS = 32
"""What is ordinary is what the last 32 times of at least six hours have shown: eight days."""

WARM_BLOCKS = 8
"""Blocks that are learned from before anything is compared with what was learned."""

SLOW_CADENCE = 60.0
DAY = 86_400.0
"""A sensor that reads once a minute or seldomer is not judged in its first day either."""


@dataclass(slots=True)
class Period:
    """Some hours of ordinary readings, summed up from their blocks; values in the sensor's unit.

    noise: the least, and the sum over the blocks. low, high: of the readings, without the outermost
    of each block. seconds: the usual step times the readings. run: the most readings in a row that
    were exactly equal. moved, at_rail: readings that differ from the one before; at a rail.
    """

    start: float
    noise_low: float
    noise_sum: float
    blocks: int
    low: float
    high: float
    seconds: float
    readings: int
    moved: int
    run: int
    at_rail: int

    def row(self) -> list[float]:
        return [getattr(self, one.name) for one in fields(self)]


@dataclass(slots=True)
class Known:
    """The periods as one. `is_warm` says whether they are enough to compare with."""

    is_warm: bool = False
    noise_low: float = 0.0
    noise: float = 0.0
    low: float = 0.0
    high: float = 0.0
    cadence: float = 0.0
    moving: float = 0.0
    run: int = 0
    at_rail: float = 0.0


@dataclass(slots=True)
class Open:
    """A fault that lasts. `good` of what would end it were seen in a row, since `good_since`."""

    start: float
    good: int = 0
    good_since: float = 0.0


@dataclass(slots=True)
class Jump:
    """Readings that look like those before in another unit; `change` is an index of `CHANGES`."""

    since: float
    before: float
    change: int
    values: list[float] = field(default_factory=list)


@dataclass(slots=True)
class Drop:
    """A counter that fell, and so many readings in a row since that stayed below."""

    at: float
    before: float
    after: float
    readings: int = 0


@dataclass(slots=True)
class Memory:
    """Times are seconds since 1970 (UTC), values are in the sensor's unit.

    times, values: the block in progress. last: the last value, None after a stop of the machine.
    run: readings in a row of exactly that value, since `run_since`. longest_run: in this block.
    tail: the last few values of the ordinary range. beyond, at_rail: readings in a row outside of
    the physical range, and at one of its ends. calm, doubled: blocks in a row without noise, and
    with two senders. resets: of the counter, the last few; saturations: likewise. lags: (look,
    seconds behind).
    """

    unit: str = ""
    is_counter: bool = False
    times: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    last: float | None = None
    run: int = 0
    run_since: float = 0.0
    longest_run: int = 0
    tail: list[float] = field(default_factory=list)
    beyond: int = 0
    at_rail: int = 0
    rail_since: float = 0.0
    calm: int = 0
    calm_since: float = 0.0
    doubled: int = 0
    doubled_since: float = 0.0
    jump: Jump | None = None
    drop: Drop | None = None
    resets: list[float] = field(default_factory=list)
    saturations: list[float] = field(default_factory=list)
    lags: list[list[float]] = field(default_factory=list)
    open: dict[str, Open] = field(default_factory=dict)
    periods: list[Period] = field(default_factory=list)
    known: Known = field(default_factory=Known)

    def has(self, *kinds: Kind) -> bool:
        """Whether a fault of one of these kinds lasts."""
        return any(kind in self.open for kind in kinds)

    @property
    def suspect_since(self) -> float | None:
        """From when on it is not decided yet whether the readings can be trusted; None: all are.

        It is decided by the next few readings.
        """
        since = [self.jump.since] if self.jump else []
        if self.at_rail and Kind.OUT_OF_RANGE not in self.open and self.known.is_warm:
            since.append(self.rail_since)
        return min(since, default=None)

    def begin(self, kind: Kind, start: float, text: str) -> Finding:
        self.open[kind] = Open(start)
        return Finding(kind, start, None, text)

    def end(self, kind: Kind, at: float) -> Finding:
        """The block in progress, which holds some of it, teaches nothing."""
        start = self.open.pop(kind).start
        self.times, self.values = [], []
        return Finding(kind, start, max(start, at))

    def settle(self, kind: Kind, at: float, *, good: bool, after: int) -> Finding | None:
        """End the fault at the first of `after` good ones in a row."""
        fault = self.open[kind]
        if not good:
            fault.good = 0
            return None
        if not fault.good:
            fault.good_since = at
        fault.good += 1
        return self.end(kind, fault.good_since) if fault.good >= after else None

    def forget(self) -> None:
        """Learn anew what is ordinary."""
        self.periods, self.known, self.tail, self.jump = [], Known(), [], None
        self.calm = self.doubled = self.at_rail = 0

    def summarize(self) -> None:
        """Bring `known` in line with the periods."""
        periods = self.periods
        readings = sum(one.readings for one in periods)
        blocks = sum(one.blocks for one in periods)
        if not readings:
            self.known = Known()
            return
        seconds = sum(one.seconds for one in periods)
        cadence = seconds / readings
        self.known = Known(
            is_warm=blocks >= WARM_BLOCKS and (seconds >= DAY or cadence < SLOW_CADENCE),
            noise_low=min(one.noise_low for one in periods),
            noise=sum(one.noise_sum for one in periods) / blocks,
            low=min(one.low for one in periods),
            high=max(one.high for one in periods),
            cadence=cadence,
            moving=sum(one.moved for one in periods) / readings,
            run=max(one.run for one in periods),
            at_rail=sum(one.at_rail for one in periods) / readings,
        )

    def to_json(self) -> dict[str, Any]:
        """
        >>> period = Period(0.0, 0.1, 0.3, 3, 1.0, 2.0, 90.0, 9, 9, 1, 0)
        >>> memory = Memory(unit="bar", periods=[period])
        >>> memory.begin(Kind.FLAT_LINE, 5.0, "").start
        5.0
        >>> memory.summarize()
        >>> Memory.from_json(memory.to_json()) == memory
        True
        """
        plain = {
            one.name: getattr(self, one.name)
            for one in fields(self)
            if one.name not in ("jump", "drop", "open", "periods", "known")
        }
        return plain | {
            "version": VERSION,
            "jump": _plain(self.jump),
            "drop": _plain(self.drop),
            "open": {kind: _plain(fault) for kind, fault in self.open.items()},
            "periods": [one.row() for one in self.periods],
            "suspect_since": self.suspect_since,
        }

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> "Memory":
        """What `to_json` gave; of another version, or empty: a blank memory."""
        if raw.get("version") != VERSION:
            return cls()
        names = {one.name for one in fields(cls)}
        plain = {name: value for name, value in raw.items() if name in names}
        plain["jump"] = Jump(**raw["jump"]) if raw["jump"] else None
        plain["drop"] = Drop(**raw["drop"]) if raw["drop"] else None
        plain["open"] = {kind: Open(**fault) for kind, fault in raw["open"].items()}
        plain["periods"] = [Period(*row) for row in raw["periods"]]
        memory = cls(**plain)
        memory.summarize()
        return memory

    def adopt(self, rules: Rules, at: float) -> list[Finding]:
        """Start anew where the sensor's unit or kind was changed; ends what that mends."""
        if (self.unit, self.is_counter) == (rules.unit, rules.is_counter):
            return []
        self.unit, self.is_counter = rules.unit, rules.is_counter
        self.forget()
        self.times, self.values, self.last, self.run, self.drop = [], [], None, 0, None
        return [self.end(Kind(kind), at) for kind in list(self.open) if kind != Kind.CLOCK_SKEW]


def _plain(one: Any) -> dict[str, Any] | None:
    return None if one is None else {item.name: getattr(one, item.name) for item in fields(one)}
