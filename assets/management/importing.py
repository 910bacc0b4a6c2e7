"""One file of readings into the database, in chunks that are committed one by one."""

import csv
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TextIO, cast

import numpy as np

from assets.management.targets import NoSite, Place, Refused, Targets
from assets.models.sensors import LARGEST_VALUE
from assets.services.readings import IngestResult, ingest_columns, microseconds
from assets.services.rules import time_problem, value_problem
from assets.tabular.sources import FileProblem, Source
from assets.tabular.table import REJECT_COLUMNS, Rejected, Row, Table
from assets.tabular.times import TimeReader

CHUNK = 50_000


class RejectsNotWritable(Exception):
    """The file for rejected lines cannot be written."""


@dataclass
class Outcome:
    """What became of a file so far. `rows` are its lines of data, `readings` those stored."""

    rows: int = 0
    readings: int = 0
    rejected: int = 0
    stored: IngestResult = field(default_factory=IngestResult)


@dataclass
class Chunk:
    """Readings on their way to the database: a time and a number of values for each row."""

    ids: list[int] = field(default_factory=list)
    values: list[float] = field(default_factory=list)
    times: list[datetime] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    def store(self) -> IngestResult:
        result = ingest_columns(
            sensor_ids=np.array(self.ids, dtype=np.int64),
            times=np.repeat(microseconds(self.times), self.counts),
            values=np.array(self.values, dtype=np.float64),
        )
        self.ids, self.values, self.times, self.counts = [], [], [], []
        return result


class Rejects:
    """The lines that were rejected, as CSV beside their line number and reason; made at the first.

    A line rejected for several reasons is written once, with the first.
    """

    def __init__(self, path: Path, columns: list[str]) -> None:
        self.path = path
        self.count = 0
        self._columns = columns
        self._last_line = 0
        self._file: TextIO | None = None
        self._stack = ExitStack()

    def __enter__(self) -> "Rejects":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, rejected: Rejected) -> None:
        if rejected.line == self._last_line:
            return
        self._last_line = rejected.line
        self.count += 1
        try:
            if self._file is None:
                self._file = self._stack.enter_context(
                    self.path.open("w", newline="", encoding="utf-8", errors="backslashreplace")
                )
                csv.writer(self._file).writerow([*REJECT_COLUMNS, *self._columns])
            csv.writer(self._file).writerow([rejected.line, rejected.reason, *rejected.cells])
        except OSError as error:
            raise RejectsNotWritable(
                f"The rejected lines cannot be written to {self.path}: {error.strerror}."
                " Name another file with --rejects."
            ) from error


@dataclass
class Importer:
    """Reads a table's rows, finds their sensors, and stores them chunk by chunk."""

    table: Table
    targets: Targets
    asset: str
    at: datetime
    rejects: Rejects
    outcome: Outcome
    _complete: dict[str, list[int]] = field(default_factory=dict)

    def run(self, source: Source, read_time: TimeReader, done: Callable[[int], None]) -> None:
        """Import everything; `done` hears the position in the file after each chunk.

        `outcome` is true at any moment, also when reading or storing fails.
        """
        chunk = Chunk()
        try:
            self._read(source, read_time, chunk, done)
        except (FileProblem, RejectsNotWritable, NoSite):
            self._store(chunk)  # what came before the damaged place is kept
            raise
        self._store(chunk)
        done(source.position)

    def _read(
        self, source: Source, read_time: TimeReader, chunk: Chunk, done: Callable[[int], None]
    ) -> None:
        asset, zone_of = self.asset, self.targets.zone_of
        last_line = 0
        for item in self.table.rows(read_time, lambda tag: zone_of(tag or asset)):
            if item.line != last_line:
                last_line = item.line
                self.outcome.rows += 1
            if isinstance(item, Rejected):
                self._reject(item)
                continue
            self._take(item, chunk)
            if len(chunk.values) >= CHUNK:
                self._store(chunk)
                done(source.position)

    def _store(self, chunk: Chunk) -> None:
        if chunk.values:
            count = len(chunk.values)
            stored = chunk.store()
            self.outcome.readings += count
            self.outcome.stored += stored

    def _reject(self, rejected: Rejected) -> None:
        self.rejects.add(rejected)
        self.outcome.rejected = self.rejects.count

    def _take(self, row: Row, chunk: Chunk) -> None:
        """Add the row's readings to the chunk, or say why not."""
        problem = time_problem(row.time, at=self.at)
        if problem is not None:
            self._reject(Rejected(row.line, problem, row.cells))
            return
        ids, values = self._readings(row)
        if values:
            chunk.ids += ids
            chunk.values += values
            chunk.times.append(row.time)
            chunk.counts.append(len(values))

    def _readings(self, row: Row) -> tuple[list[int], list[float]]:
        tag = row.asset if self.table.asset is not None else self.asset
        known = self._complete.get(tag)
        # Nearly every row of a wide table: all cells filled and finite, all sensors known, and
        # none of them with a range of what is possible.
        if known is not None and None not in row.values:
            filled = cast(list[float], row.values)
            if sum(map(abs, filled)) < LARGEST_VALUE:  # not so for NaN
                return known, filled
        places, values, problem = self._one_by_one(tag, row)
        ids = [place.sensor for place in places]
        if problem is not None:
            self._reject(Rejected(row.line, problem, row.cells))
        elif self.table.key is None and len(ids) == len(row.keys) and not _bounded(places):
            self._complete[tag] = ids
        return ids, values

    def _one_by_one(self, tag: str, row: Row) -> tuple[list[Place], list[float], str | None]:
        """Sensors and values of the good readings; what is wrong with the first bad one."""
        places: list[Place] = []
        values: list[float] = []
        first_problem = None
        filled = [k for k, v in zip(row.keys, row.values, strict=True) if v is not None]
        self.targets.expect(tag, filled)
        for key, value in zip(row.keys, row.values, strict=True):
            if value is None:
                continue
            try:
                place = self.targets.place(tag, key)
            except Refused as error:
                first_problem = first_problem or str(error)
                continue
            problem = value_problem(value, low=place.low, high=place.high, unit=place.unit)
            if problem is not None:
                first_problem = first_problem or f"{key}: {problem}"
                continue
            places.append(place)
            values.append(value)
        return places, values, first_problem


def _bounded(places: list[Place]) -> bool:
    """Whether there is more to check of these sensors' values than that they are finite."""
    return any(place.low is not None or place.high is not None for place in places)
