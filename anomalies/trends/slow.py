"""Whether daily figures rise or fall slowly, or went to another level and stayed there.

Slope by Theil (1950) and Sen (1968), significance by Mann (1945) and Kendall (1975), a step by
Pettitt (1979). All three go by ranks or medians: single wild days count as one day. Daily figures
of machines follow each other, which makes any of these tests see trends in noise: the variance is
that of an AR(1) series, (1 + r) / (1 - r) times as large, with r from the residuals, corrected for
what a short series hides of it (Kendall 1954). Cost: about 15,000 comparisons a series and night.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from anomalies.detectors.base import Bools, Floats

Ints = NDArray[np.int64]

WINDOWS = (14, 30, 60, 90)
"""Days; the longest is what is read."""

LONGEST = WINDOWS[-1]
FEWEST_DAYS = 10
FILLED = 0.6
"""Of the days of a window, so many have a figure."""

LINE = 4.0
"""Standard deviations of the statistic. Chosen on noise alone: `make bench-trends`."""

LEAST_CHANGE = 3.0
"""A change is at least so many times what is usual from day to day."""

WEEK = 7
WEEKS = 3
"""From so many weeks on, what a day of the week has of its own is taken off."""

EARLIER_DAYS = 21
"""So many days before a window say what is usual of a sensor."""

MOST_CORRELATED = 0.95
AT_ONCE = 500
PENDING = 14
"""Days after which a step is the new normal."""


@dataclass(frozen=True, slots=True)
class Slow:
    """What was found, one entry per series, all of shape (n,).

    score          1 is the alarm line; 0 where nothing was found
    closeness      the change over what it leaves unexplained
    is_step        a step, not a slope
    first          column of the first day that belongs to it
    slope          change per day; of a step 0
    before, after  level at its begin, and now
    """

    score: Floats
    closeness: Floats
    is_step: Bools
    first: Ints
    slope: Floats
    before: Floats
    after: Floats

    @property
    def is_up(self) -> Bools:
        return self.after > self.before


def slow_changes(levels: Floats, weekday: int) -> Slow:
    """Look at series of daily figures, of shape (n, days), the newest last; NaN: none that day.

    `weekday` is that of the last column, 0 to 6. Of several windows and of line and step that one
    counts which leaves the least unexplained.

    >>> noise = np.random.default_rng(1).normal(size=(2, 90))
    >>> noise[1, 60:] += np.arange(30) * 0.4
    >>> found = slow_changes(noise, weekday=0)
    >>> float(found.score[0]), bool(found.score[1] > 1), bool(found.is_step[1])
    (0.0, True, False)
    """
    parts = [
        _changes(_without_weekdays(levels[i : i + AT_ONCE], weekday))
        for i in range(0, len(levels), AT_ONCE)
    ]
    if not parts:
        parts = [_changes(levels[:, :0])]
    names = Slow.__dataclass_fields__
    return Slow(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def recent_slope(levels: Floats, days: int = WINDOWS[0]) -> Floats:
    """Theil and Sen's slope per day of the last days; NaN where there are too few figures."""
    last = levels[:, -days:]
    slope = _slopes(last)
    slope[np.isfinite(last).sum(axis=1) < FEWEST_DAYS] = np.nan
    return slope


def _changes(levels: Floats) -> Slow:
    n, days = levels.shape
    best = Slow(
        score=np.zeros(n),
        closeness=np.zeros(n),
        is_step=np.zeros(n, dtype=np.bool_),
        first=np.zeros(n, dtype=np.int64),
        slope=np.zeros(n),
        before=np.full(n, np.nan),
        after=np.full(n, np.nan),
    )
    for window in WINDOWS:
        if window > days:
            continue
        part = levels[:, -window:]
        count = np.isfinite(part).sum(axis=1)
        fit = np.flatnonzero(count >= max(FEWEST_DAYS, FILLED * window))
        earlier = levels[:, :-window]
        for found, rows in (_lines(part, earlier, fit), _steps(part, earlier, fit)):
            # The window in which it stands out says that it is there; what fits best, what it is.
            better = (found.score >= 1.0) & (found.closeness > best.closeness[rows])
            where = rows[better]
            for name in Slow.__dataclass_fields__:
                getattr(best, name)[where] = getattr(found, name)[better]
            best.first[where] += days - window
    return best


