"""How well remaining life is predicted from run-to-failure files of somebody's own."""

import csv
import time
from argparse import ArgumentParser, ArgumentTypeError
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management import BaseCommand, CommandError

from assets.tabular.sources import FileProblem
from assets.tabular.table import Layout
from forecasts.remaining_life import training, weibull
from forecasts.remaining_life.features import Floats, Life
from forecasts.remaining_life.model import LifeModel, Remaining
from forecasts.remaining_life.scores import score
from forecasts.tabular.lives import Units, read_truth, read_units, settings_among, usable

OF_LIFE = 0.6
"""The clip, where none is given, as a share of the median life."""

HELD_BACK = 5
"""Every so many-th unit is held back where there is no --test."""


class Command(BaseCommand):
    help = (
        "Learn the remaining life of units from histories that ran to failure, predict that of"
        " units that are cut off, and say how good that was. Needs no database. Files have a row"
        " for each unit and cycle, with a header or without: then the unit comes first, the cycle"
        " second, and a file of 26 columns is read as one of C-MAPSS (three settings, 21 sensors)."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--train", type=Path, required=True, metavar="FILE", help="plain or .gz"
        )
        parser.add_argument("--test", type=Path, metavar="FILE", help="default: some of --train")
        parser.add_argument(
            "--truth",
            type=Path,
            metavar="FILE",
            help="what the units of --test had left: a figure a line, or unit and figure",
        )
        parser.add_argument("--unit-column", default="unit", help="default: unit")
        parser.add_argument("--time-column", default="cycle", help="a number; default: cycle")
        parser.add_argument(
            "--columns", type=_names, default=[], help="names, for files without a header"
        )
        parser.add_argument(
            "--settings-columns",
            type=_names,
            default=[],
            metavar="NAMES",
            help="what sets the operating mode (default: columns called setting, condition, …)",
        )
        parser.add_argument(
            "--clip", type=_above_zero, help="longer counts as this (default: 0.6 of a median life)"
        )
        parser.add_argument("--level", type=_level, default=0.9, help="default: 0.9")
        parser.add_argument("--seed", type=int, default=0, help="default: 0")
        parser.add_argument("--output", type=Path, metavar="CSV", help="also write the predictions")
        parser.add_argument("--delimiter", help="one character (default: found)")
        parser.add_argument("--decimal", choices=[".", ","], default=".", help="decimal mark")
        parser.add_argument("--encoding", default="utf-8", help="default: utf-8")

    def handle(self, *_: Any, **options: Any) -> None:
        if bool(options["test"]) != bool(options["truth"]):
            raise CommandError("--test and --truth go together; without both, units are held back.")
        try:
            known, asked, names, truth, settings = _read(options)
        except FileProblem as error:
            raise CommandError(str(error)) from error
        clip = options["clip"] or OF_LIFE * float(np.median([life.ages[-1] for life in known]))
        began = time.perf_counter()
        said, how = _predict(known, asked, settings, clip, options)
        seconds = time.perf_counter() - began
        result = score(said, truth, clip)
        self.stdout.write(how)
        self.stdout.write(f"{len(asked)} units judged, {seconds:.1f} s, training included.")
        self.stdout.write(f"RMSE        {result.rmse:.2f}")
        if (truth > clip).any():
            capped = score(said, np.minimum(truth, clip), clip)
            self.stdout.write(
                f"    with the truth clipped at {clip:g} as well: {capped.rmse:.2f},"
                f" NASA score {capped.nasa:.1f}"
            )
        self.stdout.write(f"NASA score  {result.nasa:.1f}")
        self.stdout.write(
            f"coverage    {result.coverage:.3f} of the {options['level']:.0%} interval"
        )
        self.stdout.write(f"width       {result.width:.1f}")
        if options["output"]:
            _write(options["output"], names, said, truth)


