"""How far a block of readings is from expected, by a model that stays still meanwhile."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

import numpy as np
from numpy.typing import NDArray

from anomalies.detectors.base import CHANNELS, GAP_READINGS, Bools, Channel, Codes, Floats
from anomalies.detectors.state import LONGEST_WINDOW, SIDES, SLOTS, State

WINDOWS = (1, 6, LONGEST_WINDOW)

SHORTEST_GAP = 3600.0
"""A gap is longer than ten readings and than an hour, in seconds."""

CLIP = 8.0
"""Deviations are clipped at this many typical errors before averaging: one spike is no drift."""

FARTHEST = 1e6
"""No score is larger."""

ROUNDING = 1e-9
"""Relative differences below this come from arithmetic, not from a machine."""

SMALLEST = 1e-90
"""A smaller typical error is none: dividing by it would leave the range of float64."""

LEAST_LIMITS = np.array([5.0, 5.0, 2.5, 2.5, 1.2, 1.2])
"""No alarm line is nearer than this many typical errors, for means over 1, 6 and 72 readings."""

DAY = 86_400.0
SLOT_SECONDS = DAY / SLOTS

WARM_UP_BLOCKS = 2
SLOW_CADENCE = 60.0
"""Sensors slower than one reading a minute also need a full day before the first alarm."""

FULL_WEEK = 8 * DAY
FIRST_WEEK = 2.5
"""Until every kind of day has been seen, only deviations this many times as large alarm."""

FEWEST_MOVES = 8.0
ASSUMED_RESOLUTION = 0.005
"""A sensor that has hardly ever moved is taken to be exact to 0.5 % of its level."""

NO_MOVEMENT = 0.02
"""A change smaller than this share of the typical step is no movement."""

SIDE_CHANNEL = np.array(
    [
        CHANNELS.index(channel)
        for channel in (
            Channel.HIGH,
            Channel.LOW,
            Channel.HIGH,
            Channel.LOW,
            Channel.DRIFT_UP,
            Channel.DRIFT_DOWN,
        )
    ],
    dtype=np.int8,
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """A block judged: arrays of shape (n,), `sides` (SIDES, n), `predictions` (3, n)."""

    judged: bool
    score: Floats
    channel: Codes
    observed: Floats
    expected: Floats
    scale: float
    sides: Floats
    predictions: Floats
    slots: Floats
    since: NDArray[np.intp]


def judge(state: State, times: Floats, values: Floats, zone: tzinfo = UTC) -> Verdict:
    """Compare a block (at most `BLOCK` readings) with the model; the model is not changed.

    `since` of the verdict is, for each reading, the place of the first reading after the last gap,
    counted from the first of `State.recent`.
    """
    slots = slots_of(local(times, zone))
    if state.get("blocks") == 0:
        return _first(values, slots)
    predictions = predict(state, slots)
    expected = predictions[int(state.get("chosen"))]
    scale = typical_error(state)
    since = _since_gap(state, times)
    sides = _sides(state, values - expected, scale, since)
    limits = alarm_lines(state, scale) if scale else np.ones(SIDES)
    ratios = sides / limits[:, None]
    side = np.argmax(ratios, axis=0)
    score = np.maximum(ratios[side, np.arange(len(values))], 0.0)
    return Verdict(
        judged=scale > 0 and _warmed_up(state),
        score=np.minimum(score, FARTHEST),
        channel=SIDE_CHANNEL[side],
        observed=_observed(values, expected, sides, side, CLIP * scale),
        expected=expected,
        scale=scale,
        sides=sides,
        predictions=predictions,
        slots=slots,
        since=since,
    )


def _first(values: Floats, slots: Floats) -> Verdict:
    """Before anything is known, the block is compared with its own median; nothing is judged."""
    n = len(values)
    expected = np.full(n, middle(values))
    scale = float(np.mean(np.abs(values - expected)))
    scale = scale if scale > SMALLEST else 0.0
    since = np.zeros(n, dtype=np.intp)
    sides = _sides(State(), values - expected, scale, since)
    return Verdict(
        judged=False,
        score=np.zeros(n),
        channel=np.zeros(n, dtype=np.int8),
        observed=values,
        expected=expected,
        scale=scale,
        sides=sides,
        predictions=np.tile(expected, (3, 1)),
        slots=slots,
        since=since,
    )


def local(times: Floats, zone: tzinfo) -> Floats:
    """Seconds on the zone's own clock: shifts and weather follow the wall, not UTC.

    >>> from zoneinfo import ZoneInfo
    >>> local(np.array([0.0, 86400 * 182]), ZoneInfo("Europe/Berlin")) / 3600
    array([1.000e+00, 4.369e+03])
    """
    if zone is UTC:
        return times
    hours, index = np.unique(times // 3600.0, return_inverse=True)
    offsets = (datetime.fromtimestamp(hour * 3600.0, zone).utcoffset() for hour in hours.tolist())
    seconds = np.array([offset.total_seconds() if offset else 0.0 for offset in offsets])
    moved: Floats = times + seconds[index]
    return moved


def slots_of(times: Floats) -> Floats:
    """Index into `State.profile` per reading and kind of day, shape (2, n): all days, this kind.

    >>> slots_of(np.array([0.0, 86400 * 2 + 1800.0]))  # Thursday 00:00, Saturday 00:30
    array([[ 0, 1],
           [48, 97]])
    """
    slot = ((times % DAY) // SLOT_SECONDS).astype(np.int64)
    weekend = (times // DAY + 3) % 7 >= 5  # 1 January 1970 was a Thursday
    return np.vstack((slot, slot + np.where(weekend, 2 * SLOTS, SLOTS)))


def middle(values: Floats) -> float:
    """The median, at a third of the cost of NumPy's for a few dozen values."""
    ordered = np.sort(values)
    half = len(ordered) // 2
    return float(ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2.0)