def _lines(levels: Floats, earlier: Floats, rows: Ints) -> tuple[Slow, Ints]:
    """Those of the rows that rise or fall."""
    signs = _signs(levels[rows])
    count = np.isfinite(levels[rows]).sum(axis=1)
    statistic = np.triu(signs, 1).sum(axis=(1, 2), dtype=np.float64)
    usual = np.sqrt(count * (count - 1) * (2 * count + 5) / 18.0)
    z = np.abs(statistic) / usual
    some = z >= LINE
    rows, z = rows[some], z[some]
    part = levels[rows]
    slope = _slopes(part)
    days = np.arange(part.shape[1], dtype=np.float64)
    base = np.nanmedian(part - slope[:, None] * days, axis=1) if len(rows) else np.zeros(0)
    fitted = base[:, None] + slope[:, None] * days
    change = np.abs(slope) * (part.shape[1] - 1)
    score, closeness = _scored(z, part - fitted, earlier[rows], change)
    flat = np.zeros(len(rows))
    ends = (_medians(part[:, :WEEK]), _medians(part[:, -WEEK:]))
    before, after = (
        np.where(np.isfinite(end), end, line)
        for end, line in zip(ends, fitted.T[[0, -1]], strict=True)
    )
    return (
        Slow(
            score=score,
            closeness=closeness,
            is_step=flat.astype(np.bool_),
            first=flat.astype(np.int64),
            slope=slope,
            before=before,
            after=after,
        ),
        rows,
    )


def _steps(levels: Floats, earlier: Floats, rows: Ints) -> tuple[Slow, Ints]:
    """Those of the rows that went to another level, at least `FEWEST_DAYS` / 2 days ago.

    Pettitt's statistic K has p = 2 exp(-6 K² / (n³ + n²)); z is the normal one of that p.
    """
    part = levels[rows]
    count = np.isfinite(part).sum(axis=1).astype(np.float64)
    # Within both halves signs cancel out: the sum over pairs across the cut is a running sum.
    across = np.cumsum(_signs(part).sum(axis=2, dtype=np.float64), axis=1)
    edge = FEWEST_DAYS // 2
    across[:, : edge - 1] = 0.0
    across[:, part.shape[1] - edge :] = 0.0
    cut = np.argmax(np.abs(across), axis=1) + 1
    size = np.abs(across[np.arange(len(rows)), cut - 1])
    # -ln(p / 2) = 6 K² / (n³ + n²); for a normal variable it is about z² / 2.
    z = np.sqrt(12.0 * size**2 / (count**3 + count**2))
    some = z >= LINE
    rows, part, cut, z = rows[some], part[some], cut[some], z[some]
    is_after = np.arange(part.shape[1]) >= cut[:, None]
    before = _medians(np.where(is_after, np.nan, part))
    after = _medians(np.where(is_after, part, np.nan))
    fitted = np.where(is_after, after[:, None], before[:, None])
    score, closeness = _scored(z, part - fitted, earlier[rows], np.abs(after - before))
    return (
        Slow(
            score=score,
            closeness=closeness,
            is_step=np.ones(len(rows), dtype=np.bool_),
            first=cut.astype(np.int64),
            slope=np.zeros(len(rows)),
            before=before,
            after=after,
        ),
        rows,
    )


