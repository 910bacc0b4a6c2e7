#!/usr/bin/env python3
"""How the engine's constants fare on folders of the Numenta benchmark left out of choosing.

    python -m benchmarks.anomaly_choices [--only N]

Each choice is compiled and scores all files in a process of its own: about 20 seconds of a core
each, a quarter of an hour for all. For each folder that choice and threshold are taken which are
best on the other folders; the score of the flags that this gives says what choosing was worth. No
database. `--only`: the first N choices, of which the first is the product's.
"""

import argparse
import importlib.util
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from anomalies.detectors.base import Floats
from benchmarks._nab import Rows, best_threshold, flagged
from tests.data import data_folder

if TYPE_CHECKING:
    from benchmarks.anomaly_series import File

ALARM = 1.0

PLACES = {"TAIL": "tails", "CAP": "tails", "PRICE": "kernel", "COOLDOWN": "memory"}
"""In which module of the engine each constant stands; `memory` is what the others build on."""

Choice = Mapping[str, float]


def choices() -> list[Choice]:
    """The product's, then its neighbors and all that combine cap, price and cooldown."""
    own: Choice = {"TAIL": 0.1, "CAP": 4.0, "PRICE": 0.5, "COOLDOWN": 100}
    others = itertools.product((4.0, 3.5, 4.5), (0.5, 0.25, 1.0), (100, 50, 200))
    combined: list[Choice] = [
        {**own, "CAP": cap, "PRICE": price, "COOLDOWN": cooldown} for cap, price, cooldown in others
    ]
    tails: list[Choice] = [{**own, "TAIL": tail} for tail in (0.02, 0.03, 0.05, 0.07, 0.15, 0.2)]
    return combined + tails


def put(choice: Choice) -> None:
    """Load the engine's modules with these constants, before anything else has loaded them."""
    for name in ("memory", "tails", "kernel"):
        full = f"anomalies.detectors.streaming.{name}"
        spec = importlib.util.find_spec(full)
        if spec is None or spec.origin is None:
            raise SystemExit(f"{full} is not there.")
        source = Path(spec.origin).read_text(encoding="utf-8")
        for constant in (key for key, place in PLACES.items() if place == name):
            line = f"{constant} = {choice[constant]!r}"
            source, count = re.subn(rf"^{constant} = .*$", line, source, flags=re.MULTILINE)
            if count != 1:
                raise SystemExit(f"{full} has {count} lines that set {constant}; one is needed.")
        module = ModuleType(full)
        module.__file__, module.__spec__ = spec.origin, spec
        sys.modules[full] = module
        exec(compile(source, spec.origin, "exec"), module.__dict__)  # noqa: S102


def scored(choice: Choice, root: Path) -> list[Floats]:
    put(choice)
    from anomalies.detectors.series import score_series  # noqa: PLC0415 (with the constants)
    from benchmarks.anomaly_series import read  # noqa: PLC0415

    return [score_series(file.times, file.values).score for file in read(root / "nab")]


def measured(choice: Choice, folder: str) -> list[Floats]:
    """Scores of the files, made in a process that keeps what it compiles to itself."""
    path = str(Path(folder) / "scores.npz")
    with tempfile.TemporaryDirectory() as cache:
        given = [sys.executable, "-m", "benchmarks.anomaly_choices", "--score", path]
        subprocess.run(
            [*given, json.dumps(choice)],
            check=True,
            env={**os.environ, "NUMBA_CACHE_DIR": cache, "PYTHONDONTWRITEBYTECODE": "1"},
        )
    with np.load(path) as found:
        return [found[name] for name in found.files]


def left_out(
    files: Sequence["File"], found: Sequence[Sequence[Floats]], *, line: float | None
) -> float:
    """The score where choice and, without a `line`, threshold are chosen on the other folders."""
    flags = {}
    for folder in sorted({file.folder for file in files}):
        others = [i for i, file in enumerate(files) if file.folder != folder]
        rows = [files[i].rows for i in others]
        chosen: tuple[float, float, int] = max(
            (*_on(rows, [scores[i] for i in others], line), place)
            for place, scores in enumerate(found)
        )
        for i in set(range(len(files))).difference(others):
            flags[i] = found[chosen[2]][i] >= chosen[1]
    return flagged([file.rows for file in files], [flags[i] for i in range(len(files))])


def _on(rows: Sequence[Rows], scores: Sequence[Floats], line: float | None) -> tuple[float, float]:
    """Score and threshold."""
    if line is None:
        return best_threshold(rows, scores)
    return flagged(rows, [each >= line for each in scores]), line


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--only", type=int)
    parser.add_argument("--score", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    root = data_folder()
    if root is None:
        raise SystemExit("No data folder found. Set OPSSIGHT_TEST_DATA.")
    if options.score:
        path, choice = options.score
        np.savez(path, *scored(json.loads(choice), root))
        return
    from benchmarks.anomaly_series import read  # noqa: PLC0415 (loads the engine)

    files = read(root / "nab")
    rows, found = [file.rows for file in files], []
    print(f"{'':48s} best threshold  as flagged")
    with tempfile.TemporaryDirectory() as folder:
        for choice in choices()[: options.only]:
            found.append(measured(choice, folder))
            best, as_is = (_on(rows, found[-1], line)[0] for line in (None, ALARM))
            name = ", ".join(f"{key.lower()} {value:g}" for key, value in choice.items())
            print(f"{name:48s} {best:14.1f} {as_is:11.1f}", flush=True)
    for title, line in (("with the best threshold", None), ("as flagged", ALARM)):
        each = [_on(rows, scores, line)[0] for scores in found]
        print(
            f"{title}: best {max(each):.1f}, median {statistics.median(each):.1f},"
            f" each folder left out {left_out(files, found, line=line):.1f}"
        )


if __name__ == "__main__":
    main()
