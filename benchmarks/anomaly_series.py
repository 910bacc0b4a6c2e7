#!/usr/bin/env python3
"""The streaming engine on the Numenta Anomaly Benchmark, one frozen configuration. No database.

    python -m benchmarks.anomaly_series [DATA] [--results DIR]

DATA holds nab/ (default: the tests' data folder). Prints the score at the one threshold that is
best over all files, which is what the benchmark's own table quotes; as flagged, which is what a
user gets; and with the threshold for each folder chosen on the other folders. `--results` writes
one file per series with the columns score and is_anomaly, one row per reading.
"""

import argparse
import csv
import gzip
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from anomalies.detectors.base import Floats
from anomalies.detectors.series import SeriesScores, score_series
from anomalies.detectors.streaming.memory import blank, save
from benchmarks._nab import PROFILES, Rows, best_threshold, flagged, rows_of
from tests.data import data_folder

PUBLISHED = {"ARTime": 81.0, "Numenta HTM": 72.4, "Windowed Gaussian": 41.1}
"""On the same 27 files, standard profile, best threshold."""


@dataclass(frozen=True, slots=True)
class File:
    """One labelled series; `folder` is its kind."""

    name: str
    times: Floats
    values: Floats
    rows: Rows

    @property
    def folder(self) -> str:
        return self.name.split("/")[0]


def read(root: Path) -> list[File]:
    labels: dict[str, list[list[str]]] = json.loads((root / "combined_windows.json").read_text())
    return [_read(root, name, windows) for name, windows in sorted(labels.items())]


def _read(root: Path, name: str, windows: Sequence[Sequence[str]]) -> File:
    with gzip.open(root / "data" / f"{name}.gz", "rt", encoding="utf-8") as lines:
        rows = list(csv.reader(lines))[1:]
    stamps = [row[0][:19] for row in rows]
    times = [datetime.fromisoformat(stamp).replace(tzinfo=UTC).timestamp() for stamp in stamps]
    places = [(stamps.index(first[:19]), stamps.index(last[:19])) for first, last in windows]
    values = np.array([float(row[1]) for row in rows])
    return File(name, np.array(times), values, rows_of(len(rows), places))


def left_out(files: Sequence[File], found: Sequence[SeriesScores]) -> float:
    """Standard score with each folder's threshold chosen on the other folders."""
    flags = []
    for file in files:
        others = [i for i, other in enumerate(files) if other.folder != file.folder]
        scores = [found[i].score for i in others]
        _, threshold = best_threshold([files[i].rows for i in others], scores)
        flags.append(found[files.index(file)].score >= threshold)
    return flagged([file.rows for file in files], flags)


def write(folder: Path, name: str, found: SeriesScores) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["score", "is_anomaly"])
        flags = found.is_anomaly.astype(int).tolist()
        writer.writerows(zip(found.score.tolist(), flags, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path, nargs="?", default=None)
    parser.add_argument("--results", type=Path)
    options = parser.parse_args()
    root = options.data or data_folder()
    if root is None:
        raise SystemExit("No data folder found. Give its path as the first argument.")
    files = read(root / "nab")
    score_series(files[0].times, files[0].values)  # compiles
    began = time.process_time()
    found = [score_series(file.times, file.values) for file in files]
    seconds = time.process_time() - began
    rows, scores = [file.rows for file in files], [each.score for each in found]
    flags = [each.is_anomaly for each in found]
    print(f"NAB, {len(files)} files, {sum(r.windows for r in rows)} labelled windows")
    print(f"{'':32s} {'best threshold':>15s} {'as flagged':>11s}")
    for profile in PROFILES:
        best, threshold = best_threshold(rows, scores, profile)
        as_is = flagged(rows, flags, profile)
        print(f"{profile:32s} {best:6.1f} at {threshold:5.2f} {as_is:11.1f}")
    print(f"{'standard, folders left out':32s} {left_out(files, found):6.1f}")
    for name, published in PUBLISHED.items():
        print(f"{name + ' (published, standard)':32s} {published:6.1f}")
    outside = sum(
        int((flag & each.judged & (each.window < 0)).sum())
        for flag, each in zip(flags, rows, strict=True)
    )
    readings = sum(len(file.values) for file in files)
    print(f"flags outside windows {outside}, one per {readings / max(outside, 1):,.0f} readings")
    print(f"{readings:,d} readings, {readings / seconds:,.0f} per processor second, warm")
    print(f"state {len(save(blank(1))[0]):,d} bytes a sensor")
    if options.results:
        for file, each in zip(files, found, strict=True):
            write(options.results, file.name, each)


if __name__ == "__main__":
    main()
