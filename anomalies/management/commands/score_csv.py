import csv
import time
from argparse import ArgumentParser
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.core.management import BaseCommand, CommandError

from anomalies.management.csv_options import (
    EPILOG,
    Help,
    add_arguments,
    check,
    layout_of,
    settings_of,
    time_reader,
)
from anomalies.management.scoring import TRAIN_ROWS, AssetScorer, Scored, Scorer, SensorScorer
from anomalies.tabular.outputs import Job, jobs, replacing
from anomalies.tabular.picture import Picture
from anomalies.tabular.report import page
from anomalies.tabular.rows import CHUNK, Chunk, chunks, without_labels
from assets.tabular.sources import FileProblem, open_source
from assets.tabular.table import Table, open_table


class Command(BaseCommand):
    help = "Score the rows of CSV files by OpsSight's detectors. Needs no database."
    requires_system_checks = ()

    def create_parser(self, *args: Any, **options: Any) -> Any:
        options.setdefault("formatter_class", Help)
        return super().create_parser(*args, epilog=EPILOG, **options)

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_arguments(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        check(options)
        try:
            todo = jobs(options["files"], options["output_dir"], Path.cwd())
        except FileProblem as error:
            raise CommandError(str(error)) from error
        _warm_up(options)
        failures, points, busy = [], 0, 0.0
        for job in todo:
            try:
                done, seconds = self._score(job, options)
            except FileProblem as error:
                failures.append(str(error))
                self.stderr.write(str(error))
            except KeyboardInterrupt as error:
                raise CommandError("Stopped. Finished files are whole.", returncode=130) from error
            else:
                points, busy = points + done, busy + seconds
        if len(todo) > 1 and points:
            self.stdout.write(
                f"{len(todo) - len(failures)} of {len(todo)} files, {_rate(points, busy)}"
            )
        if failures:
            count = f"{len(failures)} of {len(todo)} files" if len(todo) > 1 else "The file"
            raise CommandError(f"{count} could not be scored; see above.")

    def _score(self, job: Job, options: dict[str, Any]) -> tuple[int, float]:
        """Write the result of one file. Returns its points and the seconds of scoring."""
        name = str(job.source)
        with open_source(job.source, options["encoding"]) as source:
            table = without_labels(name, open_table(name, source.lines(), layout_of(options)))
            names = [table.columns[i] for i in table.values]
            scorer = _scorer(name, names, options)
            zone = ZoneInfo(options["timezone"])
            read = chunks(name, table, time_reader(options), zone, scorer.first)
            picture = Picture(names) if options["plot"] else None
            with replacing(job.result) as file:
                writer = csv.writer(file)
                rows, flagged, seconds = _run(read, scorer, table, names, writer, picture)
        if picture is not None:
            picture.finish()
            with replacing(job.report) as file:
                file.write(page(job.source.name, picture))
        if options["verbosity"] > 0:
            points = rows * len(names)
            self.stdout.write(
                f"{job.source}: {_listed(names)}, {rows:,} rows, {flagged:,} flagged,"
                f" {_rate(points, seconds)}, in {job.result}"
                + (f" and {job.report.name}" if picture else "")
            )
        return rows * len(names), seconds


def _run(
    read: Any, scorer: Scorer, table: Table, names: list[str], writer: Any, picture: Picture | None
) -> tuple[int, int, float]:
    """Read, score and write chunk by chunk: rows, flagged rows and seconds of scoring."""
    rows, flagged, seconds = 0, 0, 0.0
    chunk: Chunk
    for chunk in read:
        began = time.perf_counter()
        scored = scorer.score(chunk)
        seconds += time.perf_counter() - began
        if not rows:
            writer.writerow(_header(table, names, scored))
        writer.writerows(_lines(chunk, scored))
        rows += len(chunk)
        flagged += int(scored.is_anomaly.sum())
        if picture is not None:
            picture.add(
                chunk.cells,
                chunk.times,
                chunk.values,
                scored.expected,
                scored.score,
                scored.is_anomaly,
                scored.contributing,
            )
    return rows, flagged, seconds


def _header(table: Table, names: list[str], scored: Scored) -> list[str]:
    added = ["score", "is_anomaly"]
    if scored.of_columns is not None:
        added += [f"score_{name}" for name in names]
    if scored.contributing is not None:
        added.append("contributing")
    given = [table.columns[table.time], *names]
    if clash := set(given) & set(added):
        raise FileProblem(
            f"A column is called {sorted(clash)[0]!r}, as in the result. Leave it out of"
            " --value-columns, or rename it."
        )
    return given + added


def _lines(chunk: Chunk, scored: Scored) -> list[list[str]]:
    flags = scored.is_anomaly.astype(int).tolist()
    parts: list[list[list[str]]] = [
        chunk.cells,
        [[f"{score:.6g}", str(flag)] for score, flag in zip(scored.score, flags, strict=True)],
    ]
    if scored.of_columns is not None:
        parts.append([[f"{score:.6g}" for score in row] for row in scored.of_columns.tolist()])
    if scored.contributing is not None:
        parts.append([[text] for text in scored.contributing])
    return [list(chain(*row)) for row in zip(*parts, strict=True)]


def _scorer(name: str, columns: list[str], options: dict[str, Any]) -> Scorer:
    training = options["train_rows"]
    if options["multivariate"]:
        settings = settings_of(options)
        return AssetScorer(name, columns, settings, TRAIN_ROWS if training is None else training)
    return SensorScorer(columns, training or 0, CHUNK)


def _warm_up(options: dict[str, Any]) -> None:
    """Compile, so that the rate that is printed is the rate of scoring."""
    n = 100
    angles = np.outer(np.arange(n), [1.0, 1.7])
    chunk = Chunk([["", ""]] * n, np.arange(float(n)), np.sin(angles))
    _scorer("", ["a", "b"], options | {"settings_columns": [], "train_rows": n}).score(chunk)


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} columns"


def _rate(points: int, seconds: float) -> str:
    return f"{points / max(seconds, 1e-6):,.0f} points/s"
