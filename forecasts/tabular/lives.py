"""Run-to-failure histories from files: a row for each unit and cycle."""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from assets.tabular.sources import FileProblem, Source, open_source
from assets.tabular.table import Layout, number, sniff, splitter

Floats = NDArray[np.float64]

ANSWERS = re.compile(r"(true_?)?rul|labels?\d?|ttf|ttl|time_to_failure|remaining.*|target", re.I)
"""Columns that tell what is asked for."""

SETTINGS = re.compile(r"(op(erational)?_?)?(setting|cond(ition)?|regime|mode)s?_?\d*|os_?\d+", re.I)
_SAMPLE = 100
CMAPSS = 26
"""Columns of a file of C-MAPSS: unit, cycle, three settings and 21 sensors."""


@dataclass(frozen=True, slots=True)
class Unit:
    """Rows of one unit in the order of time: ages (n,), values (n, columns); NaN is missing."""

    name: str
    ages: Floats
    values: Floats


@dataclass(frozen=True, slots=True)
class Units:
    """The units of a file in the order in which they first come, and the names of the columns."""

    columns: tuple[str, ...]
    units: tuple[Unit, ...]

    def only(self, columns: Sequence[str]) -> "Units":
        """The same with these columns only, in this order."""
        places = [self.columns.index(column) for column in columns]
        units = tuple(Unit(one.name, one.ages, one.values[:, places]) for one in self.units)
        return Units(tuple(columns), units)


def usable(columns: Sequence[str]) -> list[str]:
    """The columns that do not tell what is asked for.

    >>> usable(["RUL", "setting_1", "s2", "label1"])
    ['setting_1', 's2']
    """
    return [column for column in columns if not ANSWERS.fullmatch(column)]


def settings_among(columns: Sequence[str]) -> list[str]:
    """The columns that are called like settings.

    >>> settings_among(["setting_1", "op_setting_2", "os3", "s4", "T24"])
    ['setting_1', 'op_setting_2', 'os3']
    """
    return [column for column in columns if SETTINGS.fullmatch(column)]


def read_units(path: Path, layout: Layout, encoding: str = "utf-8") -> Units:
    """The units of a file with columns `layout.asset_column` and `layout.time_column` (a number).

    A file without a header has the unit first and the time second; its other columns are called
    setting_1 to 3 and sensor_1 on where it has the 26 columns of C-MAPSS, else column_3 on.
    Columns of words are left out: those without a number in the first rows, or with a word there.
    Raises FileProblem at the first line that cannot be read.
    """
    name = str(path)
    with open_source(path, encoding) as source:
        columns, rows, lines = _table(name, source, layout)
    unit = _place(name, columns, layout.asset_column, "--unit-column")
    time = _place(name, columns, layout.time_column, "--time-column")
    kept = [i for i in range(len(columns)) if i not in (unit, time) and _numeric(rows, i, layout)]
    if not kept:
        raise FileProblem(f"{name} has no column of numbers beside the unit and the time.")
    found: dict[str, list[tuple[float, list[float]]]] = {}
    for line, cells in zip(lines, rows, strict=True):
        age = _age(name, line, columns[time], cells[time], layout)
        if not math.isfinite(age):
            raise FileProblem(f"Line {line} of {name} has no {columns[time]!r}. Correct that line.")
        values = [_number(name, line, columns[i], cells[i], layout) for i in kept]
        found.setdefault(cells[unit].strip(), []).append((age, values))
    units = []
    for key, known in found.items():
        known.sort(key=lambda row: row[0])
        ages = np.array([age for age, _ in known])
        units.append(Unit(key, ages, np.array([values for _, values in known])))
    return Units(tuple(columns[i] for i in kept), tuple(units))


