#!/usr/bin/env python3
"""Remaining life of the turbofans of C-MAPSS FD001, by its official test.

    python -m benchmarks.forecast_life [DATA]

Prints RMSE and NASA score against the truth as it is published, coverage and width of the 90 %
interval beside published figures, and how fast training and prediction are. No database.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from assets.tabular.table import Layout
from forecasts.remaining_life.features import Life
from forecasts.remaining_life.scores import score
from forecasts.remaining_life.training import train
from forecasts.tabular.lives import read_truth, read_units, settings_among
from tests.data import data_folder

CLIP = 125.0
PUBLISHED = "published RMSE: LSTM 14.9, deep LSTM 16.1, TCAT 11.1, stacking 10.0, U-Net+TCN 7.6"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path, nargs="?", default=data_folder())
    options = parser.parse_args()
    if options.data is None:
        raise SystemExit("No data folder found. Give its path as the first argument.")
    folder = options.data / "cmapss"
    layout = Layout(asset_column="unit", time_column="cycle")
    known, asked = (
        read_units(folder / f"{part}_FD001.txt.gz", layout) for part in ("train", "test")
    )
    truth = read_truth(folder / "RUL_FD001.txt", [unit.name for unit in asked.units], layout)
    lives, now = ([Life(unit.ages, unit.values) for unit in file.units] for file in (known, asked))
    settings = [known.columns.index(name) for name in settings_among(known.columns)]
    processor, clock = time.process_time(), time.perf_counter()
    model = train(lives, settings, clip=CLIP)
    processor, clock = time.process_time() - processor, time.perf_counter() - clock
    said = model.remaining(model.features(now))
    result, clipped = (score(said, one, CLIP) for one in (truth, np.minimum(truth, CLIP)))
    begun = time.process_time()
    rows = np.concatenate([model.preparation.features(life) for life in now])
    model.remaining(rows)
    speed = len(rows) / (time.process_time() - begun)
    print(f"FD001: {len(lives)} engines learned from, {len(now)} judged")
    print(f"RMSE                {result.rmse:.2f}   must 12.0, aim 11.0")
    print(f"    truth clipped   {clipped.rmse:.2f}")
    print(f"NASA score          {result.nasa:.0f}     must 200, aim 170")
    print(f"in the 90 % range   {result.coverage:.3f}   must 0.87 to 0.94")
    print(f"width               {result.width:.1f}    must 65, aim 50")
    print(f"training: {clock:.1f} s by the clock, {processor:.1f} s of processors")
    print(f"features, prediction and interval: {speed:,.0f} rows/s of one processor")
    print(PUBLISHED)


if __name__ == "__main__":
    main()
