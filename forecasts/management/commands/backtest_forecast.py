"""How well the forecasts do on files of somebody's own."""

import csv
import time
from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management import BaseCommand, CommandError

from assets.tabular.sources import FileProblem
from assets.tabular.table import Layout
from forecasts.forecasters.base import Floats, Forecast
from forecasts.forecasters.rows import Shape, shape_of
from forecasts.forecasters.scores import Scores, mean_of, score
from forecasts.forecasters.selection import forecast_all
from forecasts.tabular.histories import Histories, read_long, read_wide

Known = tuple[Path, str, Floats, Floats]
"""File, name of the series, what is known of it, and what came (steps,)."""

FEWEST = 4


class Command(BaseCommand):
    help = (
        "Forecast the last --horizon values of each series in CSV files from those before, and"
        " say how good that was. Needs no database. A file has a row for each value (name"
        " --time-column and --value-column, and --id-column where it holds several series), or a"
        " row for each series: its name, then its values, as in the M4 competition."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE", help="plain or .gz")
        parser.add_argument("--id-column", default="", help="the column that names the series")
        parser.add_argument("--time-column", default="", help="default: time, timestamp, …")
        parser.add_argument("--value-column", default="", help="without it, a row is a series")
        parser.add_argument(
            "--test",
            type=Path,
            metavar="FILE",
            help="a row for each series with what came: then all of FILE is known",
        )
        parser.add_argument("--horizon", type=_count, default=48, help="steps (default: 48)")
        parser.add_argument("--season", type=_count, default=24, help="steps (default: 24)")
        parser.add_argument("--long-season", type=_count, help="default: a week or none")
        parser.add_argument("--level", type=_level, default=0.95, help="default: 0.95")
        parser.add_argument("--seed", type=int, default=0, help="default: 0")
        parser.add_argument("--output", type=Path, metavar="CSV", help="also write the forecasts")
        parser.add_argument("--delimiter", help="one character (default: found: tab, ; or ,)")
        parser.add_argument("--decimal", choices=[".", ","], default=".", help="decimal mark")
        parser.add_argument("--encoding", default="utf-8", help="default: utf-8")

    def handle(self, *_: Any, **options: Any) -> None:
        shape = _shape(options)
        try:
            series, short = _split(options, shape)
        except FileProblem as error:
            raise CommandError(str(error)) from error
        if not series:
            raise CommandError(
                f"No series is longer than the horizon of {shape.steps} steps and the {FEWEST} more"
                " that a forecast needs. Use a smaller --horizon, or longer files."
            )
        began = time.perf_counter()
        made = forecast_all(
            [known for _, _, known, _ in series],
            shape,
            level=options["level"],
            seed=options["seed"],
        )
        seconds = time.perf_counter() - began
        self._tell(series, made, shape, options["level"])
        if short:
            self.stdout.write(f"{short} series too short to be forecast: left out.")
        methods = Counter(one.method.split(";")[0] for one in made if one is not None)
        self.stdout.write(
            "Methods: " + "; ".join(f"{n} × {name}" for name, n in methods.most_common(5))
        )
        self.stdout.write(f"{len(series)} series in {seconds:.1f} s, training included.")
        if options["output"]:
            _write(options["output"], series, made)

    def _tell(
        self, series: list[Known], made: list[Forecast | None], shape: Shape, level: float
    ) -> None:
        """A line for each file, and one for all."""
        of_file: dict[Path, list[Scores]] = {}
        for (path, _, known, truth), ahead in zip(series, made, strict=True):
            if ahead is not None:
                of_file.setdefault(path, []).append(score(known, ahead, truth, shape.season))
        wide = max(len(str(path)) for path in [*of_file, "all files"])
        self.stdout.write(
            f"{'file':{wide}}  {'series':>6}  {'MASE':>7}  {'sMAPE':>7}  {'MSIS':>8}"
            f"  {f'in {level:.0%}':>8}"
        )
        rows = [(str(path), scores) for path, scores in of_file.items()]
        rows.append(("all files", [one for _, scores in rows for one in scores]))
        for name, scores in rows:
            mean = mean_of(scores)
            self.stdout.write(
                f"{name:{wide}}  {len(scores):>6}  {mean.mase:>7.3f}  {mean.smape:>7.2f}"
                f"  {mean.msis:>8.2f}  {mean.coverage:>8.3f}"
            )


def _shape(options: dict[str, Any]) -> Shape:
    found = shape_of(options["horizon"], options["season"])
    if options["long_season"] is None:
        return found
    if options["long_season"] <= options["season"]:
        raise CommandError("--long-season is longer than --season, such as 168 beside 24.")
    return Shape(found.steps, found.season, options["long_season"])


def _split(options: dict[str, Any], shape: Shape) -> tuple[list[Known], int]:
    """The series with what is known and what came; and how many are too short for that."""
    layout = Layout(
        delimiter="\t" if options["delimiter"] == "\\t" else options["delimiter"],
        time_column=options["time_column"],
        asset_column=options["id_column"],
        value_columns=[options["value_column"]] if options["value_column"] else [],
        decimal=options["decimal"],
    )
    if not options["value_column"] and (options["id_column"] or options["time_column"]):
        raise CommandError("A file with a row for each value needs --value-column.")
    read = read_long if options["value_column"] else read_wide
    encoding = options["encoding"]
    came = read_wide(options["test"], layout, encoding) if options["test"] else None
    series: list[Known] = []
    short = 0
    for path in options["files"]:
        for name, values in read(path, layout, encoding).items():
            if came is None:
                known, truth = values[: -shape.steps], values[-shape.steps :]
            else:
                known, truth = values, _truth(options["test"], came, name, shape.steps)
            if np.isfinite(known).sum() < FEWEST:
                short += 1
            else:
                series.append((path, name, known, truth))
    return series, short


def _truth(path: Path, came: Histories, name: str, steps: int) -> Floats:
    values = came.get(name)
    if values is None:
        raise FileProblem(f"{path} has no row for series {name!r}. Each series needs its truth.")
    if len(values) < steps:
        raise FileProblem(
            f"{path} has {len(values)} values for series {name!r}, but --horizon is {steps}."
            " Use a smaller one."
        )
    return values[:steps]


def _write(path: Path, series: list[Known], made: list[Forecast | None]) -> None:
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["file", "series", "step", "forecast", "lower", "upper", "truth"])
            for (source, name, _, truth), ahead in zip(series, made, strict=True):
                if ahead is None:
                    continue
                columns = (ahead.point, ahead.lower, ahead.upper, truth)
                for step, row in enumerate(zip(*columns, strict=True), 1):
                    writer.writerow([source, name, step, *(f"{value:.8g}" for value in row)])
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error


def _count(text: str) -> int:
    if not text.isdecimal() or not text.isascii() or not 1 <= int(text) <= 100_000:
        raise ArgumentTypeError(f"{text!r} is not a number of steps, from 1 to 100,000.")
    return int(text)


def _level(text: str) -> float:
    try:
        level = float(text)
    except ValueError:
        level = 0.0
    if not 0.5 <= level < 1.0:
        raise ArgumentTypeError(f"{text!r} is not a level such as 0.95: from 0.5 to below 1.")
    return level
