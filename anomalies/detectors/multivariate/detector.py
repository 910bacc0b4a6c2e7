"""Score the rows of an asset by its model, batch after batch."""

from dataclasses import dataclass

import numpy as np

from anomalies.detectors.base import Bools, Floats, check_times
from anomalies.detectors.multivariate.fitting import gaps_in, usable
from anomalies.detectors.multivariate.kernel import smoothed_distances
from anomalies.detectors.multivariate.model import AssetModel, Stream
from anomalies.detectors.multivariate.modes import mode_of

CLEAREST = 3
"""At most so many channels are named."""

NAMED_FROM = 0.5
"""Beside the strangest, those with at least this share of its deviation are named."""


@dataclass(frozen=True, slots=True)
class AssetScores:
    """One entry per row handed in; d is the number of channels of the model.

    score       (n,) smoothed distance from expected over the alarm line: 1 is the line; finite,
                0 where `judged` is false
    is_anomaly  (n,) from where the score is above the line to where it is below 0.9
    judged      (n,) false for two rows after a gap, outside all modes, and without any value
    expected    (n, d) what was expected of each channel, in its unit
    shares      (n, d) how far each channel has been, of late, from what the others and the past
                say; smoothed squared standard deviations, 1 is ordinary
    """

    score: Floats
    is_anomaly: Bools
    judged: Bools
    expected: Floats
    shares: Floats

    def __len__(self) -> int:
        return len(self.score)


def score_rows(
    model: AssetModel,
    state: Stream | None,
    times: Floats,
    values: Floats,
    settings: Floats,
    ignored: Bools | None = None,
) -> tuple[Stream, AssetScores]:
    """Return the new state and the scores; the state handed in is not changed.

    times     (n,) seconds, strictly rising, also from batch to batch
    values    (n, d) in the order of `model.channels`; NaN or infinite where a value is missing
    settings  (n, s) in the order of `model.settings`
    ignored   (n,) rows that say nothing of the machine: not judged, nor are the two after them

    `None` starts a stream: its first two rows are not judged. A score depends on the past only;
    one long batch and many short ones give the same. Raises `UnorderedTimes`.
    """
    before = state or Stream.start(model)
    check_times(times, float(before.memo[2]))
    after = Stream(before.lags.copy(), before.strange.copy(), before.memo.copy())
    mode = mode_of(usable(settings), model.mode_at, model.mode_reach)
    breaks = gaps_in(times, model.interval, float(before.memo[2]))
    if ignored is not None:
        breaks, mode = breaks | ignored, np.where(ignored, -1, mode)
    n, d = values.shape
    smoothed = np.empty(n)
    judged, flagged = np.empty(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
    expected, shares = np.empty((n, d)), np.empty((n, d))
    smoothed_distances(
        np.ascontiguousarray(values, dtype=np.float64),
        breaks,
        mode,
        model.center,
        model.scale,
        model.weights,
        model.offset,
        model.precision,
        model.mean,
        model.limit,
        after.lags,
        after.strange,
        after.memo,
        smoothed,
        expected,
        shares,
        judged,
        flagged,
    )
    if n:
        after.memo[2] = times[-1]
    score = np.where(judged, smoothed / model.limit, 0.0)
    return after, AssetScores(score, flagged, judged, expected, shares)


def named(model: AssetModel, shares: Floats) -> list[str]:
    """The channels that contribute most to one row, the strangest first.

    shares: (d,), a row of `AssetScores.shares`.
    """
    order = np.argsort(-shares, kind="stable")[:CLEAREST]
    least = NAMED_FROM * shares[order[0]]
    return [model.channels[i] for i in order if shares[i] >= least]
