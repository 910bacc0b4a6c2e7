"""A table of readings, wide or long, as a stream of rows and of lines that were rejected."""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain, islice
from typing import NamedTuple
from zoneinfo import ZoneInfo

from assets.tabular.sources import FileProblem
from assets.tabular.times import TimeReader

TIME_NAMES = ("time", "timestamp", "datetime", "date", "ts")
# What an import adds to the lines that it rejects; they are no values when those are read again.
REJECT_COLUMNS = ("rejected_line", "rejected_reason")
BLANKS = " "
_DELIMITERS = ("\t", ";", ",")
_SAMPLE = 100
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True)
class Layout:
    """What the caller knows of the table; what is left out is found out."""

    delimiter: str | None = None
    header: bool = True
    columns: Sequence[str] = ()
    time_column: str = ""
    asset_column: str = ""
    value_columns: Sequence[str] = ()
    skip_columns: Sequence[str] = ()
    long: bool = False
    key_column: str = "key"
    value_column: str = "value"
    decimal: str = "."
    nulls: frozenset[str] = frozenset()


class Row(NamedTuple):
    """The readings of one line: one value for each key; None where the cell is empty.

    `asset` is empty where the table has no column for it. A value may be NaN or infinite.
    """

    line: int
    asset: str
    time: datetime
    keys: tuple[str, ...]
    values: list[float | None]
    cells: list[str]


class Rejected(NamedTuple):
    """A line that, wholly or in some cells, could not be read, and why."""

    line: int
    reason: str
    cells: list[str]


@dataclass(frozen=True)
class Table:
    """The columns of a file and its lines after them."""

    columns: list[str]
    time: int
    asset: int | None
    values: list[int]
    ignored: list[str]
    key: int | None
    split: Callable[[str], list[str]]
    lines: Iterator[tuple[int, str]]
    layout: Layout = field(repr=False)

    def rows(
        self, read_time: TimeReader, zone_of: Callable[[str], ZoneInfo]
    ) -> Iterator[Row | Rejected]:
        """Each line as a Row, as Rejected, or (where only some cells are wrong) as both.

        zone_of: the zone of an asset's times that name none.
        """
        width = len(self.columns)
        keys = tuple(self.columns[i] for i in self.values)
        for number, line in self.lines:
            try:
                cells = self._cells(line, width)
            except ValueError as error:
                yield Rejected(number, str(error), [line])
                continue
            asset = cells[self.asset].strip() if self.asset is not None else ""
            try:
                time = read_time(cells[self.time], zone_of(asset))
            except ValueError as error:
                yield Rejected(number, str(error), cells)
                continue
            values, problem = self._numbers([cells[i] for i in self.values])
            named = keys if self.key is None else (cells[self.key].strip(),)
            yield Row(number, asset, time, named, values, cells)
            if problem is not None:
                yield Rejected(number, f"{named[problem[0]]}: {problem[1]}", cells)

    def _cells(self, line: str, width: int) -> list[str]:
        if not line.isascii() and _SURROGATE.search(line):
            raise ValueError("The line is not in the encoding: use --encoding, such as latin-1.")
        if "\0" in line:
            raise ValueError("The line holds bytes that are no text.")
        cells = self.split(line)
        if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
            del cells[width:]
        if len(cells) != width:
            raise ValueError(f"The line has {len(cells)} cells, but there are {width} columns.")
        return cells

    def _numbers(self, cells: list[str]) -> tuple[list[float | None], tuple[int, str] | None]:
        """The values, and the first cell that is none: its place and why."""
        try:
            text = "".join(cells)
            # float() also takes 1_000 and the digits of other scripts.
            if text.isascii() and "_" not in text and not self.layout.nulls:
                if self.layout.decimal == ",":
                    return [float(cell.replace(",", ".")) for cell in cells], None
                return [float(cell) for cell in cells], None
        except ValueError:
            pass
        values: list[float | None] = []
        problem = None
        for place, cell in enumerate(cells):
            try:
                values.append(number(cell, self.layout))
            except ValueError as error:
                values.append(None)
                problem = problem or (place, str(error))
        return values, problem


def number(cell: str, layout: Layout) -> float | None:
    """The number in a cell, None when it is empty. Raises ValueError with a reason."""
    text = cell.strip()
    if not text or text in layout.nulls:
        return None
    try:
        if "_" in text or not text.isascii():
            raise ValueError  # noqa: TRY301
        return float(text.replace(",", ".") if layout.decimal == "," else text)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not a number.") from None


