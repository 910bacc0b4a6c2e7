"""Regular series from files: a row for each value (long), or a row for each series (wide)."""

from collections.abc import Callable, Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from anomalies.tabular.rows import any_time_reader
from assets.tabular.sources import FileProblem, open_source
from assets.tabular.table import Layout, Rejected, number, open_table, sniff, splitter

Floats = NDArray[np.float64]
Histories = dict[str, Floats]
"""Values of each series in the order of time; NaN is missing."""

MOST_STEPS = 1_000_000
"""A series that would be longer, with its gaps, has times that are no times."""

_UTC = ZoneInfo("UTC")
_NAMES = {"--asset-column": "--id-column", "--value-columns": "--value-column"}


def read_long(path: Path, layout: Layout, encoding: str = "utf-8") -> Histories:
    """The series of a file with columns of time and value, by its `layout.asset_column`.

    The usual distance between rows of a series is its step: where rows are missing, values are
    NaN. Without an asset column the file is one series, named "".
    Raises FileProblem at the first line that cannot be read, and for a time that comes twice.
    """
    name = str(path)
    series: dict[str, list[tuple[float, float, int]]] = {}
    with open_source(path, encoding) as source:
        try:
            table = open_table(name, source.lines(), layout)
        except FileProblem as error:
            raise FileProblem(_renamed(str(error))) from error
        for row in table.rows(any_time_reader(), lambda _asset: _UTC):
            if isinstance(row, Rejected):
                raise FileProblem(f"Line {row.line} of {name}: {row.reason} Correct that line.")
            value = row.values[0]
            known = value if value is not None and np.isfinite(value) else np.nan
            series.setdefault(row.asset, []).append((row.time.timestamp(), known, row.line))
    if not series:
        raise FileProblem(f"{name} has a header but no rows, so there is nothing to forecast.")
    return {key: _regular(name, key, rows) for key, rows in series.items()}


def _regular(name: str, key: str, rows: list[tuple[float, float, int]]) -> Floats:
    rows.sort(key=lambda row: row[0])
    times = np.array([row[0] for row in rows])
    apart = np.diff(times)
    if len(twice := np.flatnonzero(apart == 0)):
        line = max(rows[twice[0]][2], rows[twice[0] + 1][2])
        of = f"of series {key!r} " if key else ""
        advice = "Keep one of them." if key else "Keep one, or name the series with --id-column."
        raise FileProblem(f"Line {line} of {name} {of}has the time of another line. {advice}")
    if not len(apart):
        return np.array([rows[0][1]])
    moves = np.maximum(np.round(apart / np.median(apart)), 1.0)
    if moves.sum() >= MOST_STEPS:
        raise FileProblem(
            f"{name} has gaps in series {key!r} that are {MOST_STEPS:,} times as long as its usual"
            " step. Correct its times, or leave out what lies before the gap."
        )
    places = np.concatenate(([0], np.cumsum(moves).astype(np.int64)))
    values = np.full(places[-1] + 1, np.nan)
    values[places] = [row[1] for row in rows]
    return values


def read_wide(path: Path, layout: Layout, encoding: str = "utf-8") -> Histories:
    """The series of a file with one row each: its name, then its values; a header may precede.

    Empty cells at the end are no values; others are missing.
    Raises FileProblem at the first line that cannot be read.
    """
    name, series = str(path), Histories()
    with open_source(path, encoding) as source:
        for line, cells in _lines(name, source.lines(), layout):
            key = cells[0].strip()
            values = _numbers(name, line, cells[1:], layout)
            if not len(values):
                raise FileProblem(f"Line {line} of {name} has no values after {key!r}.")
            if key in series:
                raise FileProblem(
                    f"Line {line} of {name} is a second series {key!r}. The first column names"
                    " the series, so every name comes once; for a row per value use --value-column."
                )
            series[key] = values
    if not series:
        raise FileProblem(f"{name} has no rows of values, so there is nothing to forecast.")
    return series


def _lines(
    name: str, lines: Iterator[tuple[int, str]], layout: Layout
) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells, without the header."""
    split: Callable[[str], list[str]] | None = None
    for line, text in lines:
        is_first = split is None
        split = split or splitter(layout.delimiter or sniff(text))
        try:
            cells = split(text)
        except ValueError as error:
            raise FileProblem(f"Line {line} of {name} cannot be read. {error}") from error
        if not (is_first and _is_header(cells[1:], layout)):
            yield line, cells


def _is_header(cells: list[str], layout: Layout) -> bool:
    for cell in cells:
        try:
            number(cell, layout)
        except ValueError:
            continue
        if cell.strip():
            return False
    return True


def _numbers(name: str, line: int, cells: list[str], layout: Layout) -> Floats:
    values = []
    for place, cell in enumerate(cells, 2):
        try:
            value = number(cell, layout)
        except ValueError as error:
            raise FileProblem(
                f"Line {line} of {name}, column {place}: {error} Correct that cell; for a row per"
                " value, name --time-column and --value-column."
            ) from error
        values.append(value if value is not None and np.isfinite(value) else np.nan)
    while values and np.isnan(values[-1]):
        values.pop()
    return np.array(values, dtype=np.float64)


def _renamed(text: str) -> str:
    for old, new in _NAMES.items():
        text = text.replace(old, new)
    return text
