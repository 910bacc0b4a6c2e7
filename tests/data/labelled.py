"""Public telemetry with labelled faults, as `import_readings` takes it."""

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

Window = tuple[datetime, datetime]

NAB_MACHINES = (
    "realKnownCause/machine_temperature_system_failure",
    "realKnownCause/ambient_temperature_system_failure",
    "realKnownCause/cpu_utilization_asg_misconfiguration",
)
CMAPSS_START = datetime(2020, 1, 1, tzinfo=UTC)
CMAPSS_COLUMNS = ("unit", "cycle", *(f"os{n}" for n in (1, 2, 3)), *(f"s{n}" for n in range(1, 22)))
CMAPSS_LAST = 50
"""Cycles before the end of an engine's life that count as its fault."""

SKAB_AFTER = timedelta(seconds=60)
"""An alarm this long after a labelled stretch still belongs to it."""


@dataclass(frozen=True, slots=True)
class Recording:
    """A file, the options to import it with, and the labelled faults by asset tag."""

    name: str
    path: Path
    options: tuple[str, ...]
    faults: dict[str, list[Window]]


def nab(folder: Path, names: tuple[str, ...] = NAB_MACHINES) -> Iterator[Recording]:
    """One asset with one sensor per series. The faults are the benchmark's windows."""
    labels: dict[str, list[tuple[str, str]]] = json.loads(
        (folder / "combined_windows.json").read_text()
    )
    for name in names:
        tag = name.split("/")[1][:50]
        unit = "°C" if "temperature" in name else "%"
        yield Recording(
            name=f"NAB {tag}",
            path=folder / "data" / f"{name}.csv.gz",
            options=("--asset", tag, "--unit", unit, "--timezone", "UTC"),
            faults={tag: [(_time(a), _time(b)) for a, b in labels[f"{name}.csv"]]},
        )


def skab(folder: Path, runs: range = range(16)) -> Iterator[Recording]:
    """One asset with eight sensors per run of the valve, and the run without a fault."""
    paths = [folder / "valve1" / f"{run}.csv.gz" for run in runs]
    for path in [*paths, folder / "anomaly-free" / "anomaly-free.csv.gz"]:
        tag = f"{path.parent.name}-{path.name.split('.')[0]}"
        faults = _skab_faults(path)
        labels = ("--skip-columns", "anomaly,changepoint") if faults else ()
        options = ("--asset", tag, "--timezone", "UTC", *labels)
        yield Recording(f"SKAB {tag}", path, options, {tag: faults})


def _skab_faults(path: Path) -> list[Window]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = csv.DictReader(lines, delimiter=";")
        times = [_time(row["datetime"]) for row in rows if float(row.get("anomaly") or 0) > 0]
    return [(min(times), max(times) + SKAB_AFTER)] if times else []


def cmapss(folder: Path, hours: int = 1) -> Recording:
    """100 engines with 21 sensors each, run until they failed. A cycle is taken as so many hours.

    The data set does not tell how long a cycle, which is a flight, lasts.
    """
    path = folder / "train_FD001.txt.gz"
    cycles: dict[str, int] = defaultdict(int)
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            unit, cycle = line.split()[:2]
            cycles[unit] = max(cycles[unit], int(cycle))
    return Recording(
        name=f"C-MAPSS FD001, a cycle is {hours} h",
        path=path,
        options=(
            *("--header", "none", "--columns", ",".join(CMAPSS_COLUMNS)),
            *("--asset-column", "unit", "--skip-columns", "os1,os2,os3"),
            *("--time-column", "cycle", "--time-unit", f"{hours}h"),
            *("--start", CMAPSS_START.isoformat()),
        ),
        faults={
            unit: [
                (
                    CMAPSS_START + timedelta(hours=hours * (last - CMAPSS_LAST)),
                    CMAPSS_START + timedelta(hours=hours * last),
                )
            ]
            for unit, last in cycles.items()
        },
    )


def _time(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp[:19]).replace(tzinfo=UTC)
