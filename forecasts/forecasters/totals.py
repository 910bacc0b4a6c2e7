"""From the rise of each step to what a counter will read."""

import numpy as np

from forecasts.forecasters.base import Floats


def running_total(
    total: float, rises: Floats, ends: Floats, dependence: float
) -> tuple[Floats, Floats]:
    """What the counter reads after each step, (steps,), and its intervals, (levels, 2, steps).

    rises, ends  the forecast of the rise of each step, of the same shapes

    Errors that all last would add up; errors of their own cancel out. In between, the half h of an
    interval has the square sum over i, j of dependence^|i - j| h_i h_j, as that of a first-order
    autoregression. A counter never falls, so no end does.

    >>> rises, ends = np.ones(4), np.array([[np.zeros(4), np.full(4, 2.0)]])
    >>> [running_total(10.0, rises, ends, own)[1][0, 1].round(1).tolist() for own in (1.0, 0.0)]
    [[12.0, 14.0, 16.0, 18.0], [12.0, 13.4, 14.7, 16.0]]
    """
    middle = total + np.cumsum(rises)
    halves = np.abs(ends - rises)
    square = np.zeros(ends.shape[:-1])
    carried = np.zeros(ends.shape[:-1])
    wide = np.empty_like(ends)
    for step in range(ends.shape[-1]):
        own = halves[..., step]
        square = square + own**2 + 2.0 * own * dependence * carried
        carried = dependence * carried + own
        wide[..., step] = np.sqrt(square)
    reached = np.stack((middle - wide[:, 0], middle + wide[:, 1]), axis=1)
    return middle, np.maximum.accumulate(np.maximum(reached, total), axis=-1)
