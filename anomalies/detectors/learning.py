"""How the seasonal baseline learns from a full block, without believing outliers.

The constants are one configuration for every sensor. They were chosen with an eye on the data of
`benchmarks/anomaly_labels.py` and on simulated plants, so those figures are not out of sample.
"""

import numpy as np

from anomalies.detectors.base import Floats
from anomalies.detectors.judging import (
    CLIP,
    SLOT_SECONDS,
    WINDOWS,
    Verdict,
    alarm_lines,
    middle,
    movements,
)
from anomalies.detectors.state import BLOCK, LONGEST_WINDOW, MEMORY, SIDES, SLOTS, TOP, State

TAIL_SHARE = 0.02
FEWEST_TOPS = 4
LEAST_HABIT = 0.5
"""Of the threshold: even what deviates by the same amount every day stays calm below the line."""
BEYOND = 1.1
"""The line lies a tenth farther out than the habit reaches; a new extreme moves it by a tenth."""

YOUTH = 20.0
"""With this many readings per reading of the mean, a line lies twice as far out."""

WINDOW_OF_SIDE = np.repeat(np.array(WINDOWS, dtype=np.float64), 2)
LAG_BLOCKS = 10
LEVEL_BLOCKS = 42.0
SLOT_VISITS = 8.0
ERROR_BLOCKS = 40.0
ERROR_CLIP = 3.0
BETTER = 0.95
"""A richer predictor is used once its error is this much smaller."""

PATIENCE = 42.0
"""Alarmed blocks in a row (2,016 readings) after which the new behavior counts as normal."""


def learn(state: State, times: Floats, values: Floats, verdict: Verdict) -> None:
    """Take a full block into the model, in place."""
    alarmed = verdict.judged and float(np.mean(verdict.score >= 1.0)) > 0.5
    if alarmed and state.get("alarmed") + 1 >= PATIENCE:
        _forget(state)
        return
    state.put("alarmed", state.get("alarmed") + 1 if alarmed else 0.0)
    _learn_clock(state, times)
    if not alarmed:
        _learn_movement(state, values)
        if state.get("blocks") == 0:
            state.put("level", float(verdict.expected[0]))
            state.errors[:] = verdict.scale
        _learn_errors(state, values, verdict)
        _learn_tops(state, verdict)
        _learn_profile(state, values, verdict)
        state.put("blocks", state.get("blocks") + 1)
        state.limits[:] = fit_limits(state.tops, int(state.get("blocks")))
    reach = CLIP * verdict.scale
    state.recent[:] = np.concatenate((state.recent, np.clip(verdict.sides[0], -reach, reach)))[
        -LONGEST_WINDOW:
    ]
    state.recent[: max(int(verdict.since[-1]) - len(values), 0)] = 0.0


def _forget(state: State) -> None:
    """Start anew, keeping only where the stream stands."""
    blank = State()
    for name in ("last_time", "raw_time", "raw_value"):
        blank.put(name, state.get(name))
    for name in ("memo", "errors", "profile", "visits", "recent", "tops", "limits"):
        getattr(state, name)[:] = getattr(blank, name)


def _learn_clock(state: State, times: Floats) -> None:
    if state.get("started") == 0 and state.get("blocks") == 0:
        state.put("started", float(times[0]))
    state.put("elapsed", float(times[-1]) - state.get("started"))
    state.put("cadence", middle(times[1:] - times[:-1]))


def _rate(state: State, memory: float) -> float:
    return 1.0 / min(state.get("blocks") + 1.0, memory)


def _learn_movement(state: State, values: Floats) -> None:
    steps = np.abs(values[1:] - values[:-1])
    moved = movements(values, state.get("step"))
    if moved.any():
        typical, rate = middle(steps[moved]), _rate(state, ERROR_BLOCKS)
        state.put("step", state.get("step") + rate * (typical - state.get("step")))
    state.put("moves", state.get("moves") + float(moved.sum()))


def _learn_errors(state: State, values: Floats, verdict: Verdict) -> None:
    """Track each predictor's clipped error, and choose the best. Stillness teaches nothing."""
    if np.all(values == values[0]):
        return
    errors = np.abs(values - verdict.predictions)
    if state.get("blocks") > 0 and verdict.scale > 0:
        errors = np.minimum(errors, ERROR_CLIP * verdict.scale)
    state.errors += _rate(state, ERROR_BLOCKS) * (errors.mean(axis=1) - state.errors)
    before = int(state.get("chosen"))
    chosen = 0
    for candidate in (1, 2):
        if state.errors[candidate] < BETTER * state.errors[chosen]:
            chosen = candidate
    state.put("chosen", float(chosen))
    if chosen != before and state.errors[before] > 0:
        state.tops *= state.errors[chosen] / state.errors[before]


def _learn_tops(state: State, verdict: Verdict) -> None:
    sides = verdict.sides
    if verdict.judged:
        sides = np.minimum(sides, alarm_lines(state, verdict.scale)[:, None])
    largest = np.partition(sides, BLOCK - TOP, axis=1)[:, BLOCK - TOP :]
    state.tops[int(state.get("blocks")) % MEMORY] = largest


def _learn_profile(state: State, values: Floats, verdict: Verdict) -> None:
    """Move the level by the block's median deviation, and each slot by its mean deviation."""
    deviation = values - verdict.expected
    move = middle(deviation)
    if state.get("blocks") >= 6:
        move = float(np.clip(move, -verdict.scale, verdict.scale))
    state.put("level", state.get("level") + _rate(state, LEVEL_BLOCKS) * move)
    reach = 8.0 * verdict.scale
    per_visit = max(SLOT_SECONDS / max(state.get("cadence"), 1e-9), 1.0)
    for kind, slots in enumerate(verdict.slots):
        error = np.clip(values - verdict.predictions[kind + 1], -reach, reach)
        count = np.bincount(slots, minlength=3 * SLOTS)
        mean = np.bincount(slots, weights=error, minlength=3 * SLOTS) / np.maximum(count, 1)
        weight = np.minimum(count / per_visit, 1.0)
        state.visits += weight
        gain = weight / np.clip(state.visits, 1e-9, SLOT_VISITS)
        state.profile += gain * mean


def fit_limits(tops: Floats, blocks: int) -> Floats:
    """Alarm lines (SIDES,), in the sensor's unit, from the ring of each block's largest deviations.

    Between the threshold u, which 2 % of the readings exceed, and p, the largest deviation
    remembered, lies the sensor's habit. The line is u + `BEYOND` * (p - u) for a long history;
    short histories and long means (few independent values) push it farther out. What is learned is
    clipped at the line of its time, so a single fault or stop moves the line by a tenth only.
    The newest blocks (a third of a short history, at most `LAG_BLOCKS`) are left out.
    """
    kept = min(blocks, MEMORY)
    lag = min(LAG_BLOCKS, kept // 3)
    rows = np.arange(blocks - kept, blocks - lag) % MEMORY
    n = len(rows) * BLOCK
    largest = -np.sort(-tops[rows].transpose(1, 0, 2).reshape(SIDES, -1), axis=1)
    threshold = largest[:, min(max(round(TAIL_SHARE * n), FEWEST_TOPS), largest.shape[1] - 1)]
    habit = np.maximum(largest[:, 0] - threshold, LEAST_HABIT * np.abs(threshold))
    youth = 1.0 + np.sqrt(YOUTH * WINDOW_OF_SIDE / n)
    limits: Floats = threshold + BEYOND * youth * habit
    return limits
