#!/usr/bin/env python3
"""Accuracy of the forecasts on the 414 hourly series of the M4 competition, 48 hours ahead.

    python -m benchmarks.forecast_accuracy [DATA] [--every N]

Prints mean absolute scaled error, coverage of the 95 % interval and mean scaled interval score
beside published figures, and how long training and forecasting took. No database.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from assets.tabular.table import Layout
from forecasts.forecasters.rows import shape_of
from forecasts.forecasters.scores import mean_of, score
from forecasts.forecasters.selection import forecast_all
from forecasts.tabular.histories import read_wide
from tests.data import data_folder

STEPS, SEASON = 48, 24
PUBLISHED = (
    "published (M4, hourly): MASE of repeating the last day 1.193, of the winner (Smyl) 0.893, of"
    " the best entry 0.801; MSIS of ARIMA 7.54, of the best entry 6.14"
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    parser.add_argument("--every", type=int, default=1, help="only every so many-th series")
    options = parser.parse_args()
    if options.data is None:
        raise SystemExit("No data folder found. Give its path as the first argument.")
    folder = options.data / "m4-hourly"
    past = read_wide(folder / "Hourly-train.csv.gz", Layout())
    future = read_wide(folder / "Hourly-test.csv.gz", Layout())
    names = list(past)[:: options.every]
    processor, clock = time.process_time(), time.perf_counter()
    made = forecast_all([past[name] for name in names], shape_of(STEPS, SEASON))
    processor, clock = time.process_time() - processor, time.perf_counter() - clock
    scores = [
        score(past[name], ahead, future[name], SEASON)
        for name, ahead in zip(names, made, strict=True)
        if ahead is not None
    ]
    mean = mean_of(scores)
    print(f"M4 hourly: {len(scores)} series, {STEPS} hours ahead")
    print(f"MASE                {mean.mase:.3f}   must 0.80, aim 0.72")
    print(f"    median          {np.median([one.mase for one in scores]):.3f}")
    print(f"sMAPE               {mean.smape:.2f}")
    print(f"in the 95 % range   {mean.coverage:.3f}   must 0.93 to 0.97")
    print(f"MSIS                {mean.msis:.2f}    must 7.5, aim 6.1")
    print(f"training and forecasts: {clock:.1f} s by the clock, {processor:.1f} s of processors")
    print(PUBLISHED)


if __name__ == "__main__":
    main()
