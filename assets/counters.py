"""Counters that fall: rolled over, set back, or corrected. One rule, in Python and in SQL.

A fall rolled over where the counter has an end and the count rose by at most a quarter of it in
between. Else a fall to less than half set it back: what it shows from then on was counted from
zero. A smaller fall is a correction. None of them is negative use.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_BETWEEN = 0.25
"""Of the value at which a counter starts again from 0: the largest rise between two readings."""


def rolled_over(before: float, value: float, end: float | None) -> bool:
    """Whether a counter that showed `before` and shows less now started again from 0 at `end`.

    >>> rolled_over(990, 5, 1000), rolled_over(400, 5, 1000), rolled_over(990, 5, None)
    (True, False, False)
    """
    return end is not None and value < before and 0 <= end - before + value <= MOST_BETWEEN * end


def rises(before: Floats, values: Floats, end: float | None) -> Floats:
    """How far a counter counted from each reading to the next, arrays of shape (n,).

    >>> rises(np.array([98.0, 99, 3, 900]), np.array([99.0, 2, 0, 899]), 100.0).tolist()
    [1.0, 3.0, 0.0, 0.0]
    """
    rise = values - before
    round_again = -1.0 if end is None else end + rise
    rolled = (rise < 0) & (round_again >= 0) & (round_again <= MOST_BETWEEN * (end or 0.0))
    was_reset = (rise < 0) & ~rolled & (values < before / 2)
    found: Floats = np.select([rolled, was_reset, rise < 0], [round_again, values, 0.0], rise)
    return found


def counted_before_sql(before: str, value: str, end: str) -> str:
    """SQL of what to add to `value` for the count to go on from `before`: 0 where it did not fall.

    before, value, end: SQL of two readings after each other, and of where the counter starts again
    from 0 (null: nowhere).
    """
    return (
        f"CASE WHEN {value} < {before} AND {end} - {before} + {value}"
        f" BETWEEN 0 AND {MOST_BETWEEN} * {end} THEN {end}"
        f" WHEN {value} < {before} / 2 THEN {before} ELSE 0 END"
    )
