"""Fit trees with scikit-learn's histogram gradient boosting. The worker alone imports it."""

import os
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from forecasts.boosting.trees import Trees

THREADS = int(os.environ.get("OMP_NUM_THREADS", "").split(",")[0] or 1)
"""One, unless the environment asks for more: on a busy machine threads that wait for each other
cost several times the work, and on an idle one two of them were only a third faster."""

Loss = Literal["absolute_error", "squared_error", "quantile"]


@dataclass(frozen=True, slots=True)
class Growth:
    """How trees are grown: more and smaller steps are slower and smoother."""

    rounds: int
    rate: float
    leaves: int
    fewest: int
    """Rows in a leaf, at least."""
    columns: float = 0.5
    """Share of the columns looked at for a split."""
    ridge: float = 0.0


def fit(
    rows: NDArray[Any],
    target: NDArray[np.float64],
    growth: Growth,
    *,
    loss: Loss,
    seed: int,
    quantile: float | None = None,
) -> Trees:
    """Trees that predict `target` (n,) from `rows` (n, columns). The same seed, the same trees.

    loss: absolute_error gives the median, squared_error the mean, quantile the one asked for.
    """
    model = HistGradientBoostingRegressor(loss=loss, quantile=quantile, **_settings(growth, seed))
    return _fitted(model, rows, target)


def fit_odds(
    rows: NDArray[Any], happened: NDArray[np.bool_], growth: Growth, *, seed: int
) -> Trees:
    """Trees that predict the logarithm of the odds that it happens. Both outcomes must occur."""
    model = HistGradientBoostingClassifier(**_settings(growth, seed))
    return _fitted(model, rows, happened)


def _fitted(model: Any, rows: NDArray[Any], target: NDArray[Any]) -> Trees:
    with threadpool_limits(THREADS, user_api="openmp"):
        model.fit(_without_void(rows), target)
    return _flat(model, rows.shape[1])


def _without_void(rows: NDArray[Any]) -> NDArray[Any]:
    """Columns that are missing throughout as 0, which no tree splits: the library fails on them."""
    void = np.isnan(rows).all(axis=0)
    return np.where(void, rows.dtype.type(0), rows) if void.any() else rows


def _settings(growth: Growth, seed: int) -> dict[str, Any]:
    return {
        "max_iter": growth.rounds,
        "learning_rate": growth.rate,
        "max_leaf_nodes": growth.leaves,
        "min_samples_leaf": growth.fewest,
        "max_features": growth.columns,
        "l2_regularization": growth.ridge,
        "random_state": seed,
        "early_stopping": False,
    }


def _flat(model: Any, columns: int) -> Trees:
    """The nodes of a fitted model. Its arrays are private there; a test compares predictions."""
    parts = [predictors[0].nodes for predictors in model._predictors]  # noqa: SLF001
    sizes = np.array([len(part) for part in parts])
    roots = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int32)
    nodes = np.concatenate(parts)
    offset = np.repeat(roots, sizes)
    leaf = nodes["is_leaf"].astype(bool)
    return Trees(
        roots=roots,
        feature=np.where(leaf, -1, nodes["feature_idx"]).astype(np.int32),
        threshold=nodes["num_threshold"].astype(np.float64),
        left=np.where(leaf, 0, nodes["left"] + offset).astype(np.int32),
        right=np.where(leaf, 0, nodes["right"] + offset).astype(np.int32),
        missing_left=nodes["missing_go_to_left"].astype(bool),
        value=np.where(leaf, nodes["value"], 0.0),
        cover=nodes["count"].astype(np.float64),
        baseline=np.asarray(float(np.ravel(model._baseline_prediction)[0])),  # noqa: SLF001
        columns=np.asarray(columns, dtype=np.int32),
    )
