"""The command line of score_csv, and what its options mean together."""

from argparse import ArgumentParser, ArgumentTypeError, RawDescriptionHelpFormatter
from itertools import chain
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.core.management import CommandError
from django.core.management.base import DjangoHelpFormatter

from anomalies.management.scoring import TRAIN_ROWS
from anomalies.tabular.rows import LABELS, any_time_reader
from assets.tabular.table import Layout
from assets.tabular.times import TimeReader, counter_reader, format_reader

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


def add_arguments(parser: ArgumentParser) -> None:
    """Define every option."""
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


def layout_of(options: dict[str, Any]) -> Layout:
    """How the files are written, and the columns that were named."""
    values: list[str] = list(chain(*options["value_columns"]))
    settings = settings_of(options) if values else []
    return Layout(
        delimiter=options["delimiter"],
        time_column=options["time_column"],
        value_columns=list(dict.fromkeys(values + settings)),
        decimal=options["decimal"],
        nulls=frozenset(options["null"]),
    )


def settings_of(options: dict[str, Any]) -> list[str]:
    """The columns that set the operating mode."""
    return list(chain(*options["settings_columns"]))


def time_reader(options: dict[str, Any]) -> TimeReader:
    """A new one for each file: how times are written may differ from file to file."""
    if options["time_format"]:
        return format_reader(options["time_format"])
    if options["time_unit"]:
        return counter_reader(options["time_unit"], None)
    return any_time_reader()


def check(options: dict[str, Any]) -> None:
    """Raise CommandError for options that cannot be; some are put right in place."""
    _take_files(options)
    if options["settings_columns"] and not options["multivariate"]:
        raise CommandError("--settings-columns is about machines: add --multivariate.")
    if options["multivariate"] and options["train_rows"] == 0:
        raise CommandError("--multivariate learns from the first rows: --train-rows cannot be 0.")
    if options["delimiter"] == "\\t":
        options["delimiter"] = "\t"
    if options["delimiter"] and len(options["delimiter"]) != 1:
        raise CommandError("--delimiter is one character, such as ';'.")
    try:
        ZoneInfo(options["timezone"])
        "".encode(options["encoding"])
        time_reader(options)
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


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _count(text: str) -> int:
    if not text.isdecimal() or not text.isascii():
        raise ArgumentTypeError(f"{text!r} is not a number of rows.")
    return int(text)
