"""Learn how likely assets fail. The worker alone imports it: it needs scikit-learn."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from forecasts.boosting.fitting import Growth, fit_odds
from forecasts.boosting.trees import Trees
from forecasts.failures.features import Bools, Floats, Record, features, outcomes
from forecasts.failures.model import Calibration, FailureModel

HORIZONS = (24.0, 168.0, 720.0)
"""Hours: a day, a week, a month."""

GROWTH = Growth(rounds=150, rate=0.05, leaves=8, fewest=30, columns=0.8)
HELD_OUT = 0.25
"""The share of the time, the last, on which probabilities are calibrated."""

FEWEST_OF_EACH = 10
"""Moments with and without a failure to follow, at least, before and in the held-out time."""

MOST_ROWS = 200_000
KNOTS = 200
BEYOND = 5.0
"""Log odds to which a calibration reaches beyond what it was made of."""

WEAK = 1e4
"""Next to no pull of the sigmoid toward flatness."""


class TooFewFailures(ValueError):
    """There are too few failures, or moments without one, to learn or to calibrate from."""


def train(
    records: Sequence[Record],
    *,
    start: float,
    until: float,
    step: float = 3.0,
    horizons: Sequence[float] = HORIZONS,
    seed: int = 0,
) -> FailureModel:
    """Learn from what happened from `start` to `until` (hours), looked at every `step` hours.

    For each horizon the last quarter of the time is held out, and what trees of the time before say
    there is calibrated by how often it came true. Nothing whose horizon reaches into the held-out
    time is learned from. The same seed gives the same model. Raises TooFewFailures.
    """
    kinds = tuple(sorted({kind for record in records for kind in record.events}))
    signals = tuple(sorted({name for record in records for name in record.signals}))
    random = np.random.default_rng(seed)
    moments = np.arange(start, until, step)
    if len(moments) * len(records) > MOST_ROWS:
        each = max(MOST_ROWS // len(records), 1)
        chosen = [np.sort(random.choice(moments, each, replace=False)) for _ in records]
    else:
        chosen = [moments] * len(records)
    rows = np.concatenate(
        [features(one, kinds, at, signals) for one, at in zip(records, chosen, strict=True)]
    )
    when = np.concatenate(chosen)
    held = until - HELD_OUT * (until - start)
    fitted = []
    for horizon in horizons:
        parts = [outcomes(one, at, horizon, until) for one, at in zip(records, chosen, strict=True)]
        happened, known = (np.concatenate(column) for column in zip(*parts, strict=True))
        before, after = (when + horizon <= held) & known, (when > held) & known
        fitted.append(_fit(rows, happened, before, after, seed, horizon))
    count = sum(int(((one.failures > start) & (one.failures <= until)).sum()) for one in records)
    return FailureModel(
        horizons=tuple(float(horizon) for horizon in horizons),
        kinds=kinds,
        trees=tuple(trees for trees, _ in fitted),
        calibrations=tuple(calibration for _, calibration in fitted),
        failures=count,
        signals=signals,
    )


def _fit(
    rows: NDArray[np.float32],
    happened: Bools,
    before: Bools,
    after: Bools,
    seed: int,
    horizon: float,
) -> tuple[Trees, Calibration]:
    for part in (before, after):
        count = int(happened[part].sum())
        if min(count, int(part.sum()) - count) < FEWEST_OF_EACH:
            raise TooFewFailures(
                f"Too few failures, or too few moments without one, within {horizon:g} hours to"
                " learn from and to calibrate by."
            )
    trees = fit_odds(rows[before], happened[before], GROWTH, seed=seed)
    return trees, calibrate(trees.predict(rows[after]), happened[after])


def calibrate(said: Floats, happened: Bools) -> Calibration:
    """The rising function from log odds to frequency that fits best.

    The mean of isotonic regression (Zadrozny & Elkan 2002), which takes any rising shape but knows
    no difference within its steps, and of Platt's sigmoid (1999), which keeps the order.
    """
    steps = IsotonicRegression(out_of_bounds="clip").fit(said, happened.astype(np.float64))
    sigmoid = LogisticRegression(C=WEAK).fit(said[:, None], happened)
    even = np.linspace(said.min() - BEYOND, said.max() + BEYOND, KNOTS)
    knots = np.unique(np.concatenate((steps.X_thresholds_, even)).astype(np.float64))
    whole = (steps.predict(knots) + sigmoid.predict_proba(knots[:, None])[:, 1]) / 2.0
    return Calibration(said=knots, happened=np.maximum.accumulate(whole))
