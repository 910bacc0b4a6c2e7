#!/usr/bin/env python3
"""Accuracy of the forecasts on the 414 hourly series of the M4 competition, 48 hours ahead.

    python -m benchmarks.forecast_accuracy [DATA] [--series N]

Prints the mean absolute scaled error (1 = as good as repeating the last day within the history),
the share of true values inside the 95 % interval, the mean scaled interval score, and the speed.
No database.
"""

import argparse
import csv
import gzip
import time
from collections import Counter
from pathlib import Path

import numpy as np

from forecasts.forecasters.choose import forecast
from forecasts.forecasters.naive import SeasonalNaive
from tests.data import data_folder

STEPS = 48


def series_of(path: Path) -> list[np.ndarray]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = list(csv.reader(lines))[1:]
    return [np.array([float(cell) for cell in row[1:] if cell]) for row in rows]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    parser.add_argument("--series", type=int, default=None, help="only every so many-th series")
    options = parser.parse_args()
    if options.data is None:
        raise SystemExit("No data folder found. Give its path as the first argument.")
    past = series_of(options.data / "m4-hourly" / "Hourly-train.csv.gz")[:: options.series]
    future = series_of(options.data / "m4-hourly" / "Hourly-test.csv.gz")[:: options.series]
    mase, naive, inside, widths, winkler = [], [], [], [], []
    methods: Counter[str] = Counter()
    begun = time.process_time()
    for history, truth in zip(past, future, strict=True):
        result = forecast(history, steps=STEPS, seasons=(24, 168))
        methods[result.method.split(":")[0]] += 1
        scale = np.mean(np.abs(history[24:] - history[:-24]))
        last = SeasonalNaive(24).from_origins(history, np.array([len(history)]), STEPS)[0, 0]
        mase.append(np.mean(np.abs(truth - result.point)) / scale)
        naive.append(np.mean(np.abs(truth - last)) / scale)
        inside.append(np.mean((truth >= result.lower) & (truth <= result.upper)))
        width = result.upper - result.lower
        outside = np.maximum(result.lower - truth, 0) + np.maximum(truth - result.upper, 0)
        widths.append(np.mean(width) / scale)
        winkler.append(np.mean(width + 40 * outside) / scale)
    taken = time.process_time() - begun
    print(f"series                         {len(past)}")
    print(f"MASE                           {np.mean(mase):.3f} (median {np.median(mase):.3f})")
    print(f"MASE, repeating the last day   {np.mean(naive):.3f}")
    print(f"inside the 95 % interval       {np.mean(inside):.3f}")
    print(f"interval width / scale         {np.median(widths):.2f} (median)")
    print(f"mean scaled interval score     {np.mean(winkler):.2f}")
    print(f"processor ms a series          {1000 * taken / len(past):.1f}")
    for name, count in methods.most_common():
        print(f"    {count:4d}  {name}")


if __name__ == "__main__":
    main()
