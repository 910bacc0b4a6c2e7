"""Whether what a model is asked about still looks like what it learned from.

The population stability index of a column is the sum over ten bins, each with a tenth of what was
learned from, of (now - then) * ln(now / then), in shares. Below 0.1 nothing has changed, from 0.25
on much has (Siddiqi 2006, "Credit Risk Scorecards"). A few correlated values scatter, too: with n
independent ones now and m then the index of no change at all is about 9 (1 / n + 1 / m) (Yurdakul
2018, "Statistical properties of population stability index").
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasts.forecasters.base import Floats, Ints
from forecasts.forecasters.rows import COLUMNS, Past, Shape

BINS = 10
LEAST = 1e-3
"""A share counts for no less: an empty bin has no logarithm."""

MUCH = 0.25
ASKED = 24
"""Rows of each series that are looked at."""

LATELY = 7
"""Seasons over which they are spread."""

MOST = 1000
"""Series looked at."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What was learned from, by column: inner edges of bins and the share in each of them.

    edges: (columns, BINS - 1), shares: (columns, BINS)
    """

    edges: Floats
    shares: Floats


def seen(rows: NDArray[np.float32]) -> Seen:
    """What rows (n, columns) are like; a column without any value has no edges (NaN)."""
    levels = np.arange(1, BINS) / BINS
    edges = np.full((rows.shape[1], BINS - 1), np.nan)
    for column in range(rows.shape[1]):
        known = rows[np.isfinite(rows[:, column]), column]
        if len(known):
            edges[column] = np.quantile(known.astype(np.float64), levels)
    return Seen(edges, _shares(rows, edges))


def index(then: Seen, rows: NDArray[np.float32]) -> Floats:
    """The population stability index of each column, (columns,); NaN where nothing is known."""
    now = _shares(rows, then.edges)
    one, other = np.maximum(now, LEAST), np.maximum(then.shares, LEAST)
    return np.asarray(((one - other) * np.log(one / other)).sum(axis=1))


def line(series: int, learned_from: int) -> float:
    """From which index on a column has changed much, with so many series.

    Each series counts as one independent value a season, over four weeks when it was learned from.

    >>> round(line(1000, 1000), 3), round(line(10, 10), 3)
    (0.252, 0.411)
    """
    return MUCH + (BINS - 1) * (1 / (LATELY * series) + 1 / (4 * LATELY * learned_from))


def of_quarter(columns: Floats) -> float:
    """The index that a quarter of the columns reach; NaN where none is known.

    Made-up plants: 0.02 to 0.11 without a change, 0.5 and more with noise three times as strong.
    """
    known = columns[np.isfinite(columns)]
    return float(np.quantile(known, 0.75)) if len(known) else math.nan


def lately(histories: Sequence[Floats], shape: Shape, seed: int) -> NDArray[np.float32]:
    """What the model would have been asked over the last week: rows (n, COLUMNS) of some series."""
    random = np.random.default_rng(seed)
    places: Ints = np.arange(len(histories))
    if len(places) > MOST:
        places = np.sort(random.choice(places, MOST, replace=False))
    found = [np.empty((0, COLUMNS), dtype=np.float32)]
    for place in places:
        past = Past(histories[place], shape)
        first = max(len(past) - LATELY * shape.season, 1)
        origins = random.integers(first, len(past) + 1, ASKED)
        rows = past.rows(origins, random.integers(0, shape.steps, ASKED))
        found.append(rows[past.scale(origins) > 0])
    return np.concatenate(found)


def _shares(rows: NDArray[np.float32], edges: Floats) -> Floats:
    shares = np.full((len(edges), BINS), np.nan)
    for column, inner in enumerate(edges):
        known = rows[np.isfinite(rows[:, column]), column]
        if len(known) and np.isfinite(inner).all():
            places = np.searchsorted(inner, known, side="left")
            shares[column] = np.bincount(places, minlength=BINS) / len(known)
    return shares
