import csv
import time
from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.core.management import BaseCommand, CommandError
from django.core.management.base import DjangoHelpFormatter

from anomalies.management.scoring import TRAIN_ROWS, AssetScorer, Scored, Scorer, SensorScorer
from anomalies.tabular.outputs import Job, jobs, replacing
from anomalies.tabular.picture import Picture
from anomalies.tabular.report import page
from anomalies.tabular.rows import CHUNK, Chunk, any_time_reader, chunks
from assets.tabular.sources import FileProblem, open_source
from assets.tabular.table import Layout, Table, open_table
from assets.tabular.times import TimeReader, counter_reader, format_reader

LABELS = frozenset({"anomaly", "is_anomaly", "label", "changepoint", "score"})
"""Columns that are not scored unless they are named: what a table knows already."""

EPILOG = """
Every result is a CSV with one row for each row of the file, in its order: the time and the values
as they stand there, then

  score          0 is ordinary, 1 is the alarm line; 0 while learning and where a value is missing
  is_anomaly     1 where the detector flags the row, else 0
  score_COLUMN   of each value column, when there are several and no --multivariate; then `score`
                 is the highest of them
  contributing   with --multivariate: the channels that a flagged row is about, strangest first

Where results go: without --output-dir beside each file (x.csv.gz gives x.scores.csv). With it the
folders are kept and .gz is dropped: of one folder alone, those inside it; else a relative path is
kept as it is, and other paths count from the folder they have in common. What is there is replaced.

Empty cells, NaN and infinite values are missing and score 0. A line that cannot be read fails its
file: nothing is written for it, the other files are done, and the command ends with 1.

  manage.py score_csv pump.csv --time-column timestamp --value-columns value --plot
  manage.py score_csv data/ --value-columns value --output-dir scores
  manage.py score_csv pump.csv --multivariate --train-rows 400
"""


class Help(DjangoHelpFormatter, RawDescriptionHelpFormatter):
    """The options of the command first, and the text after them as it is written."""


class Command(BaseCommand):
    help = "Score the rows of CSV files by OpsSight's detectors. Needs no database."
    requires_system_checks = ()

    def create_parser(self, *args: Any, **options: Any) -> Any:
        options.setdefault("formatter_class", Help)
        return super().create_parser(*args, epilog=EPILOG, **options)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "files", nargs="*", type=Path, metavar="FILE", help="CSV, plain or .gz, or a folder"
        )
        parser.add_argument("--time-column", default="", help="default: time, timestamp, …")
        parser.add_argument(
            "--value-columns",
            nargs="+",
            type=_names,
            action="extend",
            default=[],
            metavar="NAME",
            help="separated by blanks or commas; default: every column of numbers but"
            f" {', '.join(sorted(LABELS))}",
        )
        parser.add_argument("--output-dir", type=Path, metavar="DIR", help="default: beside FILE")
        parser.add_argument("--plot", action="store_true", help="also write a page with charts")
        parser.add_argument(
            "--multivariate",
            action="store_true",
            help="one score for all columns together: one file is one machine",
        )
        parser.add_argument(
            "--train-rows",
            type=_count,
            metavar="N",
            help="the first N rows are ordinary: learned from and never flagged"
            f" (default: {TRAIN_ROWS} with --multivariate, else none)",
        )
        parser.add_argument(
            "--settings-columns",
            nargs="+",
            type=_names,
            action="extend",
            default=[],
            metavar="NAME",
            help="with --multivariate: columns that set the operating mode",
        )
        shape = parser.add_argument_group("how the files are written")
        shape.add_argument("--time-format", help="strptime format (default: ISO 8601, Unix time)")
        shape.add_argument("--time-unit", help="of Unix time: us, ms or s (default: s)")
        shape.add_argument("--timezone", default="UTC", help="of times that name none")
        shape.add_argument("--delimiter", help="one character (default: found: tab, ; or ,)")
        shape.add_argument("--decimal", choices=[".", ","], default=".", help="decimal mark")
        shape.add_argument("--encoding", default="utf-8", help="default: utf-8")
        shape.add_argument(
            "--null", action="append", default=[], metavar="TEXT", help="a cell that is missing"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        _check(options)
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
        layout = Layout(
            delimiter=options["delimiter"],
            time_column=options["time_column"],
            value_columns=_all_columns(options),
            decimal=options["decimal"],
            nulls=frozenset(options["null"]),
        )
        with open_source(job.source, options["encoding"]) as source:
            table = _without_labels(open_table(str(job.source), source.lines(), layout))
            names = [table.columns[i] for i in table.values]
            scorer = _scorer(str(job.source), names, options)
            read = chunks(
                str(job.source), table, _times(options), ZoneInfo(options["timezone"]), scorer.first
            )
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


def _without_labels(table: Table) -> Table:
    """The same without the columns that tell the answer, unless they were named.

    Raises FileProblem where nothing else is left.
    """
    if table.layout.value_columns:
        return table
    values = [i for i in table.values if table.columns[i].lower() not in LABELS]
    if not values:
        raise FileProblem("All columns of numbers are labels. Name some with --value-columns.")
    return replace(table, values=values)


def _scorer(name: str, columns: list[str], options: dict[str, Any]) -> Scorer:
    training = options["train_rows"]
    if options["multivariate"]:
        settings = list(chain(*options["settings_columns"]))
        return AssetScorer(name, columns, settings, TRAIN_ROWS if training is None else training)
    return SensorScorer(columns, training or 0, CHUNK)


def _all_columns(options: dict[str, Any]) -> list[str]:
    values: list[str] = list(chain(*options["value_columns"]))
    settings: list[str] = list(chain(*options["settings_columns"])) if values else []
    return list(dict.fromkeys(values + settings))


def _times(options: dict[str, Any]) -> TimeReader:
    """A reader for one file: how times are written may differ from file to file."""
    if options["time_format"]:
        return format_reader(options["time_format"])
    if options["time_unit"]:
        return counter_reader(options["time_unit"], None)
    return any_time_reader()


def _check(options: dict[str, Any]) -> None:
    """Raise CommandError for options that cannot be."""
    _take_files(options)
    if options["settings_columns"] and not options["multivariate"]:
        raise CommandError("--settings-columns tells machines apart: add --multivariate.")
    if options["multivariate"] and options["train_rows"] == 0:
        raise CommandError("--multivariate learns from the first rows: --train-rows cannot be 0.")
    if options["delimiter"] == "\\t":
        options["delimiter"] = "\t"
    if options["delimiter"] and len(options["delimiter"]) != 1:
        raise CommandError("--delimiter is one character, such as ';'.")
    try:
        ZoneInfo(options["timezone"])
        "".encode(options["encoding"])
        _times(options)
    except LookupError as error:
        raise CommandError(f"Unknown --encoding or --timezone: {error}.") from error
    except ValueError as error:
        raise CommandError(str(error)) from error


def _take_files(options: dict[str, Any]) -> None:
    """Options that take several names, just before the files, have taken the files, too."""
    if options["files"]:
        return
    for option in ("value_columns", "settings_columns"):
        for words in list(options[option][1:]):
            path = Path(",".join(words))
            if path.exists():
                options["files"].append(path)
                options[option].remove(words)
    if not options["files"]:
        raise CommandError("Name at least one FILE that exists, before the options.")


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


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _count(text: str) -> int:
    if not text.isdecimal() or not text.isascii():
        raise ArgumentTypeError(f"{text!r} is not a number of rows.")
    return int(text)
