"""The rows of a table as arrays, chunk by chunk: memory does not grow with the file."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from assets.tabular.sources import FileProblem
from assets.tabular.table import Rejected, Row, Table
from assets.tabular.times import TimeReader, counter_reader, iso_reader

CHUNK = 20_000

LABELS = frozenset({"anomaly", "is_anomaly", "label", "changepoint", "score"})
"""Columns that are not scored unless they are named: what a table knows already."""

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Chunk:
    """n rows of a file.

    cells   of each row, as they stand in the file: the time, then the values
    times   (n,) seconds since 1970, as they come: they may repeat or fall
    values  (n, c) one column for each value; NaN where the cell is empty or no finite number
    """

    cells: list[list[str]]
    times: Floats
    values: Floats

    def __len__(self) -> int:
        return len(self.cells)


def without_labels(name: str, table: Table) -> Table:
    """The same without the columns that tell the answer, unless they were named.

    Raises FileProblem where nothing else is left.
    """
    if table.layout.value_columns:
        return table
    values = [i for i in table.values if table.columns[i].lower() not in LABELS]
    if not values:
        raise FileProblem(
            f"{name} has no column of numbers but labels. Name some with --value-columns."
        )
    return replace(table, values=values)


def chunks(
    name: str, table: Table, read_time: TimeReader, zone: ZoneInfo, first: int = CHUNK
) -> Iterator[Chunk]:
    """The rows of `table`, at first `first` of them, then some 20,000 at a time; all in order.

    Raises FileProblem at the first line that cannot be read, and for a table without rows.
    """
    rows = table.rows(read_time, lambda _asset: zone)
    places = [table.time, *table.values]
    size, number = first, 0
    while taken := list(islice(rows, size)):
        good = [row for row in taken if isinstance(row, Row)]
        for row in taken:
            if isinstance(row, Rejected):
                raise FileProblem(
                    f"Line {row.line} of {name}: {row.reason} Correct that line; nothing was"
                    " written for this file."
                )
        values = np.array([row.values for row in good], dtype=np.float64)
        values[~np.isfinite(values)] = np.nan
        yield Chunk(
            cells=[[row.cells[place].strip() for place in places] for row in good],
            times=np.array([row.time.timestamp() for row in good]),
            values=values.reshape(len(good), len(table.values)),
        )
        number += len(good)
        size = CHUNK
    if not number:
        raise FileProblem(f"{name} has a header but no rows, so there is nothing to score.")


def any_time_reader() -> TimeReader:
    """ISO 8601, or Unix seconds where the first time of the file is a plain number."""
    chosen: list[TimeReader] = []

    def read(cell: str, zone: ZoneInfo) -> datetime:
        if not chosen:
            chosen.append(counter_reader("s", None) if _is_number(cell) else iso_reader())
        return chosen[0](cell, zone)

    return read


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
