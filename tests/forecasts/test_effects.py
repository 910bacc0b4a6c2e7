"""What moves a prediction of trees: exact, and adding up to it."""

from itertools import combinations
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasts.boosting.fitting import Growth, fit
from forecasts.boosting.trees import Trees

COLUMNS = 4


@pytest.fixture(scope="module")
def trees() -> Trees:
    random = np.random.default_rng(0)
    rows = random.normal(size=(400, COLUMNS))
    rows[random.random(rows.shape) < 0.05] = np.nan
    known = np.nan_to_num(rows)
    target = 2.0 * known[:, 0] + known[:, 1] * known[:, 2]
    return fit(rows, target, Growth(12, 0.3, 8, 10, 1.0), loss="squared_error", seed=1)


def expected(trees: Trees, row: np.ndarray, known: frozenset[int], node: int) -> float:
    """What a tree says where only some columns are known (algorithm 1 of the paper)."""
    column = int(trees.feature[node])
    if column < 0:
        return float(trees.value[node])
    below = int(trees.left[node]), int(trees.right[node])
    if column in known:
        missing = np.isnan(row[column])
        left = trees.missing_left[node] if missing else row[column] <= trees.threshold[node]
        return expected(trees, row, known, below[0] if left else below[1])
    parts = [trees.cover[one] * expected(trees, row, known, one) for one in below]
    return float(sum(parts) / trees.cover[node])


def shapley(trees: Trees, row: np.ndarray, column: int) -> float:
    """By definition: the mean of what knowing the column changes over all sets of the others."""
    others = [one for one in range(COLUMNS) if one != column]
    total = 0.0
    for size in range(COLUMNS):
        for some in combinations(others, size):
            known = frozenset(some)
            change = sum(
                expected(trees, row, known | {column}, root) - expected(trees, row, known, root)
                for root in trees.roots.tolist()
            )
            total += change / COLUMNS / comb(COLUMNS - 1, size)
    return total


def test_effects_are_the_shapley_values_of_their_definition(trees: Trees) -> None:
    rows = np.array([[0.3, -1.0, 2.0, 0.1], [np.nan, 0.5, -0.5, 1.0]])
    _, effects = trees.effects(rows)
    for row, found in zip(rows, effects, strict=True):
        wanted = [shapley(trees, row, column) for column in range(COLUMNS)]
        assert found == pytest.approx(wanted, abs=1e-9)


value = st.floats(-1e6, 1e6) | st.just(float("nan"))


@given(st.lists(value, min_size=COLUMNS, max_size=COLUMNS))
@settings(max_examples=50)
def test_effects_add_up_to_the_prediction(trees: Trees, row: list[float]) -> None:
    rows = np.array([row])
    usual, effects = trees.effects(rows)
    assert usual + effects.sum() == pytest.approx(trees.predict(rows)[0], abs=1e-9)
