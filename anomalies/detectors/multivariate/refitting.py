"""A new model for an asset, and whether it is worth having: judged on rows it did not learn from.

The last quarter of the rows is held out. A model of the others must leave it in peace, and must say
more of each channel than that channel's own past does: what the channels share is what a model of
the machine adds to the detectors of its sensors. Then all rows are learned from.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from anomalies.detectors.base import Bools, Floats
from anomalies.detectors.multivariate import PROBATION
from anomalies.detectors.multivariate.detector import score_rows
from anomalies.detectors.multivariate.fitting import (
    LEAST_ROWS,
    UnfitBaseline,
    filled,
    fit,
    past_of,
    ridge,
    standardized,
    usable,
    whole,
)
from anomalies.detectors.multivariate.kernel import LAGS
from anomalies.detectors.multivariate.model import AssetModel
from anomalies.detectors.multivariate.modes import mode_of

HELD_OUT = 0.25
MOST_FLAGGED = 0.01

BLOCKS = 8
SURE = 2.0
"""What the others explain is clear from so many standard errors on, by the means of 8 blocks."""

PROBATION_SHARE = 1 / 3
"""Where less is known in all, of this share of it."""

WARM_UP = 60
"""A new model reads so many of the last rows before it goes on: its EWMA remembers no more."""


@dataclass(frozen=True, slots=True)
class Helpfulness:
    """What a model was worth on rows it did not learn from.

    rows       so many were held out
    flagged    share of them that it flagged, all of them being ordinary
    explained  share of what a channel's own past leaves unexplained that the other channels
               explain; the mean of all channels. 0: they say nothing of each other
    error      its standard error
    """

    rows: int
    flagged: float
    explained: float
    error: float

    @property
    def why_not(self) -> str:
        """Why it is not worth having, and what to do; empty where it is."""
        if self.explained <= SURE * self.error:
            return (
                "The sensors say nothing of each other: together they do not clearly explain more"
                " than the past of each alone."
            )
        if self.flagged > MOST_FLAGGED:
            return (
                f"It would have flagged {self.flagged:.1%} of the last {self.rows} ordinary rows,"
                f" and {MOST_FLAGGED:.0%} are allowed: the machine runs in a way that the rows"
                " before do not show. Label what was a fault, or wait until more is learned."
            )
        return ""


def refit(
    times: Floats,
    values: Floats,
    channels: Sequence[str],
    settings: Sequence[str] = (),
    vouched: Bools | None = None,
) -> tuple[AssetModel, Helpfulness]:
    """The model of n ordinary rows, and what such a model was worth; see `fit` for the arguments.

    vouched: (n,) rows of which a person said that they are ordinary. They are not held out: what
    they show may be new. The same rows give the same model. Raises UnfitBaseline, also where too
    few rows are left to hold out.
    """
    held = np.arange(len(times)) >= int(len(times) * (1 - HELD_OUT))
    if vouched is not None:
        held &= ~vouched
    if held.sum() < LEAST_ROWS / 2:
        raise UnfitBaseline(
            f"There are {len(times)} rows of ordinary running; at least {2 * LEAST_ROWS} are"
            " needed, of which the last are held out. Wait until more is measured."
        )
    known = fit(times[~held], values[~held], channels, settings)
    at = {name: i for i, name in enumerate(channels)}
    rows = usable(values)[:, [at[name] for name in known.channels]]
    chosen = usable(values)[:, [at[name] for name in known.settings]]
    _, scores = score_rows(known, None, times[held], rows[held], chosen[held])
    judged = int(scores.judged.sum())
    if not judged:
        raise UnfitBaseline(
            "None of the last rows could be judged: they are too far apart in time, or in modes"
            " that the rows before do not have. Wait until more is measured."
        )
    explained, error = _explained(known, times, rows, chosen, held)
    helpfulness = Helpfulness(judged, float(scores.is_anomaly.sum() / judged), explained, error)
    return fit(times, values, channels, settings), helpfulness


def learned_until(first: float, end: float) -> float:
    """Up to when rows are learned from of an asset known from `first` to `end`, in seconds.

    >>> learned_until(0.0, 30 * 86_400.0) / 86_400, learned_until(0.0, 3 * 86_400.0) / 86_400
    (23.0, 2.0)
    """
    return end - min(PROBATION, (end - first) * PROBATION_SHARE)


def _explained(
    model: AssetModel, times: Floats, rows: Floats, chosen: Floats, held: Bools
) -> tuple[float, float]:
    """1 - mean over channels of (squared error with the others / squared error of its own past).

    Both of rows that neither prediction learned from, where they have a value. And its standard
    error, from blocks of rows: neighbors are alike.
    """
    mode = mode_of(chosen, model.mode_at, model.mode_reach)
    standard = standardized(rows, mode, model.center, model.scale)
    full = filled(standard)
    past, now = past_of(full), full[LAGS:]
    known = whole(times, mode, model.interval)
    taught, held = known & ~held[LAGS:], known & held[LAGS:]
    left = now[held] - past[held] @ model.weights - model.offset
    with_others = left @ model.precision / np.diag(model.precision)
    there = np.isfinite(standard[LAGS:][held])
    gains = np.zeros(with_others.shape)
    for j in range(rows.shape[1]):
        own = past[:, j :: rows.shape[1]]
        weights, offset = ridge(own[taught], now[taught, j : j + 1])
        alone = (now[held, j : j + 1] - own[held] @ weights - offset)[:, 0]
        usual = np.mean(alone[there[:, j]] ** 2) if there[:, j].any() else 0.0
        if usual > 0:
            gain = (alone**2 - with_others[:, j] ** 2) / usual
            gains[:, j] = np.where(there[:, j], gain, 0.0) / max(there[:, j].mean(), 1e-9)
    each = gains.mean(axis=1)
    means = [block.mean() for block in np.array_split(each, min(BLOCKS, len(each)))]
    error = np.std(means, ddof=1) / np.sqrt(len(means)) if len(means) > 1 else np.inf
    return float(each.mean()), float(error)