def read_truth(path: Path, units: Sequence[str], layout: Layout, encoding: str = "utf-8") -> Floats:
    """What each of the units really had left: a number a line in their order, or unit and number.

    Raises FileProblem where one is missing or no number.
    """
    name = str(path)
    with open_source(path, encoding) as source:
        rows: list[tuple[int, list[str]]] = []
        for line, text in source.lines():
            cells = [cell.strip() for cell in splitter(layout.delimiter or sniff(text))(text)]
            cells = [cell for cell in cells if cell]
            if rows or _is_number(cells[-1] if cells else "", layout):
                rows.append((line, cells))
    if len(rows) != len(units):
        raise FileProblem(
            f"{name} has {len(rows)} figures, but the test file has {len(units)} units."
        )
    truth = [_number(name, line, "the figure", cells[-1], layout) for line, cells in rows]
    if all(len(cells) > 1 for _, cells in rows):
        by_unit = {cells[0]: figure for (_, cells), figure in zip(rows, truth, strict=True)}
        if missing := [unit for unit in units if unit not in by_unit]:
            raise FileProblem(f"{name} has no figure for unit {missing[0]!r} of the test file.")
        truth = [by_unit[unit] for unit in units]
    out = np.array(truth)
    if not np.all(out >= 0):
        raise FileProblem(f"{name} has a figure that is missing or below 0: none is left by then.")
    return out


def _table(
    name: str, source: Source, layout: Layout
) -> tuple[list[str], list[list[str]], list[int]]:
    """The names of the columns, the cells of each row, and its line."""
    columns: list[str] = []
    rows, lines = [], []
    for line, all_cells in _cells(name, source, layout):
        cells = _trimmed(all_cells, len(columns))
        if not columns:
            columns = _columns(cells, layout)
            if columns == cells:
                continue
        if len(cells) != len(columns):
            raise FileProblem(
                f"Line {line} of {name} has {len(cells)} cells, but there are {len(columns)}"
                " columns. Correct that line."
            )
        rows.append(cells)
        lines.append(line)
    if not rows:
        raise FileProblem(f"{name} has no rows, so there is nothing to learn from.")
    return columns, rows, lines


def _cells(name: str, source: Source, layout: Layout) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells."""
    split = None
    for line, text in source.lines():
        split = split or splitter(layout.delimiter or sniff(text.strip()))
        try:
            cells = [cell.strip() for cell in split(text)]
        except ValueError as error:
            raise FileProblem(f"Line {line} of {name} cannot be read. {error}") from error
        yield line, cells


def _trimmed(cells: list[str], width: int) -> list[str]:
    """Without empty cells at the end that no column is for."""
    end = len(cells)
    while end > width and not cells[end - 1]:
        end -= 1
    return cells[:end]


def _columns(cells: list[str], layout: Layout) -> list[str]:
    """The header, or the names of the columns of a file that has none."""
    if not all(_is_number(cell, layout) for cell in cells):
        return cells
    names = [layout.asset_column, layout.time_column]
    if layout.columns:
        return list(layout.columns)
    if len(cells) == CMAPSS:
        settings = [f"setting_{i}" for i in (1, 2, 3)]
        return [*names, *settings, *(f"sensor_{i}" for i in range(1, CMAPSS - 4))]
    return [*names, *(f"column_{i}" for i in range(3, len(cells) + 1))]


def _place(name: str, columns: list[str], wanted: str, option: str) -> int:
    if columns.count(wanted) == 1:
        return columns.index(wanted)
    trouble = "more than one column" if wanted in columns else "no column"
    listed = ", ".join(columns)[:300]
    raise FileProblem(f"{name} has {trouble} {wanted!r} ({option}). Its columns are {listed}.")


def _numeric(rows: list[list[str]], column: int, layout: Layout) -> bool:
    filled = [row[column] for row in rows[:_SAMPLE] if row[column]]
    return bool(filled) and all(_is_number(cell, layout) for cell in filled)


def _age(name: str, line: int, column: str, cell: str, layout: Layout) -> float:
    try:
        return _number(name, line, column, cell, layout)
    except FileProblem as error:
        raise FileProblem(
            f"{error} --time-column counts from when the unit was new: cycles, hours, days."
        ) from error


def _number(name: str, line: int, column: str, cell: str, layout: Layout) -> float:
    try:
        value = number(cell, layout)
    except ValueError as error:
        raise FileProblem(f"Line {line} of {name}, {column}: {error} Correct that cell.") from error
    return value if value is not None and math.isfinite(value) else math.nan


def _is_number(cell: str, layout: Layout) -> bool:
    try:
        return number(cell, layout) is not None
    except ValueError:
        return False
