#!/usr/bin/env python3
"""Labelled faults caught and alarms outside, on real machine data, one frozen configuration.

    python -m benchmarks.anomaly_labels [DATA] [--nab-results DIR]

DATA holds nab/, skab/ and cmapss/ (default: the tests' data folder). No database. An alarm is an
event (`anomalies.detectors.events`). `--nab-results` also
writes one file per series with the columns score and is_anomaly, one row per reading, for scoring
with the rules of the Numenta Anomaly Benchmark.
"""

import argparse
import csv
import gzip
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from anomalies.detectors.base import Floats
from anomalies.detectors.events import Carried, EventRule, events_in
from anomalies.detectors.streaming.engine import judge
from anomalies.detectors.streaming.memory import blank
from tests.data import data_folder

NAB_MACHINES = (
    "realKnownCause/machine_temperature_system_failure.csv",
    "realKnownCause/ambient_temperature_system_failure.csv",
    "realKnownCause/cpu_utilization_asg_misconfiguration.csv",
)
CMAPSS_HOURS = (1, 24)
"""A cycle is a flight of unknown length: taken as an hour, and as a day."""

CMAPSS_SENSORS = (2, 3, 4, 7, 8, 9, 11, 12, 13, 14, 15, 17, 20, 21)
CMAPSS_LAST = 50


@dataclass
class Tally:
    """Counts over one data set: faults, those caught, alarms outside, readings and seconds."""

    faults: int = 0
    caught: int = 0
    outside: int = 0
    readings: int = 0
    days: float = 0.0
    seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.faults + other.faults,
            self.caught + other.caught,
            self.outside + other.outside,
            self.readings + other.readings,
            self.days + other.days,
            self.seconds + other.seconds,
            self.notes + other.notes,
        )

    def row(self, name: str) -> str:
        rate = self.readings / self.seconds if self.seconds else 0.0
        return (
            f"{name:58s} {self.caught:4d}/{self.faults:<4d} {self.outside:8d} "
            f"{self.readings:9,d} {rate:9,.0f}"
        )


def alarms(times: Floats, values: Floats) -> tuple[Floats, Floats, Floats, float]:
    """Starts and ends of all events, the scores, and the processor seconds it took."""
    interval = float(np.median(np.diff(times)))
    begun = time.process_time()
    scores = judge(blank(1), np.zeros(len(values), dtype=np.intp), times, values)
    _, events = events_in(Carried(), times, scores, EventRule.for_interval(interval))
    taken = time.process_time() - begun
    starts = np.array([event.start for event in events])
    ends = np.array([event.end for event in events])
    return starts, ends, scores.score, taken


def rows_of(path: Path, delimiter: str = ",") -> list[list[str]]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return list(csv.reader(lines, delimiter=delimiter))


def seconds_of(stamp: str) -> float:
    return datetime.fromisoformat(stamp[:19]).replace(tzinfo=UTC).timestamp()


def nab(root: Path, results: Path | None) -> Iterator[tuple[str, Tally]]:
    """A fault is caught by an event that overlaps its window; other events are outside."""
    labels: dict[str, list[list[str]]] = json.loads((root / "combined_windows.json").read_text())
    for name, windows in sorted(labels.items()):
        rows = rows_of(root / "data" / f"{name}.gz")[1:]
        times = np.array([seconds_of(row[0]) for row in rows])
        values = np.array([float(row[1]) for row in rows])
        keep = np.diff(times, prepend=-np.inf) > 0
        keep &= times > np.maximum.accumulate(np.concatenate(([-np.inf], times[:-1])))
        starts, ends, score, taken = alarms(times[keep], values[keep])
        inside = np.zeros(len(starts), dtype=bool)
        caught = 0
        for first, last in ((seconds_of(a), seconds_of(b)) for a, b in windows):
            hits = (starts <= last) & (ends >= first)
            caught += bool(hits.any())
            inside |= hits
        span = (times[-1] - times[0]) / 86_400
        yield name, Tally(len(windows), caught, int((~inside).sum()), len(times), span, taken)
        if results:
            full = np.zeros(len(times))
            full[keep] = score
            flags = np.isin(times, starts) & keep
            write_nab(results / name, full, flags)


