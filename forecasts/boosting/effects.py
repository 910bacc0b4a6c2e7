"""The compiled sharing out of predictions among columns. The worker alone imports it."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

DEEPEST = 64
"""Different columns on the way to a leaf, at most; trees of a few leaves have far fewer."""


@njit(cache=True, nogil=True, error_model="numpy")
def add_effects(
    rows: NDArray[np.floating[Any]],
    parent: NDArray[np.int32],
    feature: NDArray[np.int32],
    threshold: NDArray[np.float64],
    left: NDArray[np.int32],
    missing_left: NDArray[np.bool_],
    value: NDArray[np.float64],
    cover: NDArray[np.float64],
    out: NDArray[np.float64],
) -> float:
    """Add to `out` (n, columns) the Shapley values of `rows`; returns what is usual.

    Leaf by leaf: the columns on the way to it, each with the share of the training that went the
    same way at all of its nodes, and whether the row does. parent: (nodes,), -1 at a root.
    """
    usual = 0.0
    columns = np.empty(DEEPEST, np.int32)
    shares = np.empty(DEEPEST)
    goes = np.empty(DEEPEST)
    weights = np.empty(DEEPEST + 1)
    for leaf in range(len(feature)):
        if feature[leaf] >= 0:
            continue
        for i in range(rows.shape[0]):
            depth, child = 0, leaf
            while parent[child] >= 0:
                node = parent[child]
                x = rows[i, feature[node]]
                to_left = missing_left[node] if np.isnan(x) else x <= threshold[node]
                follows = 1.0 if to_left == (left[node] == child) else 0.0
                place = _place(columns, depth, feature[node])
                if place == depth:
                    columns[place], shares[place], goes[place] = feature[node], 1.0, 1.0
                    depth += 1
                shares[place] *= cover[child] / cover[node]
                goes[place] *= follows
                child = node
            if i == 0:
                usual += value[leaf] * shares[:depth].prod()
            _share_out(columns, shares, goes, depth, value[leaf], weights, out[i])
    return usual


@njit(cache=True, nogil=True, error_model="numpy")
def _place(columns: NDArray[np.int32], depth: int, column: int) -> int:
    """Where the column is among the first `depth`, or `depth`; the last one where all are full."""
    for k in range(depth):
        if columns[k] == column:
            return k
    return min(depth, DEEPEST - 1)


@njit(cache=True, nogil=True, error_model="numpy")
def _share_out(
    columns: NDArray[np.int32],
    shares: NDArray[np.float64],
    goes: NDArray[np.float64],
    depth: int,
    value: float,
    weights: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """EXTEND the path by each of its columns, then UNWIND each to see what it changes."""
    weights[0] = 1.0
    for k in range(depth):
        size = k + 1
        weights[size] = 0.0
        for i in range(k, -1, -1):
            weights[i + 1] += goes[k] * weights[i] * (i + 1) / (size + 1)
            weights[i] = shares[k] * weights[i] * (size - i) / (size + 1)
    for k in range(depth):
        total, following = 0.0, weights[depth]
        for i in range(depth - 1, -1, -1):
            if goes[k] > 0.0:
                part = following / ((i + 1) * goes[k])
                total += part
                following = weights[i] - part * shares[k] * (depth - i)
            else:
                total += weights[i] / (shares[k] * (depth - i))
        out[columns[k]] += total * (depth + 1) * (goes[k] - shares[k]) * value