def _scored(z: Floats, residuals: Floats, earlier: Floats, change: Floats) -> tuple[Floats, Floats]:
    """z over the line, for a series whose days follow each other; 0 where the change is small.
    And the change over the spread of the residuals.

    `residuals` are those of the window, which a slow wandering makes look quiet and independent;
    the days `earlier` say what is usual, too. The stricter one counts.
    """
    if not len(z):
        return np.zeros(0), np.zeros(0)
    usual, correlation = _spread(residuals), _correlation(residuals)
    if earlier.shape[1] >= EARLIER_DAYS:
        known = np.isfinite(earlier).sum(axis=1) >= EARLIER_DAYS
        before = earlier - _medians(earlier)[:, None]
        usual = np.where(known, np.fmax(usual, _spread(before)), usual)
        correlation = np.where(known, np.fmax(correlation, _correlation(before)), correlation)
    z = z * np.sqrt((1.0 - correlation) / (1.0 + correlation))
    closeness = change / np.maximum(_spread(residuals), 1e-12 * np.abs(change) + 1e-300)
    is_large = change >= LEAST_CHANGE * usual
    return np.where((z >= LINE) & is_large, z / LINE, 0.0), np.nan_to_num(closeness)


def _spread(centered: Floats) -> Floats:
    """As a standard deviation, from the median distance."""
    spread: Floats = 1.4826 * _medians(np.abs(centered))
    return spread


def _correlation(values: Floats) -> Floats:
    """Of each day with the one before, without what a short series and a fitted line hide of it.

    The mean of r is about rho - (2 + 4 rho) / n (Kendall 1954, Marriott and Pope 1954).
    """
    count = np.isfinite(values).sum(axis=1)
    centered = values - (np.nansum(values, axis=1) / np.maximum(count, 1))[:, None]
    power = np.nansum(centered**2, axis=1)
    follows = np.nansum(centered[:, 1:] * centered[:, :-1], axis=1)
    r = (count * follows / np.maximum(power, 1e-300) + 2.0) / np.maximum(count - 4.0, 1.0)
    limited: Floats = np.clip(r, 0.0, MOST_CORRELATED)
    return limited


def _signs(levels: Floats) -> NDArray[np.int8]:
    """Of the later minus the earlier figure, (n, i, j) for j against i; 0 where one is missing."""
    later, earlier = levels[:, None, :], levels[:, :, None]
    signs: NDArray[np.int8] = (later > earlier).astype(np.int8) - (later < earlier).astype(np.int8)
    return signs


def _slopes(levels: Floats) -> Floats:
    """The median of the slopes between any two days; NaN without two figures."""
    first, second = np.triu_indices(levels.shape[1], 1)
    return _medians((levels[:, second] - levels[:, first]) / (second - first))


def _medians(values: Floats) -> Floats:
    """By row, of what is not NaN; NaN where all is."""
    count = np.isfinite(values).sum(axis=1)
    ordered = np.sort(values, axis=1)
    rows = np.arange(len(values))
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, np.maximum(count - 1, 0))
    median: Floats = (ordered[rows, low] + ordered[rows, high]) / 2.0
    return median


def _without_weekdays(levels: Floats, weekday: int) -> Floats:
    """What a day of the week differs from the week around it, taken off, given enough weeks."""
    n, days = levels.shape
    if days < 7 * WEEKS:
        return levels
    padded = np.pad(levels, ((0, 0), (3, 3)), constant_values=np.nan)
    around = np.lib.stride_tricks.sliding_window_view(padded, 7, axis=1)
    own = levels - _medians(around.reshape(-1, 7)).reshape(n, days)
    of = (weekday - np.arange(days)[::-1]) % 7
    effect = np.zeros((n, 7))
    for day in range(7):
        column = own[:, of == day]
        enough = np.isfinite(column).sum(axis=1) >= WEEKS
        effect[:, day] = np.where(enough, np.nan_to_num(_medians(column)), 0.0)
    effect -= effect.mean(axis=1, keepdims=True)
    without: Floats = levels - effect[:, of]
    return without