def write_nab(path: Path, score: Floats, flags: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["score", "is_anomaly"])
        writer.writerows(zip(score.tolist(), flags.astype(int).tolist(), strict=True))


def skab(root: Path) -> Iterator[tuple[str, Tally]]:
    """Per run: caught when any channel has an event in the labelled time, or 60 s after it."""
    runs = sorted((root / "valve1").glob("*.csv.gz"), key=lambda p: int(p.name.split(".")[0]))
    for path in [*runs, root / "anomaly-free" / "anomaly-free.csv.gz"]:
        header, *rows = rows_of(path, ";")
        times = np.array([seconds_of(row[0]) for row in rows])
        keep = times > np.maximum.accumulate(np.concatenate(([-np.inf], times[:-1])))
        channels = [
            i for i, name in enumerate(header) if name not in ("datetime", "anomaly", "changepoint")
        ]
        total = Tally(days=(times[-1] - times[0]) / 86_400)
        label = np.zeros(len(rows), dtype=bool)
        if "anomaly" in header:
            label = np.array([float(row[header.index("anomaly")]) > 0 for row in rows])
        faulty = times[label]
        hit = False
        for channel in channels:
            values = np.array([float(row[channel]) for row in rows])
            starts, ends, _, taken = alarms(times[keep], values[keep])
            total.readings += len(values)
            total.seconds += taken
            for first, last in zip(starts, ends, strict=True):
                inside = len(faulty) > 0 and first <= faulty[-1] + 60 and last >= faulty[0]
                hit |= inside
                total.outside += not inside
        total.faults, total.caught = int(label.any()), int(hit)
        yield f"skab {path.parent.name}/{path.name.split('.')[0]}", total


def cmapss(root: Path, hours: int) -> Iterator[tuple[str, Tally]]:
    """Per engine: caught when an event is open in its last 50 cycles; earlier ones are outside."""
    cycle = hours * 3600.0
    data = np.loadtxt(root / "train_FD001.txt.gz")
    total = Tally()
    leads: list[float] = []
    for unit in np.unique(data[:, 0]):
        engine = data[data[:, 0] == unit]
        times = engine[:, 1] * cycle
        watched = times[-1] - CMAPSS_LAST * cycle
        first = np.inf
        for sensor in CMAPSS_SENSORS:
            starts, ends, _, taken = alarms(times, engine[:, 4 + sensor])
            total.readings += len(times)
            total.seconds += taken
            total.outside += int((ends < watched).sum())
            late = starts[ends >= watched]
            first = min(first, late.min() if len(late) else np.inf)
        total.faults += 1
        total.caught += bool(np.isfinite(first))
        if np.isfinite(first):
            leads.append(float((times[-1] - first) / cycle))
    if leads:
        total.notes.append(
            f"cycles from the first alarm to the end: median {np.median(leads):.0f}, "
            f"10th percentile {np.percentile(leads, 10):.0f}, longest {max(leads):.0f}"
        )
    yield f"cmapss FD001 (100 engines, 14 sensors), a cycle is {hours} h", total


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("data", type=Path, nargs="?", default=None)
    parser.add_argument("--nab-results", type=Path)
    options = parser.parse_args()
    root = options.data or data_folder()
    if root is None:
        raise SystemExit("No data folder found. Give its path as the first argument.")
    print(f"{'series':58s} {'caught':>9s} {'outside':>8s} {'readings':>9s} {'per cpu s':>9s}")
    machines = Tally()
    everything = Tally()
    for name, tally in nab(root / "nab", options.nab_results):
        everything += tally
        machine = name in NAB_MACHINES
        machines += tally if machine else Tally()
        print(tally.row(("* " if machine else "  ") + name))
    print(machines.row("NAB machine series (*)"))
    print(everything.row("NAB, all 27"))
    runs = Tally()
    for name, tally in skab(root / "skab"):
        runs += tally
        print(tally.row("  " + name))
    print(runs.row("SKAB valve1 and anomaly-free, 8 channels each"))
    for hours in CMAPSS_HOURS:
        for name, tally in cmapss(root / "cmapss", hours):
            print(tally.row(name))
            print("\n".join("    " + note for note in tally.notes))


if __name__ == "__main__":
    main()
