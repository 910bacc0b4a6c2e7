"""Operating modes: which rows of a baseline were run with the same settings."""

import numpy as np
from numpy.typing import NDArray

from anomalies.detectors.base import Floats

REACH = 0.1
"""Settings this share of their range apart, or less, are the same mode."""

SPREAD = 0.25
"""Inside a mode they vary with a standard deviation of this share of the reach, or less."""

LEAST_ROWS = 50
LEAST_SHARE = 0.9
MOST_MODES = 20

Places = NDArray[np.intp]


def modes_of(settings: Floats) -> tuple[Floats, Floats]:
    """The modes of a baseline and their reach: arrays of shape (m, s) and (s,).

    settings: (n, s). Rows join the first mode within reach, or begin one (leader clustering).
    Modes of fewer than 50 rows, or of settings spread over the whole reach, are no modes. Where
    the rest holds less than nine tenths of the rows, the settings vary without steps and there is
    a single mode: (1, s) with infinite reach.

    >>> at, reach = modes_of(np.repeat([[1500.0], [3000.0]], 60, axis=0))
    >>> at.ravel().tolist(), reach.tolist()
    ([1500.0, 3000.0], [150.0])
    """
    known = settings[np.all(np.isfinite(settings), axis=1)]
    single = np.zeros((1, settings.shape[1])), np.full(settings.shape[1], np.inf)
    if not len(known) or not settings.shape[1]:
        return single
    reach = np.maximum(REACH * np.ptp(known, axis=0), 1e-9 * np.abs(known).max(axis=0))
    reach = np.where(reach > 0, reach, 1.0)
    kept: list[Floats] = []
    rest = known
    while len(rest) >= LEAST_ROWS and len(kept) <= MOST_MODES:
        near = np.all(np.abs(rest - rest[0]) <= reach, axis=1)
        tight = np.all(rest[near].std(axis=0) <= SPREAD * reach)
        if near.sum() >= LEAST_ROWS and tight:
            kept.append(rest[near].mean(axis=0))
        rest = rest[~near]
    found = np.array(kept).reshape(-1, settings.shape[1])
    inside = mode_of(settings, found, reach) >= 0
    if not 1 <= len(found) <= MOST_MODES or inside.mean() < LEAST_SHARE:
        return single
    return found, reach


def mode_of(settings: Floats, modes: Floats, reach: Floats) -> Places:
    """The nearest mode of each row, shape (n,); -1 where none is within reach.

    >>> mode_of(np.array([[1510.0], [2000.0]]), np.array([[1500.0], [3000.0]]), np.array([150.0]))
    array([ 0, -1])
    """
    if not settings.shape[1] or not np.all(np.isfinite(reach)):
        return np.zeros(len(settings), dtype=np.intp)
    if not len(modes):
        return np.full(len(settings), -1, dtype=np.intp)
    away = np.max(np.abs(settings[:, None, :] - modes[None]) / reach, axis=2)
    away = np.where(np.isnan(away), np.inf, away)
    nearest = np.argmin(away, axis=1)
    return np.where(away[np.arange(len(settings)), nearest] <= 1.0, nearest, -1)
