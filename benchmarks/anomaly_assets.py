#!/usr/bin/env python3
"""The detector of an asset on SKAB's labelled runs of a water pump, beside published figures.

    python -m benchmarks.anomaly_assets [DATA] [--tuning]

DATA holds skab/ (default: the tests' data folder). The first 400 rows of each run are for
training; all later rows of all runs are pooled, row by row: F1, false alarm rate (FAR: flagged of
the ordinary rows) and missed alarm rate (MAR: not flagged of the faulty ones). The run without
faults is cut into stretches of 1,150 rows, which are treated alike. No database.

--tuning leaves out one run at a time: of a grid around the configuration, the best on the others
is judged on it. What that falls short of the frozen configuration is what choosing on these runs
could have gained.
"""

import argparse
import csv
import gzip
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from anomalies.detectors.base import Bools, Floats
from anomalies.detectors.multivariate import fitting
from anomalies.detectors.multivariate.detector import AssetScores, named, score_rows
from anomalies.detectors.multivariate.fitting import fit
from anomalies.detectors.multivariate.model import AssetModel, Stream
from tests.data import data_folder

TRAINING = 400
STRETCH, STRIDE = 1150, 1000
NOT_CHANNELS = ("datetime", "anomaly", "changepoint")
PUBLISHED = (
    ("Conv-AE", 0.78, 13.6, 28.0),
    ("MSET", 0.78, 39.7, 14.1),
    ("T-squared + Q (PCA)", 0.76, 26.6, 24.9),
    ("LSTM-AE", 0.74, None, None),
    ("isolation forest", 0.29, None, None),
    ("always flagged", 0.698, 100.0, 0.0),
)
RIDGES = (3.0, 10.0, 30.0)
FOLDS = (2, 4, 8)
LINES = (1.2, 1.35, 1.5, 1.75, 2.0)


class Run(NamedTuple):
    name: str
    channels: list[str]
    times: Floats
    values: Floats
    faulty: Bools