def _read(
    options: dict[str, Any],
) -> tuple[list[Life], list[Life], list[str], Floats, list[int]]:
    """What is learned from, what is asked about and its names, the truth, and the settings."""
    layout = Layout(
        delimiter="\t" if options["delimiter"] == "\\t" else options["delimiter"],
        columns=options["columns"],
        asset_column=options["unit_column"],
        time_column=options["time_column"],
        decimal=options["decimal"],
    )
    train = read_units(options["train"], layout, options["encoding"])
    test = read_units(options["test"], layout, options["encoding"]) if options["test"] else None
    columns = [one for one in usable(train.columns) if test is None or one in test.columns]
    if not columns:
        raise FileProblem(f"{options['train']} and {options['test']} have no column in common.")
    for column in options["settings_columns"]:
        if column not in columns:
            listed = ", ".join(columns)[:300]
            raise FileProblem(f"There is no column {column!r} (--settings-columns): {listed}.")
    settings = options["settings_columns"] or settings_among(columns)
    places = [columns.index(column) for column in settings]
    known = _lives(train.only(columns))
    if test is None:
        names, known, asked, truth = _held_back(train, known, options["seed"])
    else:
        names = [unit.name for unit in test.units]
        asked = _lives(test.only(columns))
        truth = read_truth(options["truth"], names, layout, options["encoding"])
    return known, asked, names, truth, places


def _lives(units: Units) -> list[Life]:
    return [Life(unit.ages, unit.values) for unit in units.units]


def _held_back(
    units: Units, lives: list[Life], seed: int
) -> tuple[list[str], list[Life], list[Life], Floats]:
    """Every fifth unit, cut off somewhere in the last three quarters of its life."""
    random = np.random.default_rng(seed)
    chosen = range(HELD_BACK - 1, len(lives), HELD_BACK)
    if not chosen:
        raise FileProblem(
            f"Without --test every fifth unit is held back, but there are only {len(lives)}."
            " Give more units, or --test and --truth."
        )
    asked, truth = [], []
    for i in chosen:
        count = max(int(random.uniform(0.25, 1.0) * len(lives[i])), 1)
        asked.append(Life(lives[i].ages[:count], lives[i].values[:count]))
        truth.append(lives[i].ages[-1] - lives[i].ages[count - 1])
    rest = [life for i, life in enumerate(lives) if i not in chosen]
    return [units.units[i].name for i in chosen], rest, asked, np.array(truth)


def _predict(
    known: list[Life], asked: list[Life], settings: list[int], clip: float, options: dict[str, Any]
) -> tuple[Remaining, str]:
    """The predictions, and a sentence about how they were made."""
    try:
        model = training.train(known, settings, clip=clip, seed=options["seed"])
    except (training.TooFewHistories, ValueError) as error:
        ages = np.array([life.ages[-1] for life in known])
        if not np.all(ages > 0):
            raise CommandError(
                f"{error} Ages alone say nothing, either: they are not above 0."
            ) from error
        found = weibull.fit(ages, np.ones(len(ages), dtype=bool))
        said = found.remaining(np.array([life.ages[-1] for life in asked]), options["level"])
        return said, f"{error} From ages alone (Weibull), with low confidence."
    return model.remaining(model.features(asked), options["level"]), _told(model)


def _told(model: LifeModel) -> str:
    prepared = model.preparation
    modes = f", {len(prepared.modes)} operating modes" if len(prepared.modes) > 1 else ""
    sure = "" if model.is_sure else " With fewer than 20, confidence is low."
    return (
        f"Learned from {model.units} units that ran to failure: {len(prepared.sensors)} sensors"
        f" that move, {len(prepared.settings)} settings{modes}, lives clipped at"
        f" {model.clip:g}.{sure}"
    )


def _write(path: Path, names: list[str], said: Remaining, truth: Floats) -> None:
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["unit", "left", "lower", "median", "upper", "truth"])
            columns = (said.point, said.lower, said.median, said.upper, truth)
            for name, row in zip(names, zip(*columns, strict=True), strict=True):
                writer.writerow([name, *(f"{value:.6g}" for value in row)])
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from error


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _above_zero(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < np.inf:
        raise ArgumentTypeError(f"{text!r} is not a number above 0.")
    return value


def _level(text: str) -> float:
    value = _above_zero(text)
    if not 0.5 <= value < 1.0:
        raise ArgumentTypeError(f"{text!r} is not a level such as 0.9: from 0.5 to below 1.")
    return value