def predict(state: State, slots: Floats) -> Floats:
    """The three predictions, shape (3, n). A slot never seen falls back to the simpler one."""
    level = np.full(slots.shape[1], state.get("level"))
    daily = level + np.where(state.visits[slots[0]] >= 1, state.profile[slots[0]], 0.0)
    weekly = np.where(state.visits[slots[1]] >= 1, level + state.profile[slots[1]], daily)
    return np.vstack((level, daily, weekly))


def typical_error(state: State) -> float:
    """Typical absolute error of the predictor in use; 0 when nothing can be said."""
    error = float(state.errors[int(state.get("chosen"))])
    if state.get("moves") < FEWEST_MOVES:
        error = max(error, ASSUMED_RESOLUTION * abs(state.get("level")))
    error = max(error, ROUNDING * abs(state.get("level")))
    return error if error > SMALLEST else 0.0


def alarm_lines(state: State, scale: float) -> Floats:
    """The deviations (SIDES,) that score 1. In a slow sensor's first week they are farther out."""
    limits = np.maximum(state.limits, LEAST_LIMITS * scale)
    first_week = state.get("elapsed") < FULL_WEEK and state.get("cadence") >= SLOW_CADENCE
    return limits * FIRST_WEEK if first_week else limits


def movements(values: Floats, step: float) -> Bools:
    """Whether each reading but the first moved from the one before, more than by rounding."""
    least = np.maximum(NO_MOVEMENT * step, ROUNDING * np.abs(values[1:]))
    moved: Bools = np.abs(values[1:] - values[:-1]) > least
    return moved


def _warmed_up(state: State) -> bool:
    blocks, elapsed = state.get("blocks"), state.get("elapsed")
    return blocks >= WARM_UP_BLOCKS and (elapsed >= DAY or state.get("cadence") < SLOW_CADENCE)


def _since_gap(state: State, times: Floats) -> NDArray[np.intp]:
    """Place of the first reading after the last gap: what was before it is another story."""
    gap = max(GAP_READINGS * state.get("cadence"), SHORTEST_GAP)
    last = state.get("started") + state.get("elapsed")
    place = np.arange(len(times)) + LONGEST_WINDOW
    after: NDArray[np.intp] = np.where(np.diff(times, prepend=last) > gap, place, 0)
    return np.maximum.accumulate(after)


def _sides(state: State, deviations: Floats, scale: float, since: NDArray[np.intp]) -> Floats:
    """Means of the last 1, 6 and 72 deviations, up and down, shape (SIDES, n).

    Deviations from before a gap count as none.
    """
    n = len(deviations)
    clipped = np.clip(deviations, -CLIP * scale, CLIP * scale)
    total = np.concatenate(([0.0], np.cumsum(np.concatenate((state.recent, clipped)))))
    end = np.arange(n) + LONGEST_WINDOW + 1
    sides = np.empty((SIDES, n))
    sides[0] = deviations
    for row, window in enumerate(WINDOWS[1:], start=1):
        sides[2 * row] = (total[end] - total[np.maximum(end - window, since)]) / window
    sides[1::2] = -sides[::2]
    return sides


def _observed(
    values: Floats, expected: Floats, sides: Floats, side: NDArray[np.intp], clip: float
) -> Floats:
    """What shows the deviation of each reading's strangest side, in the sensor's unit.

    The mean that was judged; but the reading itself where it lies farther out than a mean over 6,
    or beyond the clip, so that a mean over 72 understates it.
    """
    away = sides[side, np.arange(len(values))]
    sign = np.where(side % 2, -1.0, 1.0)
    farther = sign * (values - expected) >= np.where(side < 4, away, clip)
    return np.where(farther | (side < 2), values, expected + sign * away)
