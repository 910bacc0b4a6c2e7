"""A fitted ensemble of regression trees, whole in plain arrays."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecasts.boosting.effects import add_effects
from forecasts.boosting.kernel import add_leaves

Floats = NDArray[np.float64]
Rows = NDArray[np.floating[Any]]


class BadTrees(ValueError):
    """The arrays are no trees: they could be walked for ever, or out of bounds."""


@dataclass(frozen=True, slots=True)
class Trees:
    """All nodes of all trees one after the other; places are counted over all of them.

    roots         (trees,) where each tree begins
    feature       (nodes,) the column that decides; -1 for a leaf
    threshold     (nodes,) at most this much goes to the left
    left, right   (nodes,) the nodes below, always further on
    missing_left  (nodes,) where a value that is NaN goes
    value         (nodes,) what a leaf adds
    cover         (nodes,) how many rows of the training came by
    baseline      () what every prediction begins with
    columns       () the number of columns of a row
    """

    roots: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: Floats
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    missing_left: NDArray[np.bool_]
    value: Floats
    cover: Floats
    baseline: Floats
    columns: NDArray[np.int32]

    def predict(self, rows: Rows) -> Floats:
        """What the ensemble says of each of `rows` (n, columns), shape (n,).

        NaN is a missing value. Raises ValueError for rows of another width.
        """
        if rows.ndim != 2 or rows.shape[1] != int(self.columns):
            raise ValueError(f"The trees take rows of {self.columns} columns, not {rows.shape}.")
        out = np.full(len(rows), float(self.baseline))
        add_leaves(
            np.ascontiguousarray(rows),
            self.roots,
            self.feature,
            self.threshold,
            self.left,
            self.right,
            self.missing_left,
            self.value,
            out,
        )
        return out

    def effects(self, rows: Rows) -> tuple[float, Floats]:
        """How much each column moves each prediction away from the usual one.

        Returns the usual prediction and effects (n, columns): with a row's effects it adds up to
        what `predict` says. These are the Shapley values of path-dependent TreeSHAP (Lundberg,
        Erion & Lee 2018, "Consistent individualized feature attribution for tree ensembles").
        """
        if rows.ndim != 2 or rows.shape[1] != int(self.columns):
            raise ValueError(f"The trees take rows of {self.columns} columns, not {rows.shape}.")
        inner = np.flatnonzero(self.feature >= 0)
        parent = np.full(len(self.feature), -1, dtype=np.int32)
        parent[self.left[inner]] = parent[self.right[inner]] = inner
        out = np.zeros(rows.shape)
        usual = add_effects(
            np.ascontiguousarray(rows),
            parent,
            self.feature,
            self.threshold,
            self.left,
            self.missing_left,
            self.value,
            self.cover,
            out,
        )
        return float(self.baseline) + usual, out

    def arrays(self, prefix: str = "") -> dict[str, NDArray[Any]]:
        """Name and array of each part, to be saved."""
        return {prefix + field.name: getattr(self, field.name) for field in fields(self)}


_KINDS: dict[str, type[np.generic]] = {
    "roots": np.int32,
    "feature": np.int32,
    "threshold": np.float64,
    "left": np.int32,
    "right": np.int32,
    "missing_left": np.bool_,
    "value": np.float64,
    "cover": np.float64,
    "baseline": np.float64,
    "columns": np.int32,
}


def trees_of(arrays: Mapping[str, NDArray[Any]], prefix: str = "") -> Trees:
    """Trees from what `Trees.arrays` gave. Raises BadTrees where they cannot be walked safely."""
    parts = {}
    for name, kind in _KINDS.items():
        part = arrays.get(prefix + name)
        if part is None or part.dtype != kind:
            raise BadTrees(f"The trees have no {name} of type {np.dtype(kind).name}.")
        scalar = name in {"baseline", "columns"}
        if part.ndim != (0 if scalar else 1):
            raise BadTrees(f"The {name} of the trees has {part.ndim} dimensions.")
        parts[name] = np.ascontiguousarray(part) if not scalar else part
    trees = Trees(**parts)
    _check(trees)
    return trees


def _check(trees: Trees) -> None:
    nodes = len(trees.feature)
    for name in ("threshold", "left", "right", "missing_left", "value", "cover"):
        if len(getattr(trees, name)) != nodes:
            raise BadTrees(f"The {name} of the trees has not one entry for each of {nodes} nodes.")
    if np.any((trees.roots < 0) | (trees.roots >= nodes)):
        raise BadTrees("A tree begins outside of the nodes.")
    if np.any((trees.feature < -1) | (trees.feature >= trees.columns)):
        raise BadTrees("A node decides by a column that there is not.")
    inner = np.flatnonzero(trees.feature >= 0)
    for below in (trees.left[inner], trees.right[inner]):
        if np.any((below <= inner) | (below >= nodes)):
            raise BadTrees("A node leads backward or outside of the nodes.")
    _check_numbers(trees)


def _check_numbers(trees: Trees) -> None:
    if not np.all(np.isfinite(trees.cover) & (trees.cover > 0)):
        raise BadTrees("No row of the training came by a node.")
    if not (np.all(np.isfinite(trees.value)) and np.isfinite(trees.baseline)):
        raise BadTrees("A leaf holds no finite number.")
