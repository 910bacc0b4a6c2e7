"""What the seasonal baseline remembers of one sensor, and its form as bytes (15 KB, no pickle)."""

from dataclasses import dataclass, field, fields

import numpy as np

from anomalies.detectors.base import Floats, UnknownState

MAGIC = b"SB02"

BLOCK = 48
"""Readings judged by one frozen model; the model learns when a block is full."""

SLOTS = 48
"""Half-hour slots of the day (UTC)."""

PREDICTORS = 3
"""Level; level + time of day; level + time of day by weekday or weekend."""

MEMORY = 80
"""Blocks whose largest deviations are kept: 3,840 readings, about four weeks of 10-minute steps."""

TOP = 3
"""Deviations kept of each block: more would let one long fault fill the memory."""

SIDES = 6
"""Mean over 1, 6 and 72 readings, each upward and downward."""

LONGEST_WINDOW = 72


MEMO = {
    name: i
    for i, name in enumerate(
        (
            "filled",  # readings in the block in progress
            "blocks",  # blocks learned from
            "started",  # time of the first reading learned from, seconds
            "elapsed",  # from there to the end of the last block, seconds
            "cadence",  # median time between readings of that block, seconds
            "last_time",  # time of the last reading handed in, seconds
            "raw_time",  # counter: time of the last finite value, seconds
            "raw_value",  # counter: that value
            "level",  # slow level, sensor's unit
            "chosen",  # index of the predictor in use
            "step",  # typical size of a movement
            "moves",  # movements seen
            "alarmed",  # blocks in a row that were mostly above the alarm line
        )
    )
}


def _zeros(*shape: int) -> Floats:
    return np.zeros(shape, dtype=np.float64)


def _blank_memo() -> Floats:
    memo = _zeros(len(MEMO))
    memo[MEMO["last_time"]] = -np.inf
    memo[MEMO["raw_value"]] = np.nan
    return memo


@dataclass(slots=True)
class State:
    """All float64, so that the bytes are one flat array.

    memo      named scalars, see the properties
    errors    (3,) typical absolute error of each predictor, in the sensor's unit
    profile   (3 * SLOTS,) deviation from level by slot: all days, working days, weekends
    visits    (3 * SLOTS,) how often each slot has been seen
    recent    (LONGEST_WINDOW,) last standardized deviations, clipped
    tops      (MEMORY, SIDES, TOP) largest standardized deviations per block
    limits    (SIDES,) the alarm line of each side, in standardized deviations
    times, values  (BLOCK,) the block in progress, `filled` of them used
    """

    memo: Floats = field(default_factory=_blank_memo)
    errors: Floats = field(default_factory=lambda: _zeros(PREDICTORS))
    profile: Floats = field(default_factory=lambda: _zeros(3 * SLOTS))
    visits: Floats = field(default_factory=lambda: _zeros(3 * SLOTS))
    recent: Floats = field(default_factory=lambda: _zeros(LONGEST_WINDOW))
    tops: Floats = field(default_factory=lambda: _zeros(MEMORY, SIDES, TOP))
    limits: Floats = field(default_factory=lambda: np.ones(SIDES))
    times: Floats = field(default_factory=lambda: _zeros(BLOCK))
    values: Floats = field(default_factory=lambda: _zeros(BLOCK))

    def get(self, name: str) -> float:
        return float(self.memo[MEMO[name]])

    def put(self, name: str, value: float) -> None:
        self.memo[MEMO[name]] = value

    def to_bytes(self) -> bytes:
        return MAGIC + b"".join(
            np.ascontiguousarray(getattr(self, f.name), dtype="<f8").tobytes() for f in fields(self)
        )

    @classmethod
    def from_bytes(cls, raw: bytes) -> "State":
        """Raise `UnknownState` when the bytes are of another version or damaged.

        >>> State.from_bytes(State().to_bytes()).get("blocks")
        0.0
        """
        state = cls()
        size = sum(getattr(state, f.name).nbytes for f in fields(state))
        if raw[: len(MAGIC)] != MAGIC or len(raw) != len(MAGIC) + size:
            raise UnknownState(
                "The saved detector state is not of this version. "
                "Rescore the sensor from the start."
            )
        offset = len(MAGIC)
        for f in fields(state):
            part: Floats = getattr(state, f.name)
            flat = np.frombuffer(raw, dtype="<f8", count=part.size, offset=offset)
            setattr(state, f.name, flat.astype(np.float64).reshape(part.shape))
            offset += part.nbytes
        return state
