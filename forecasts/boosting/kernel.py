"""The compiled walks through the trees. The worker alone imports it."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

BLOCK = 1024
"""Rows that go down one tree after the other: a tree stays in the cache of the processor."""


@njit(cache=True, nogil=True, error_model="numpy")
def add_leaves(
    rows: NDArray[np.floating[Any]],
    roots: NDArray[np.int32],
    feature: NDArray[np.int32],
    threshold: NDArray[np.float64],
    left: NDArray[np.int32],
    right: NDArray[np.int32],
    missing_left: NDArray[np.bool_],
    value: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:
    """Add to `out` (n,) what the trees say of `rows` (n, columns); feature -1 marks a leaf."""
    total = np.empty(BLOCK)
    for start in range(0, rows.shape[0], BLOCK):
        count = min(BLOCK, rows.shape[0] - start)
        total[:] = 0.0
        for root in roots:
            for i in range(count):
                node = root
                while feature[node] >= 0:
                    x = rows[start + i, feature[node]]
                    if np.isnan(x):
                        node = left[node] if missing_left[node] else right[node]
                    else:
                        node = left[node] if x <= threshold[node] else right[node]
                total[i] += value[node]
        for i in range(count):
            out[start + i] += total[i]
