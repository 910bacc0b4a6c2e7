"""The compiled walk down the trees. The worker alone imports it."""

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray


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
    for i in range(rows.shape[0]):
        total = 0.0
        for root in roots:
            node = root
            while feature[node] >= 0:
                x = rows[i, feature[node]]
                if np.isnan(x):
                    node = left[node] if missing_left[node] else right[node]
                else:
                    node = left[node] if x <= threshold[node] else right[node]
            total += value[node]
        out[i] += total
