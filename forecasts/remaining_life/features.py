"""What a history tells of wear: rolling figures of each sensor, made of the past only."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.signal import lfilter

Floats = NDArray[np.float64]
Places = NDArray[np.int64]

MEANS = (5, 15, 30)
"""Cycles of the rolling means."""

SPREADS = (15, 30)
FAST, SLOW = 0.1, 0.03
"""Weights of the newest cycle in the exponential means."""

NEW = 20
"""The first cycles of a life, to which the later ones are compared."""

SAME = 1e-6
"""Spread over size below which a sensor is taken to be constant."""

MOST_MODES = 12
PURE = 0.999
"""Share of the settings' variance that modes must explain to be modes."""

LARGEST = 10.0
"""Sensors count for no more than so many standard deviations."""


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of one unit, row by row in the order of time.

    ages    (n,) cycles, hours or days since it was new, rising
    values  (n, columns) settings and sensors; NaN is missing
    failed  whether it failed in the end; else it was renewed then, or runs on
    whole   whether it was watched from its begin; else ages count from some time in its life
    end     the age at its end; None: the last of the ages
    """

    ages: Floats
    values: Floats
    failed: bool = True
    whole: bool = True
    end: float | None = None

    def __len__(self) -> int:
        return len(self.ages)

    @property
    def left(self) -> Floats:
        """What was left of it at each row, shape (n,)."""
        return (self.ages[-1] if self.end is None else self.end) - self.ages


@dataclass(frozen=True, slots=True)
class Preparation:
    """How the columns of a history become comparable, learned from the training.

    sensors   (s,) which columns are used: those that move
    settings  (t,) which columns set the operating mode
    scaling   (2, t) mean and spread of the settings
    modes     (m, t) the scaled settings of each operating mode; one mode where they form none
    center    (m, s) mean of each sensor in each mode
    spread    (m, s) its standard deviation there
    """

    sensors: Places
    settings: Places
    scaling: Floats
    modes: Floats
    center: Floats
    spread: Floats

    @property
    def columns(self) -> int:
        """The width of a row of features."""
        return 1 + len(self.sensors) * (len(MEANS) + len(SPREADS) + 4) + len(self.settings)

    def comparable(self, values: Floats) -> Floats:
        """The sensors in standard deviations from what is usual in their mode, shape (n, s).

        A missing value is the last known one, or the usual one before any.
        """
        mode = nearest(self._settings(values), self.modes)
        scaled = (values[:, self.sensors] - self.center[mode]) / self.spread[mode]
        return np.clip(_carried(scaled), -LARGEST, LARGEST)

    def features(self, life: Life) -> NDArray[np.float32]:
        """Rows (n, columns) of one history. Row i is made of rows 0 to i of it only."""
        scaled = self.comparable(life.values)
        count = np.arange(1.0, len(life) + 1)[:, None]
        mean = np.cumsum(scaled, axis=0) / count
        new = mean.copy()
        new[NEW:] = mean[NEW - 1 : NEW]
        fast, slow = _exponential(scaled, FAST), _exponential(scaled, SLOW)
        rolling = {length: _rolling(scaled, length) for length in MEANS}
        spreads = [
            np.sqrt(np.maximum(_rolling(scaled**2, length) - rolling[length] ** 2, 0.0))
            for length in SPREADS
        ]
        parts = [*rolling.values(), *spreads, fast, fast - new, fast - slow, fast - mean]
        settings = self._settings(life.values)
        ages = life.ages if life.whole else np.full(len(life), np.nan)
        return np.hstack([ages[:, None], *parts, settings]).astype(np.float32)

    @property
    def origins(self) -> Places:
        """Which column of the values each feature is made of, shape (columns,); -1 is the age."""
        parts = len(MEANS) + len(SPREADS) + 4
        return np.concatenate(([-1], np.tile(self.sensors, parts), self.settings))

    def _settings(self, values: Floats) -> Floats:
        settings = (values[:, self.settings] - self.scaling[0]) / self.scaling[1]
        return np.where(np.isfinite(settings), settings, 0.0)


def prepare(lives: Sequence[Life], settings: Sequence[int], *, seed: int) -> Preparation:
    """Learn the modes, which sensors move in them, and what is usual.

    Columns that never move within a mode are dropped. Raises ValueError where no sensor is left.
    """
    values = np.vstack([life.values for life in lives])
    chosen = np.array([i for i in settings if _moves(values[:, i])], dtype=np.int64)
    scaling = np.vstack(
        [np.nanmean(values[:, chosen], axis=0), np.nanstd(values[:, chosen], axis=0)]
    )
    scaled = (values[:, chosen] - scaling[0]) / scaling[1]
    modes = find_modes(scaled[np.isfinite(scaled).all(axis=1)], seed=seed)
    mode = nearest(np.where(np.isfinite(scaled), scaled, 0.0), modes)
    others = np.array([i for i in range(values.shape[1]) if i not in settings], dtype=np.int64)
    center = np.stack([_nan(np.nanmean, values[mode == m][:, others]) for m in range(len(modes))])
    spread = np.stack([_nan(np.nanstd, values[mode == m][:, others]) for m in range(len(modes))])
    moving = np.nan_to_num(spread) > SAME * np.maximum(np.abs(np.nan_to_num(center)), SAME)
    varied = np.array([len(np.unique(values[np.isfinite(values[:, i]), i])) > 2 for i in others])
    kept = varied & moving.any(axis=0)
    if not kept.any():
        raise ValueError("No sensor changes over the histories, so there is nothing to learn from.")
    return Preparation(
        sensors=others[kept],
        settings=chosen,
        scaling=scaling,
        modes=modes,
        center=np.nan_to_num(center[:, kept]),
        spread=np.where(moving[:, kept], np.nan_to_num(spread[:, kept]), 1.0),
    )


def find_modes(settings: Floats, *, seed: int) -> Floats:
    """Operating modes: the fewest points (m, t) that explain nearly all of the scaled settings.

    One point in the middle where the settings vary freely, or where there are none.
    """
    # Predicting needs neither of them.
    from sklearn.cluster import KMeans  # noqa: PLC0415
    from threadpoolctl import threadpool_limits  # noqa: PLC0415

    middle = np.zeros((1, settings.shape[1]))
    if not settings.shape[1] or not len(settings):
        return middle
    random = np.random.default_rng(seed)
    some = settings[random.choice(len(settings), min(len(settings), 5_000), replace=False)]
    total = float(((some - some.mean(axis=0)) ** 2).sum())
    distinct = len(np.unique(some.round(3), axis=0))
    for count in range(2, min(MOST_MODES, distinct) + 1):
        with threadpool_limits(1):
            found = KMeans(count, n_init=3, random_state=seed).fit(some)
        if found.inertia_ <= (1.0 - PURE) * total:
            return np.asarray(found.cluster_centers_)
    return middle


def nearest(settings: Floats, modes: Floats) -> Places:
    """Which mode each row of settings is in, shape (n,)."""
    apart = ((settings[:, None, :] - modes[None, :, :]) ** 2).sum(axis=2)
    return np.asarray(apart.argmin(axis=1), dtype=np.int64)


def _moves(column: Floats) -> bool:
    known = column[np.isfinite(column)]
    return len(known) > 0 and bool(known.std() > SAME * max(abs(known.mean()), SAME))


def _nan(figure: Any, values: Floats) -> Floats:
    """A figure of each column; NaN where nothing is known."""
    out = np.full(values.shape[1], np.nan)
    known = np.isfinite(values).any(axis=0)
    out[known] = figure(np.where(np.isfinite(values), values, np.nan)[:, known], axis=0)
    return out


def _carried(scaled: Floats) -> Floats:
    if np.isfinite(scaled).all():
        return scaled
    places = np.where(np.isfinite(scaled), np.arange(len(scaled))[:, None], -1)
    last = np.maximum.accumulate(places, axis=0)
    return np.where(last >= 0, np.take_along_axis(scaled, np.maximum(last, 0), axis=0), 0.0)


def _rolling(values: Floats, length: int) -> Floats:
    """Means over the last `length` cycles, or as many as there are."""
    sums = np.vstack([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    ends = np.arange(1, len(values) + 1)
    begins = np.maximum(ends - length, 0)
    return np.asarray((sums[ends] - sums[begins]) / (ends - begins)[:, None])


def _exponential(values: Floats, weight: float) -> Floats:
    """Exponentially weighted means, whose weights always sum to 1."""
    past = [1.0, weight - 1.0]
    total = lfilter([1.0], past, values, axis=0)
    weights = lfilter([1.0], past, np.ones(len(values)))
    return np.asarray(total / weights[:, None])
