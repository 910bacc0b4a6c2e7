"""A robust seasonal baseline with calibrated alarm lines and a drift channel.

A value is compared with what is expected of its moment: a slow level, plus the time of day, plus
the kind of day, whichever of the three has predicted best so far. The distance, in units of the
sensor's own typical error, is averaged over 1, 6 and 72 readings (spike, rise, drift). Each average
has an alarm line a little beyond the sensor's own largest deviations of about four weeks (a
peaks-over-threshold view, as in Siffer et al. 2017), so that a naturally spiky sensor alarms less.
The score is the distance divided by that line.

Time is counted in readings, except the time of day, which is that of `zone`. After a gap the means
start anew: what was before it is another story. Learning happens in
blocks of 48 readings, is clipped so that no outlier moves it far, skips blocks that are mostly
alarms, and leaves the newest tenth out of the alarm lines so that slow wear does not teach them.
After `PATIENCE` alarmed blocks in a row the new behavior is taken as the new normal.
"""

from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from anomalies.detectors.base import Bools, Floats, Scores, check_times
from anomalies.detectors.judging import judge
from anomalies.detectors.learning import learn
from anomalies.detectors.state import BLOCK, State

STRONG = 1.5
"""One reading so far away is an event at once."""

LARGEST = 1e100
"""Beyond it, squares and differences leave the range of float64: treated as not finite."""


@dataclass(frozen=True, slots=True)
class SeasonalBaseline:
    """The `Detector` for one metric. `kind="counter"` judges the rise per hour.

    >>> times = np.arange(2000) * 600.0
    >>> values = 20 + 5 * np.sin(times / 86400 * 2 * np.pi) + np.cos(np.arange(2000) * 1.7)
    >>> values[1500] += 30
    >>> state, scores = SeasonalBaseline().update(None, times, values)
    >>> np.flatnonzero(scores.score >= 1)
    array([1500])
    >>> round(float(scores.observed[1500]), 1), round(float(scores.expected[1500]), 1)
    (53.1, 22.1)
    """

    kind: Literal["gauge", "counter"] = "gauge"
    zone: tzinfo = UTC
    name: str = "seasonal-baseline"

    def update(
        self, state: bytes | None, times: Floats, values: Floats, ignore: Bools | None = None
    ) -> tuple[bytes, Scores]:
        """See `Detector.update`."""
        now = State.from_bytes(state) if state else State()
        times = np.asarray(times, dtype=np.float64)
        values = np.asarray(values, dtype=np.float64)
        check_times(times, now.get("last_time"))
        if not len(times):
            return now.to_bytes(), _nothing(values)
        observed = _rates(now, times, values) if self.kind == "counter" else values
        known = np.abs(observed) < LARGEST
        if ignore is not None:
            known &= ~ignore
        now.put("last_time", float(times[-1]))
        found = _nothing(observed.copy())
        _run(now, times[known], observed[known], found, np.flatnonzero(known), self.zone)
        return now.to_bytes(), found


def _nothing(observed: Floats) -> Scores:
    n = len(observed)
    return Scores(
        score=np.zeros(n),
        away=np.zeros(n),
        observed=observed,
        expected=np.full(n, np.nan),
        scale=np.full(n, np.nan),
        channel=np.zeros(n, dtype=np.int8),
        judged=np.zeros(n, dtype=np.bool_),
        interval=np.zeros(n),
    )


def _rates(state: State, times: Floats, values: Floats) -> Floats:
    """Rise per hour since the last finite value; NaN where the counter started anew."""
    rates = np.full(len(values), np.nan)
    at = np.flatnonzero(np.abs(values) < LARGEST)
    if not len(at):
        return rates
    value = np.concatenate(([state.get("raw_value")], values[at]))
    time = np.concatenate(([state.get("raw_time")], times[at]))
    rise = np.diff(value)
    rates[at] = np.where(rise >= 0, rise / np.diff(time) * 3600.0, np.nan)
    state.put("raw_value", float(value[-1]))
    state.put("raw_time", float(time[-1]))
    return rates


def _run(
    state: State,
    times: Floats,
    values: Floats,
    found: Scores,
    at: NDArray[np.intp],
    zone: tzinfo,
) -> None:
    """Judge the readings block by block, write that into `found[at]`, learn from full blocks.

    A block in progress is judged again from its start each time: the same sums in the same order,
    so that many small batches give the very same scores as one long batch.
    """
    filled = int(state.get("filled"))
    times = np.concatenate((state.times[:filled], times))
    values = np.concatenate((state.values[:filled], values))
    at = np.concatenate((np.full(filled, -1), at))
    start = 0
    while start < len(values):
        t, x, to = (
            times[start : start + BLOCK],
            values[start : start + BLOCK],
            at[start : start + BLOCK],
        )
        verdict = judge(state, t, x, zone)
        if verdict.judged:
            new = to >= 0
            to = to[new]
            found.judged[to] = True
            found.away[to] = verdict.score[new]
            found.score[to] = verdict.score[new] / STRONG
            found.observed[to] = verdict.observed[new]
            found.expected[to] = verdict.expected[new]
            found.scale[to] = verdict.scale
            found.interval[to] = state.get("cadence")
            found.channel[to] = verdict.channel[new]
        if len(x) < BLOCK:
            break
        learn(state, t, x, verdict)
        start += BLOCK
    rest = max(len(values) - start, 0)
    state.times[:] = np.concatenate((times[start:], np.zeros(BLOCK - rest)))
    state.values[:] = np.concatenate((values[start:], np.zeros(BLOCK - rest)))
    state.put("filled", float(rest))
