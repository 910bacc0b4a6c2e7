"""From a baseline of ordinary rows to the model of an asset. NumPy and scikit-learn."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from sklearn.covariance import ledoit_wolf

from anomalies.detectors.base import GAP_READINGS, Bools, Floats
from anomalies.detectors.multivariate.kernel import CAP, CLIP, FARTHEST, LAGS, SMOOTHING
from anomalies.detectors.multivariate.model import AssetModel
from anomalies.detectors.multivariate.modes import mode_of, modes_of

RIDGE = 10.0
"""The penalty weighs as much as ten rows."""

FOLDS = 4
"""Each quarter of the baseline is judged by what the other three taught."""

EXCEEDED_ONCE_IN = 400
LINE = 1.5
LEAST_LINE = 1.25
LINE_ROWS = 400
"""The alarm line, as a multiple of what the EWMA exceeds once in 400 rows of the baseline: `LINE`
where that is known from 400 rows. What is above `LEAST_LINE` makes up for how little is known, and
shrinks with the root of the number of rows, as the error of an estimate does."""

SETTLING = 48
"""Rows at the start of the baseline during which the EWMA still remembers its first row."""

LEAST_ROWS = 80
ROWS_PER_CHANNEL = 5
"""Fewer rows teach nothing about how that many channels go together."""

LEAST_FILLED = 0.5
ROUNDING = 1e-9

FINEST = 1e-140
"""Of smaller movements the squares are no numbers anymore."""


class UnfitBaseline(ValueError):
    """Nothing can be learned from these rows; the text says why and what to do."""


def fit(
    times: Floats,
    values: Floats,
    channels: Sequence[str],
    settings: Sequence[str] = (),
) -> AssetModel:
    """Learn an asset from n rows of its ordinary running.

    times     (n,) seconds, in order
    values    (n, len(channels)) one column for each name; NaN where a value is missing
    settings  those of `channels` that set the operating mode: they are not judged, and tell what
              is ordinary for the others. Settings that vary without steps are taken as channels.

    A channel that never moves, or is missing in half of the rows, is left out (`unused`).
    Raises UnfitBaseline where fewer than two channels or too few rows remain.
    """
    if len(set(channels)) != len(channels):
        raise UnfitBaseline("Two channels have the same name. Give each its own.")
    values = usable(values)
    column = {name: values[:, i] for i, name in enumerate(channels)}
    chosen = np.column_stack([np.empty((len(values), 0)), *(column[s] for s in settings)])
    mode_at, reach = modes_of(chosen)
    if settings and not np.all(np.isfinite(reach)):
        settings, mode_at, reach = (), np.zeros((1, 0)), np.zeros(0)
        chosen = chosen[:, :0]
    mode = mode_of(chosen, mode_at, reach)
    candidates = [name for name in channels if name not in settings]
    used = [name for name in candidates if _moves(column[name][mode >= 0])]
    rows = np.column_stack([np.empty((len(values), 0)), *(column[name] for name in used)])
    _check_enough(len(rows), len(used), len(candidates))
    center, scale = _standard(rows, mode, len(mode_at))
    standard = filled(standardized(rows, mode, center, scale))
    interval = _interval(times)
    usual = whole(times, mode, interval)
    if usual.sum() < LEAST_ROWS / 2:
        raise UnfitBaseline(
            "The rows of the baseline are too far apart in time, or in too many modes, to learn"
            " how one follows the other. Give a longer stretch without gaps."
        )
    left, weights, offset = _residuals(standard, usual)
    precision = np.linalg.inv(ledoit_wolf(left, assume_centered=True)[0])
    distance = np.einsum("ij,jk,ik->i", left, precision, left)
    mean = float(distance.mean())
    return AssetModel(
        channels=tuple(used),
        unused=tuple(name for name in candidates if name not in used),
        settings=tuple(settings),
        mode_at=mode_at,
        mode_reach=reach,
        center=center,
        scale=scale,
        weights=weights,
        offset=offset,
        precision=(precision + precision.T) / 2,
        mean=mean,
        limit=_limit(distance, mean),
        together=ledoit_wolf(standard[mode >= 0], assume_centered=True)[0],
        interval=interval,
    )


def usable(values: Floats) -> Floats:
    """The same with NaN for what is no measurement: infinite, or beyond 1e100."""
    with np.errstate(invalid="ignore"):
        return np.where(np.abs(values) <= FARTHEST, values, np.nan)


def standardized(rows: Floats, mode: NDArray[np.intp], center: Floats, scale: Floats) -> Floats:
    """Distances from the mean of the row's mode, in standard deviations; NaN outside all modes.

    They are clipped, as in the stream.
    """
    result = (rows - center[mode]) / scale[mode]
    result[mode < 0] = np.nan
    return np.clip(result, -CLIP, CLIP)


def _moves(values: Floats) -> bool:
    known = values[np.isfinite(values)]
    if len(known) < max(LEAST_FILLED * len(values), 2):
        return False
    return bool(np.ptp(known) > max(ROUNDING * np.abs(known).max(), FINEST))


def _check_enough(rows: int, used: int, given: int) -> None:
    if used < 2:
        raise UnfitBaseline(
            f"Of {given} channels, {used} moved during the baseline; at least two have to."
            " Give a longer baseline or other channels."
        )
    needed = max(LEAST_ROWS, ROWS_PER_CHANNEL * used)
    if rows < needed:
        raise UnfitBaseline(
            f"The baseline has {rows} rows; {used} channels need at least {needed}."
            " Give a longer baseline or fewer channels."
        )


def _standard(rows: Floats, mode: NDArray[np.intp], modes: int) -> tuple[Floats, Floats]:
    """Mean and deviation of each channel in each mode; of all rows where it stood still in one."""
    inside = rows[mode >= 0]
    everywhere = _deviation(inside)
    center = np.empty((modes, rows.shape[1]))
    scale = np.empty_like(center)
    for m in range(modes):
        part = rows[mode == m]
        known = np.isfinite(part).sum(axis=0) > 1
        center[m] = np.where(known, _mean(part), _mean(inside))
        own = _deviation(part)
        scale[m] = np.where(known & (own > ROUNDING * everywhere), own, everywhere)
    return center, scale


def _mean(rows: Floats) -> Floats:
    counted = np.maximum(np.isfinite(rows).sum(axis=0), 1)
    return np.asarray(np.nansum(rows / counted, axis=0))


def _deviation(rows: Floats) -> Floats:
    """Standard deviation of each column without its NaNs, whatever its size."""
    away = np.abs(rows - _mean(rows))
    largest = np.nanmax(np.where(np.isfinite(away), away, 0.0), axis=0, initial=0.0)
    share = away / np.where(largest > 0, largest, 1.0)
    return np.asarray(largest * np.sqrt(_mean(share**2)))


def filled(rows: Floats) -> Floats:
    """Each missing value becomes the last one before it, and 0, the mean, at the start."""
    known = np.isfinite(rows)
    last = np.maximum.accumulate(np.where(known, np.arange(len(rows))[:, None], -1), axis=0)
    carried = np.take_along_axis(rows, np.maximum(last, 0), axis=0)
    return np.where(last >= 0, carried, 0.0)


def _interval(times: Floats) -> float:
    steps = np.diff(times)
    steps = steps[steps > 0]
    return float(np.median(steps)) if len(steps) else 1.0


def gaps_in(times: Floats, interval: float, last: float = -np.inf) -> Bools:
    """Whether each row comes more than ten usual intervals after the one before, shape (n,)."""
    return np.asarray(np.diff(times, prepend=last) > GAP_READINGS * interval)


def whole(times: Floats, mode: NDArray[np.intp], interval: float) -> Bools:
    """Rows after the first few whose past is known: without a gap, each in some mode."""
    broken = gaps_in(times, interval, times[0]) | (mode < 0)
    known = ~broken[LAGS:] & (mode[:-LAGS] >= 0)
    for lag in range(1, LAGS):
        known &= ~broken[LAGS - lag : -lag]
    return np.asarray(known)


def _residuals(rows: Floats, usual: Bools) -> tuple[Floats, Floats, Floats]:
    """What is left of each row, held out of the fit that predicts it, and the fit on all rows."""
    past, now = past_of(rows), rows[LAGS:]
    left = np.empty_like(now)
    places = np.arange(len(now))
    edges = np.linspace(0, len(now), FOLDS + 1).astype(int)
    for first, end in pairwise(edges):
        others = usual & ((places < first - LAGS) | (places >= end + LAGS))
        weights, offset = ridge(past[others], now[others])
        left[first:end] = now[first:end] - past[first:end] @ weights - offset
    return left[usual], *ridge(past[usual], now[usual])


def past_of(rows: Floats) -> Floats:
    """The last rows before each row after the first few, newest first, side by side."""
    return np.hstack([rows[LAGS - 1 - lag : len(rows) - 1 - lag] for lag in range(LAGS)])


def ridge(past: Floats, now: Floats) -> tuple[Floats, Floats]:
    """Weights and offset of the linear prediction of `now`, held back by `RIDGE`."""
    means = past.mean(axis=0), now.mean(axis=0)
    centered = past - means[0]
    moments = centered.T @ centered + RIDGE * np.eye(past.shape[1])
    weights = np.linalg.solve(moments, centered.T @ (now - means[1]))
    return weights, means[1] - means[0] @ weights


def _limit(distance: Floats, mean: float) -> float:
    level, levels = mean, np.empty_like(distance)
    for i, one in enumerate(np.minimum(distance, CAP * mean)):
        level += SMOOTHING * (one - level)
        levels[i] = level
    usual = np.quantile(levels[SETTLING:], 1 - 1 / EXCEEDED_ONCE_IN, method="higher")
    return float(_line(len(distance) + LAGS) * usual)


def _line(rows: int) -> float:
    """
    >>> _line(400), round(_line(4000), 2)
    (1.5, 1.33)
    """
    return float(LEAST_LINE + (LINE - LEAST_LINE) * np.sqrt(LINE_ROWS / rows))