@dataclass(frozen=True)
class Counts:
    """Rows after the training: true and false positives, false and true negatives."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.tp + other.tp, self.fp + other.fp, self.fn + other.fn, self.tn + other.tn
        )

    @property
    def f1(self) -> float:
        return 2 * self.tp / max(2 * self.tp + self.fp + self.fn, 1)

    @property
    def far(self) -> float:
        return 100 * self.fp / max(self.fp + self.tn, 1)

    @property
    def mar(self) -> float:
        return 100 * self.fn / max(self.fn + self.tp, 1)

    def row(self, name: str) -> str:
        return f"{name:46s} {self.f1:6.3f} {self.far:6.1f} {self.mar:6.1f}"


def runs_in(root: Path) -> Iterator[Run]:
    """The labelled runs, in the order of their numbers."""
    paths = sorted((root / "valve1").glob("*.csv.gz"), key=lambda p: int(p.name.split(".")[0]))
    for path in paths:
        yield read(path)


def stretches_in(root: Path) -> Iterator[Run]:
    """The run without faults, in overlapping pieces as long as a labelled run."""
    whole = read(root / "anomaly-free" / "anomaly-free.csv.gz")
    for first in range(0, len(whole.times) - STRETCH + 1, STRIDE):
        part = slice(first, first + STRETCH)
        yield whole._replace(
            name=f"row {first:,}",
            times=whole.times[part],
            values=whole.values[part],
            faulty=whole.faulty[part],
        )


def read(path: Path) -> Run:
    with gzip.open(path, "rt", newline="") as file:
        header, *rows = csv.reader(file, delimiter=";")
    channels = [name for name in header if name not in NOT_CHANNELS]
    stamps = np.array([row[0] for row in rows], dtype="datetime64[s]").astype(np.float64)
    steps = np.diff(stamps, prepend=stamps[0] - 1)
    faulty = np.zeros(len(rows), dtype=np.bool_)
    if "anomaly" in header:
        faulty = np.array([float(row[header.index("anomaly")]) > 0 for row in rows])
    return Run(
        name=f"{path.parent.name}/{path.name.split('.')[0]}",
        channels=channels,
        times=np.cumsum(np.where(steps > 0, steps, 1.0)),
        values=np.array([[float(row[header.index(name)]) for name in channels] for row in rows]),
        faulty=faulty,
    )


def scored(run: Run, model: AssetModel, state: Stream | None = None) -> AssetScores:
    """The rows after the training, going on from its last two."""
    columns = [run.channels.index(name) for name in model.channels]
    rows = slice(TRAINING - 2, None)
    values = run.values[rows][:, columns]
    _, scores = score_rows(model, state, run.times[rows], values, np.empty((len(values), 0)))
    return scores


def learned(run: Run) -> AssetModel:
    return fit(run.times[:TRAINING], run.values[:TRAINING], run.channels)


def counted(run: Run, scores: AssetScores) -> Counts:
    flags, faulty = scores.is_anomaly[2:], run.faulty[TRAINING:]
    return Counts(
        int((flags & faulty).sum()),
        int((flags & ~faulty).sum()),
        int((~flags & faulty).sum()),
        int((~flags & ~faulty).sum()),
    )


def pooled(counts: list[Counts]) -> Counts:
    return sum(counts, Counts())


@contextmanager
def configured(ridge: float, folds: int) -> Iterator[None]:
    """Another configuration, for --tuning only: the product has one."""
    kept = fitting.RIDGE, fitting.FOLDS
    fitting.RIDGE, fitting.FOLDS = ridge, folds
    try:
        yield
    finally:
        fitting.RIDGE, fitting.FOLDS = kept


def tuned(runs: list[Run]) -> tuple[Counts, float, float]:
    """Pooled counts when each run is left out of the choice; the worst and best F1 of the grid."""
    grid: list[list[Counts]] = []
    for ridge, folds in product(RIDGES, FOLDS):
        with configured(ridge, folds):
            models = [learned(run) for run in runs]
        for line in LINES:
            moved = [replace(m, limit=m.limit * line / fitting.LINE) for m in models]
            pairs = zip(runs, moved, strict=True)
            grid.append([counted(run, scored(run, model)) for run, model in pairs])
    left_out = []
    for i in range(len(runs)):
        best = max(grid, key=lambda row: pooled(row[:i] + row[i + 1 :]).f1)
        left_out.append(best[i])
    every = [pooled(row).f1 for row in grid]
    return pooled(left_out), min(every), max(every)


def speed(run: Run, rows: int = 1_000_000) -> tuple[float, float]:
    """Asset-rows a second of the streaming pass, compiled, and fits a second; one core."""
    model = learned(run)
    values: NDArray[np.float64] = np.tile(run.values, (rows // len(run.values) + 1, 1))[:rows]
    times, none = np.arange(rows, dtype=np.float64), np.empty((rows, 0))
    score_rows(model, None, times[:10], values[:10], none[:10])
    began = time.process_time()
    score_rows(model, None, times, values, none)
    passed = time.process_time()
    for _ in range(100):
        learned(run)
    return rows / (passed - began), 100 / (time.process_time() - passed)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path, nargs="?", default=None)
    parser.add_argument("--tuning", action="store_true")
    options = parser.parse_args()
    folder = options.data or data_folder()
    if folder is None:
        raise SystemExit("No data folder found. Give its path as the first argument.")
    root = folder / "skab"
    runs = list(runs_in(root))
    print(f"{'SKAB, first 400 rows for training':46s} {'F1':>6s} {'FAR %':>6s} {'MAR %':>6s}")
    every = []
    for run in runs:
        model = learned(run)
        scores = scored(run, model)
        every.append(counted(run, scores))
        about = ", ".join(named(model, scores.shares[int(np.argmax(scores.score))]))
        print(every[-1].row(f"    {run.name}: {about}"[:46]))
    print(pooled(every).row("OpsSight, valve1, 16 runs"))
    for name, f1, far, mar in PUBLISHED:
        rates = "" if far is None else f" {far:6.1f} {mar:6.1f}"
        print(f"{'  published, all groups: ' + name:46s} {f1:6.3f}{rates}")
    calm = [counted(run, scored(run, learned(run))) for run in stretches_in(root)]
    print(f"Without faults, {len(calm)} stretches: FAR {pooled(calm).far:.1f} %")
    if options.tuning:
        left_out, worst, best = tuned(runs)
        print(left_out.row("Chosen on the other runs, one left out"))
        print(
            f"    F1 over the whole grid of {len(RIDGES) * len(FOLDS) * len(LINES)}: "
            f"{worst:.3f} to {best:.3f}"
        )
    rate, fits = speed(runs[0])
    print(f"{rate / 1e6:.2f} M asset-rows/s of 8 channels, {fits:,.0f} fits/s; one core, compiled")


if __name__ == "__main__":
    main()
