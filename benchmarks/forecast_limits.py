#!/usr/bin/env python3
"""Whether limits are reached as often as forecasts say, on the hourly series of the M4 competition.

    python -m benchmarks.forecast_limits [DATA] [--every N] [--simple]

Of each series several made-up limits lie between its median and beyond its interval. The chances
that they are reached within 6, 24 and 48 hours are compared with what came, and with the two
assumptions between which the truth lies: that errors last (the largest chance of a single step),
and that every step has an error of its own. No database.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assets.tabular.table import Layout
from forecasts.forecasters.base import Floats, Forecast
from forecasts.forecasters.choose import forecast
from forecasts.forecasters.passage import chances_by
from forecasts.forecasters.quantiles import chances_of, quantiles_of
from forecasts.forecasters.rows import shape_of
from forecasts.forecasters.selection import forecast_all
from forecasts.tabular.histories import read_wide
from tests.data import data_folder

STEPS, SEASON = 48, 24
WITHIN = (6, 24, 48)
PLACES = (-0.75, -0.25, 0.25, 0.75, 1.25)
"""Of a limit, between the highest median of the horizon (0) and the highest end (1)."""

BINS = np.array([0.0, 0.05, 0.2, 0.4, 0.6, 0.8, 0.95, 1.0])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    parser.add_argument("--every", type=int, default=1, help="only every so many-th series")
    parser.add_argument("--simple", action="store_true", help="each series alone, last four weeks")
    options = parser.parse_args()
    if options.data is None:
        raise SystemExit("No data folder found. Give its path as the first argument.")
    folder = options.data / "m4-hourly"
    past = read_wide(folder / "Hourly-train.csv.gz", Layout())
    future = read_wide(folder / "Hourly-test.csv.gz", Layout())
    names = list(past)[:: options.every]
    made: Sequence[Forecast | None]
    if options.simple:
        made = [
            forecast(past[name][-28 * SEASON :], steps=STEPS, seasons=(SEASON, 7 * SEASON))
            for name in names
        ]
    else:
        made = forecast_all([past[name] for name in names], shape_of(STEPS, SEASON))
    said: list[Floats] = []
    came: list[Floats] = []
    for name, ahead in zip(names, made, strict=True):
        if ahead is None:
            continue
        for upward in (True, False):
            for place in PLACES:
                chances, reached = _judged(ahead, future[name], place, upward=upward)
                said.append(chances)
                came.append(reached)
    _print(np.array(said), np.array(came))


def _judged(ahead: Forecast, truth: Floats, place: float, *, upward: bool) -> tuple[Floats, Floats]:
    """Chances (3, WITHIN): as said, if errors last, if they come anew; and what came (WITHIN,)."""
    most = np.max if upward else np.min
    middle, end = most(ahead.point), most(ahead.upper if upward else ahead.lower)
    limit = float(middle + place * (end - middle))
    at, quantiles = chances_of(ahead.level), quantiles_of(ahead)
    chances = [
        chances_by(limit, at=at, quantiles=quantiles, dependence=own, upward=upward)
        for own in (ahead.dependence, 0.98, 0.0)
    ]
    reached = np.logical_or.accumulate(truth >= limit if upward else truth <= limit)
    places = np.array(WITHIN) - 1
    return np.array(chances)[:, places], reached[places].astype(np.float64)


def _print(said: Floats, came: Floats) -> None:
    print(f"{len(said)} limits of M4 hourly series; chance said, and share that was reached")
    for column, hours in enumerate(WITHIN):
        truth = came[:, column]
        own, lasting, anew = said[:, :, column].T
        briers = [float(np.mean((one - truth) ** 2)) for one in (own, lasting, anew)]
        known = float(np.mean((truth.mean() - truth) ** 2))
        print(f"within {hours} hours: {truth.mean():.3f} were reached, {own.mean():.3f} said")
        print(
            f"  Brier {briers[0]:.4f}; if errors last {briers[1]:.4f}; if each step has its own"
            f" {briers[2]:.4f}; knowing only how often {known:.4f}"
        )
        print(f"  means: if errors last {lasting.mean():.3f}, each its own {anew.mean():.3f}")
        place = np.clip(np.digitize(own, BINS) - 1, 0, len(BINS) - 2)
        error = 0.0
        for one in range(len(BINS) - 1):
            here = place == one
            if here.any():
                error += here.mean() * abs(own[here].mean() - truth[here].mean())
                print(
                    f"    {BINS[one]:.2f} to {BINS[one + 1]:.2f}: {own[here].mean():.3f} said,"
                    f" {truth[here].mean():.3f} came ({here.sum()})"
                )
        print(f"  expected calibration error {error:.3f}")


if __name__ == "__main__":
    main()