def open_table(name: str, lines: Iterator[tuple[int, str]], layout: Layout) -> Table:
    """Read the header and the first lines. Raises FileProblem when they do not fit the layout."""
    first = next(lines, None)
    if first is None:
        raise FileProblem(f"{name} is empty.")
    split = splitter(layout.delimiter or sniff(first[1]))
    try:
        cells = [cell.strip() for cell in split(first[1])]
    except ValueError as error:
        raise FileProblem(f"Line {first[0]} of {name} cannot be read. {error}") from error
    if layout.header:
        columns = _header(name, first, cells, layout)
    else:
        columns = list(layout.columns) or [f"column_{i + 1}" for i in range(len(cells))]
        if len(columns) != len(cells):
            raise FileProblem(
                f"{name} has {len(cells)} columns in its first line, but --columns names"
                f" {len(columns)}."
            )
        lines = chain([first], lines)
    sample = list(islice(lines, _SAMPLE))
    return _arrange(name, columns, split, sample, lines, layout)


def _header(name: str, first: tuple[int, str], cells: list[str], layout: Layout) -> list[str]:
    if _SURROGATE.search(first[1]):
        raise FileProblem(
            f"The header of {name} is not in the encoding: use --encoding, such as latin-1."
        )
    if all(_is_number(cell, layout) for cell in cells):
        raise FileProblem(
            f"The first line of {name} holds numbers, not the names of columns. If it has no"
            " header, add --header none and --columns NAME,NAME,…"
        )
    if layout.columns and len(layout.columns) != len(cells):
        raise FileProblem(
            f"{name} has {len(cells)} columns, but --columns names {len(layout.columns)}."
        )
    return list(layout.columns) or cells


def _arrange(
    name: str,
    columns: list[str],
    split: Callable[[str], list[str]],
    sample: list[tuple[int, str]],
    rest: Iterable[tuple[int, str]],
    layout: Layout,
) -> Table:
    def place(wanted: str, option: str) -> int:
        found = [i for i, column in enumerate(columns) if column == wanted]
        if len(found) == 1:
            return found[0]
        trouble = "has no column" if not found else "has more than one column"
        listed = ", ".join(column for column in columns if column)[:300]
        raise FileProblem(f"{name} {trouble} {wanted!r} ({option}). Its columns are {listed}.")

    known = [column for column in columns if column.lower() in TIME_NAMES]
    time = place(layout.time_column or (known[0] if known else "time"), "--time-column")
    asset = place(layout.asset_column, "--asset-column") if layout.asset_column else None
    key = None
    ignored: list[str] = []
    if layout.long:
        key = place(layout.key_column, "--key-column")
        values = [place(layout.value_column, "--value-column")]
    elif layout.value_columns:
        values = [place(column, "--value-columns") for column in layout.value_columns]
    else:
        for column in layout.skip_columns:
            place(column, "--skip-columns")
        left_out = {*layout.skip_columns, *REJECT_COLUMNS, ""}
        candidates = [
            i
            for i, column in enumerate(columns)
            if i not in (time, asset) and column not in left_out
        ]
        numeric = _numeric(candidates, [line for _, line in sample], split, layout)
        values = [i for i in candidates if i in numeric]
        ignored = [columns[i] for i in candidates if i not in numeric]
        for i in values:
            place(columns[i], "a value")
    if not values:
        raise FileProblem(
            f"{name} has no column of numbers beside the time. Name some with --value-columns."
        )
    lines = chain(sample, rest)
    return Table(columns, time, asset, values, ignored, key, split, lines, layout)


def _numeric(
    candidates: list[int], sample: list[str], split: Callable[[str], list[str]], layout: Layout
) -> set[int]:
    """The columns of which at least half of the filled cells are numbers.

    A column without any filled cell counts: its values may begin later.
    """
    filled = dict.fromkeys(candidates, 0)
    numbers = dict.fromkeys(candidates, 0)
    for line in sample:
        try:
            cells = split(line)
        except ValueError:
            continue
        for i in candidates:
            if i < len(cells) and cells[i].strip() and cells[i].strip() not in layout.nulls:
                filled[i] += 1
                numbers[i] += _is_number(cells[i], layout)
    return {i for i in candidates if numbers[i] * 2 >= filled[i]}


def _is_number(cell: str, layout: Layout) -> bool:
    try:
        return number(cell, layout) is not None
    except ValueError:
        return False


def sniff(line: str) -> str:
    """The delimiter of a line: tab, semicolon, comma, or else blanks.

    >>> sniff("time;Volume Flow, l/min"), sniff("1 1 -0.0007")
    (';', ' ')
    """
    bare = re.sub(r'"[^"]*"', "", line)
    return next((mark for mark in _DELIMITERS if mark in bare), BLANKS)


def splitter(delimiter: str) -> Callable[[str], list[str]]:
    """A function from a line to its cells; it raises ValueError for an unclosed quotation."""
    if delimiter == BLANKS:
        return str.split

    def split(line: str) -> list[str]:
        if '"' not in line:
            return line.split(delimiter)
        try:
            return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True))
        except csv.Error as error:
            raise ValueError("A quotation mark in the line is not closed.") from error

    return split
