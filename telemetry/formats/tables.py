"""Tables of readings as CSV: long (one reading on a line) or wide (one column for each name).

Long: columns `time`, `value` and either `name` or `asset` and `sensor`; `unit` if the sender's
differs. Wide: `time`, perhaps `asset`, and every other column is a name (of a sensor, where there
is a column `asset`). Commas, semicolons or tabs; a line is a row.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from assets.tabular.table import TIME_NAMES, sniff, splitter
from telemetry.formats.columns import Columns, Gatherer, NoReading, short
from telemetry.formats.payloads import BadPayload, read_time

PORTION = 1_000_000
"""Bytes after which a body is cut, at the end of a line."""
MOST_COLUMNS = 2_000


class NotATable(Exception):
    """The header does not say what the columns are: one sentence for the sender."""


@dataclass(slots=True)
class _Layout:
    """Places of the columns. name: None in a wide table, whose columns are in `wide`."""

    split: Callable[[str], list[str]]
    width: int
    time: int
    value: int | None
    name: int | None
    asset: int | None
    sensor: int | None
    unit: int | None
    wide: list[tuple[int, str]]
    times: dict[str, tuple[int, bool]] = field(default_factory=dict)


def read_table(body: bytes) -> Iterator[Columns]:
    """The readings of a body in bounded portions; places are line numbers from 1.

    Raises NotATable (at the first portion) where the header does not fit.
    """
    body = body.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    head, _, rest = body.partition(b"\n")
    layout = _layout(head)
    number, start = 2, 0
    while start < len(rest):
        end = rest.find(b"\n", start + PORTION)
        end = len(rest) if end < 0 else end
        lines = rest[start:end].split(b"\n")
        found = Gatherer()
        layout.times.clear()
        for place, line in enumerate(lines, number):
            if line and not line.isspace():
                _add(found, layout, place, line)
        yield found.columns()
        number += len(lines)
        start = end + 1


def _layout(head: bytes) -> _Layout:
    try:
        text = head.decode()
        split = splitter(sniff(text))
        cells = [cell.strip() for cell in split(text)]
    except ValueError as error:  # no UTF-8, or an open quotation
        raise NotATable("The first line cannot be read. Send CSV in UTF-8.") from error
    if len(cells) > MOST_COLUMNS:
        raise NotATable(f"The table has more than {MOST_COLUMNS:,} columns.")
    places: dict[str, int] = {}
    for place, cell in enumerate(cells):
        places.setdefault(cell.lower(), place)
    time = next((places[name] for name in TIME_NAMES if name in places), None)
    if time is None:
        raise NotATable(
            "The first line names no column `time`. Begin the table with a line such as"
            " time,asset,sensor,value."
        )
    value, name, asset, sensor = (places.get(key) for key in ("value", "name", "asset", "sensor"))
    if value is None:
        taken = {time, asset}
        wide = [(place, cell) for place, cell in enumerate(cells) if place not in taken and cell]
        if not wide:
            raise NotATable("The table has no column with values.")
        return _Layout(split, len(cells), time, None, None, asset, None, None, wide)
    if name is None and (asset is None or sensor is None):
        raise NotATable("Next to `value` the table needs `name`, or `asset` and `sensor`.")
    unit = places.get("unit")
    return _Layout(split, len(cells), time, value, name, asset, sensor, unit, [])


def _add(found: Gatherer, layout: _Layout, place: int, line: bytes) -> None:
    try:
        cells = _cells(layout, line)
        time = _time(layout, cells[layout.time])
    except (NoReading, BadPayload) as problem:
        found.refuse(place, str(problem))
        return
    unit = cells[layout.unit].strip() if layout.unit is not None else ""
    for name, cell in _named(layout, cells):
        try:
            found.add(place, name, time, _number(cell), unit)
        except NoReading as problem:
            found.refuse(place, str(problem), name if name.isprintable() else "")


def _named(layout: _Layout, cells: list[str]) -> Iterator[tuple[str, str]]:
    """The name and the cell of each reading of a row; empty cells of a wide table are none."""
    if layout.value is not None:
        if layout.name is not None:
            yield cells[layout.name].strip(), cells[layout.value]
        elif layout.asset is not None and layout.sensor is not None:
            asset, sensor = cells[layout.asset].strip(), cells[layout.sensor].strip()
            yield f"{asset}/{sensor}", cells[layout.value]
        return
    prefix = "" if layout.asset is None else f"{cells[layout.asset].strip()}/"
    for column, name in layout.wide:
        cell = cells[column]
        if cell and not cell.isspace():
            yield prefix + name, cell


def _cells(layout: _Layout, line: bytes) -> list[str]:
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise NoReading("The line is not in UTF-8.") from None
    try:
        cells = layout.split(text)
    except ValueError as error:
        raise NoReading(str(error)) from error
    if len(cells) != layout.width:
        raise NoReading(f"The line has {len(cells)} cells, but there are {layout.width} columns.")
    return cells


def _time(layout: _Layout, cell: str) -> tuple[int, bool]:
    known = layout.times.get(cell)
    if known is None:
        known = layout.times[cell] = read_time(cell.strip())
    return known


def _number(cell: str) -> float:
    # float() also takes 1_000 and the digits of other scripts.
    if cell.isascii() and "_" not in cell:
        try:
            return float(cell)
        except ValueError:
            pass
    raise NoReading(f"{short(cell)} is not a number.")
