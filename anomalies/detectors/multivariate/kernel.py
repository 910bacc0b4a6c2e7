"""The streaming pass, compiled: rows in, smoothed squared distances out."""

import numpy as np
from numba import njit

from anomalies.detectors.base import Bools, Floats
from anomalies.detectors.multivariate.modes import Places

# Compiled in: the cache of the compiled code knows of changes in this file only.
LAGS = 2
"""Rows of the past from which the next one is predicted."""

SMOOTHING = 0.07
"""Weight of the newest row in the EWMA."""

CAP = 20.0
"""A squared distance counts at most so many times the baseline's mean: an event soon ends."""

CALM = 0.9
"""A flagged stretch ends where the score falls below this: it does not flicker at the line."""

CLIP = 1000.0
"""Values are taken to be at most so many standard deviations from the mean."""

FARTHEST = 1e100
"""A larger value is no measurement and counts as missing."""


@njit(cache=True, fastmath={"contract"})
def smoothed_distances(
    values: Floats,
    breaks: Bools,
    mode: Places,
    center: Floats,
    scale: Floats,
    weights: Floats,
    offset: Floats,
    precision: Floats,
    mean: float,
    limit: float,
    lags: Floats,
    strange: Floats,
    memo: Floats,
    smoothed: Floats,
    expected: Floats,
    shares: Floats,
    judged: Bools,
    flagged: Bools,
) -> None:
    """Fill the last five arrays; `lags`, `strange` and `memo` are changed in place.

    values    (n, d) in the channels' units; NaN, infinite or beyond 1e100 where one is missing
    breaks    (n,) whether the past before this row is too long ago to predict it from
    mode      (n,) row of `center` and `scale` (m, d), by which a row is standardized; -1 leaves
              the row out
    mean      of the squared distance on the baseline;  limit  the alarm line for its EWMA
    lags, strange, memo  see `Stream`; the time in `memo` is left alone
    smoothed  (n,) EWMA of the squared distance;  judged (n,) whether this row took part;
              flagged (n,) whether it did and is above the line, or not yet calm since
    expected  (n, d) prediction of each channel, in its unit; the mean after a break
    shares    (n, d) EWMA of each channel's squared deviation from what the other channels and
              the past say: (P r)_j² / P_jj

    What is missing is what the model expects, given the channels that are there; the distance is
    then that of the channels present, scaled by d / present to the same mean.
    """
    n, d = values.shape
    guess, left, pulled = np.empty(d), np.empty(d), np.empty(d)
    gone = np.empty(d, dtype=np.intp)
    seen, level = memo[0], memo[1]
    for i in range(n):
        if breaks[i]:
            seen = 0.0
        _predict(guess, lags, weights, offset, seen >= LAGS)
        missing = _compare(values[i], guess, mode[i], center, scale, left, gone)
        at = max(mode[i], 0)
        expected[i] = center[at] + scale[at] * guess
        if 0 < missing < d:
            _fill(left, precision, gone, missing)
        judged[i] = seen >= LAGS and missing < d
        if judged[i]:
            _pull(pulled, precision, left)
            distance = _distance(pulled, left, precision, CAP * mean, strange)
            distance = min(max(distance, 0.0) * d / (d - missing), CAP * mean)
            level += SMOOTHING * (distance - level)
            memo[3] = level > (CALM * limit if memo[3] else limit)
            flagged[i] = memo[3] > 0
        if missing < d:
            lags[1:] = lags[:-1].copy()
            lags[0] = guess + left
            seen += 1.0
        smoothed[i] = level
        shares[i] = strange
    memo[0] = seen
    memo[1] = level


@njit(cache=True, fastmath={"contract"})
def _predict(
    guess: Floats,
    lags: Floats,
    weights: Floats,
    offset: Floats,
    known: bool,  # noqa: FBT001
) -> None:
    """The next row, standardized; 0, the mean, where the past is not `known`."""
    d = len(guess)
    if not known:
        guess[:] = 0.0
        return
    guess[:] = offset
    for lag in range(LAGS):
        for k in range(d):
            factor = lags[lag, k]
            for j in range(d):
                guess[j] += factor * weights[lag * d + k, j]


@njit(cache=True)
def _compare(
    row: Floats,
    guess: Floats,
    mode: int,
    center: Floats,
    scale: Floats,
    left: Floats,
    gone: Places,
) -> int:
    """Fill `left` with residuals and `gone` with the places of missing channels; their number.

    Standardized values are clipped, so that an absurd one does not outlive the row it is in.
    """
    missing = 0
    for j in range(len(row)):
        if mode < 0 or not abs(row[j]) <= FARTHEST:
            gone[missing] = j
            missing += 1
            left[j] = 0.0
        else:
            standard = (row[j] - center[mode, j]) / scale[mode, j]
            left[j] = min(max(standard, -CLIP), CLIP) - guess[j]
    return missing


@njit(cache=True, fastmath={"contract"})
def _pull(pulled: Floats, precision: Floats, left: Floats) -> None:
    """P r, by the columns of the symmetric P."""
    pulled[:] = 0.0
    for k in range(len(left)):
        factor = left[k]
        for j in range(len(left)):
            pulled[j] += precision[k, j] * factor


@njit(cache=True, fastmath={"contract"})
def _distance(
    pulled: Floats, left: Floats, precision: Floats, most: float, strange: Floats
) -> float:
    """r P r; and `strange` moves on by each channel's part, at most `most`."""
    distance = 0.0
    for j in range(len(left)):
        distance += left[j] * pulled[j]
        one = min(pulled[j] * pulled[j] / precision[j, j], most)
        strange[j] += SMOOTHING * (one - strange[j])
    return distance


@njit(cache=True)
def _fill(left: Floats, precision: Floats, gone: Places, missing: int) -> None:
    """Put the conditional mean of the missing residuals in place: P_mm r_m = -P_mo r_o."""
    matrix = np.empty((missing, missing))
    right = np.empty(missing)
    for a in range(missing):
        right[a] = -np.dot(precision[gone[a]], left)
        for b in range(missing):
            matrix[a, b] = precision[gone[a], gone[b]]
    found = np.linalg.solve(matrix, right)
    for a in range(missing):
        left[gone[a]] = found[a]
