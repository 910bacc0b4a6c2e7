"""A table condensed to what a chart can show, while it streams past."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST = 1200
"""Buckets: more are not to be told apart on a screen. Between this and twice as many are kept."""

LISTED = 200
"""At most so many spans are listed, those with the highest scores."""


@dataclass(slots=True)
class Span:
    """Flagged rows without a calm one between them; times as they stand in the file."""

    start: str
    end: str
    rows: int
    peak: float
    about: str


class Picture:
    """Lowest, highest, expected and score of equal numbers of rows; memory is bounded.

    Each row of `table` is a bucket: first time, highest score, share flagged, then for each of c
    columns the lowest value, the highest value and the mean of what was expected.
    """

    def __init__(self, columns: list[str]) -> None:
        self.columns = columns
        self.rows = 0
        self.flagged = 0
        self.spans: list[Span] = []
        self.span_count = 0
        self.first_time = self.last_time = ""
        self._open: Span | None = None
        self._width = 1
        self._table = np.empty((0, 3 + 3 * len(columns)))
        self._rest = self._table

    def add(
        self,
        cells: list[list[str]],
        times: Floats,
        values: Floats,
        expected: Floats,
        score: Floats,
        flags: NDArray[np.bool_],
        about: list[str] | None,
    ) -> None:
        """Take in n rows; `values` and `expected` are (n, c), the others have n entries."""
        head = np.column_stack([times, score, flags.astype(np.float64)])
        rows = np.vstack([self._rest, np.hstack([head, values, values, expected])])
        whole = len(rows) // self._width * self._width
        self._rest = rows[whole:]
        self._table = np.vstack([self._table, self._merged(rows[:whole], self._width)])
        while len(self._table) >= 2 * MOST:
            even = len(self._table) // 2 * 2
            halved = self._merged(self._table[:even], 2)
            self._table = np.vstack([halved, self._table[even:]])
            self._width *= 2
        self._note(cells, score, flags, about)
        self.rows += len(times)
        self.flagged += int(flags.sum())
        self.first_time = self.first_time or cells[0][0]
        self.last_time = cells[-1][0]

    def table(self) -> Floats:
        """All buckets, the last one perhaps of fewer rows."""
        if not len(self._rest):
            return self._table
        return np.vstack([self._table, self._merged(self._rest, len(self._rest))])

    def finish(self) -> None:
        """Close a span that lasts to the end of the file."""
        self._close()

    def _merged(self, rows: Floats, width: int) -> Floats:
        c = len(self.columns)
        groups = rows.reshape(-1, width, rows.shape[1])
        merged = np.empty((len(groups), rows.shape[1]))
        merged[:, 0] = groups[:, 0, 0]
        merged[:, 1] = groups[:, :, 1].max(axis=1, initial=0.0)
        merged[:, 2] = groups[:, :, 2].max(axis=1, initial=0.0)
        merged[:, 3 : 3 + c] = np.fmin.reduce(groups[:, :, 3 : 3 + c], axis=1)
        merged[:, 3 + c : 3 + 2 * c] = np.fmax.reduce(groups[:, :, 3 + c : 3 + 2 * c], axis=1)
        usual = groups[:, :, 3 + 2 * c :]
        counted = np.isfinite(usual).sum(axis=1)
        total = np.nansum(usual, axis=1)
        merged[:, 3 + 2 * c :] = np.where(counted > 0, total / np.maximum(counted, 1), np.nan)
        return merged

    def _note(
        self,
        cells: list[list[str]],
        score: Floats,
        flags: NDArray[np.bool_],
        about: list[str] | None,
    ) -> None:
        starts = np.flatnonzero(np.diff(flags, prepend=False) & flags)
        ends = np.flatnonzero(np.diff(flags, append=False) & flags)
        if self._open is not None and not flags[0]:
            self._close()
        for first, last in zip(starts, ends, strict=True):
            best = first + int(np.argmax(score[first : last + 1]))
            span = Span(
                cells[first][0],
                cells[last][0],
                int(last - first + 1),
                float(score[best]),
                about[best] if about else "",
            )
            self._join(span) if first == 0 else self._begin(span)
        if len(ends) and ends[-1] < len(flags) - 1:
            self._close()

    def _join(self, span: Span) -> None:
        if self._open is None:
            self._begin(span)
            return
        if span.peak > self._open.peak:
            self._open.peak, self._open.about = span.peak, span.about
        self._open.end = span.end
        self._open.rows += span.rows

    def _begin(self, span: Span) -> None:
        self._close()
        self._open = span

    def _close(self) -> None:
        if self._open is None:
            return
        self.spans.append(self._open)
        self.span_count += 1
        self._open = None
        if len(self.spans) > 2 * LISTED:
            self.strongest()

    def strongest(self) -> list[Span]:
        """The spans with the highest scores, in order of the file."""
        if len(self.spans) > LISTED:
            line = sorted((span.peak for span in self.spans), reverse=True)[LISTED - 1]
            self.spans = [span for span in self.spans if span.peak >= line][:LISTED]
        return self.spans
