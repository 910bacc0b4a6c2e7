r"""InfluxDB's line protocol: `measurement,tag=value field=1.5,other=2i 1700000000000000000`.

A reading is one field of a line. It goes by the name `measurement,tag=value#field`, its tags in the
order of their keys, spelled with the protocol's escapes. Text fields are no readings. Source: the
line protocol reference of InfluxDB 2.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from telemetry.formats.columns import NAME_LENGTH, TOO_LONG, Columns, Unread, name_problem
from telemetry.formats.line_values import LineProblem, numbers, shown, times

# Microseconds of one unit; nanoseconds are divided.
PRECISIONS = {"ns": 0, "us": 1, "ms": 1_000, "s": 1_000_000}
MOST_BYTES = 4 * NAME_LENGTH
"""Of a name in UTF-8: with more it has too many characters, whatever they are."""
CHUNK = 1_000_000
"""Bytes after which a body is cut, at the end of a line."""

_SPECIAL = re.compile(rb'[\\"#]')

# Everything below is possessive or begins with different bytes: no input makes it go back.
_STRING = rb'"(?:\\.|[^"\\])*+"'
# A line, whose quoted text may hold line ends. Quotes in names mean nothing.
_LOGICAL = re.compile(
    rb"[ \t]*+(?:#[^\n]*+|(?:\\[^\n]|[^\\ \n])*+(?:=" + _STRING + rb"|\\[^\n]|[^\\\n])*+\\?)",
    re.DOTALL,
)
_PARTS = re.compile(
    rb"((?:\\.|[^\\ ])++) ++((?:=" + _STRING + rb"|\\.|[^\\ ])++)(?: ++([^ ]++))?+ *+", re.DOTALL
)
_FIELD = re.compile(rb"((?:\\.|[^\\,=])++)=(" + _STRING + rb"|[^,]*+)", re.DOTALL)
_PIECES = re.compile(rb"(?:\\.|[^\\,])++", re.DOTALL)
_TAG = re.compile(rb"((?:\\.|[^\\=])++)=((?:\\.|[^\\=])++)", re.DOTALL)


def chunks(body: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """The lines of a body in bounded portions, each with the number of its first line (from 1)."""
    number = 1
    body = body.replace(b"\r\n", b"\n")
    if b'="' in body:
        # Text may hold line ends: where a line ends is known once its text was read.
        for portion in _logical(body):
            yield number, portion
            number += sum(line.count(b"\n") + 1 for line in portion)
        return
    start = 0
    while start < len(body):
        end = body.find(b"\n", start + CHUNK)
        portion = (body[start:] if end < 0 else body[start:end]).split(b"\n")
        yield number, portion
        number += len(portion)
        start = len(body) if end < 0 else end + 1


def _logical(body: bytes) -> Iterator[list[bytes]]:
    portion: list[bytes] = []
    start, size = 0, 0
    while start < len(body):
        found = _LOGICAL.match(body, start)
        end = found.end() if found else start
        if body[end : end + 1] not in (b"\n", b""):
            end = body.find(b"\n", end)
            end = len(body) if end < 0 else end
        portion.append(body[start:end])
        size += end - start
        if size >= CHUNK:
            yield portion
            portion, size = [], 0
        start = end + 1
    if portion:
        yield portion


def parse(lines: Sequence[bytes], *, precision: str, at: int, first: int = 1) -> Columns:
    """The readings of lines; `at`, in microseconds since 1970, is the time of those without one.

    Raises nothing but KeyError for an unknown precision: what cannot be read is in `unread`.
    """
    step = PRECISIONS[precision]
    found = _Found()
    text = b"".join(lines)
    special = _SPECIAL.search(text)
    add, number = found.add, first
    for line in lines:
        parts = line.split(b" ")
        if len(parts) != 3 or (special and _SPECIAL.search(line)):
            found.add_slowly(number, line)
            number += line.count(b"\n")
        else:
            series, fields, stamp = parts
            for one in fields.split(b",") if b"," in fields else (fields,):
                key, _, value = one.partition(b"=")
                add(number, series, key, value, stamp)
        number += 1
    return found.columns(step, at)


@dataclass(slots=True)
class _Found:
    """What was read so far; values and stamps are still text, converted all at once."""

    known: dict[str, int] = field(default_factory=dict)
    series: dict[bytes, "dict[bytes, int | str]"] = field(default_factory=dict)
    names: list[int] = field(default_factory=list)
    values: list[bytes] = field(default_factory=list)
    stamps: list[bytes] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)

    def add(self, number: int, series: bytes, key: bytes, value: bytes, stamp: bytes) -> None:
        try:
            name = self.series[series][key]
        except KeyError:
            name = self._name(series, key)
        if isinstance(name, str):
            self.unread.append(Unread(number, name))
            return
        self.names.append(name)
        self.values.append(value)
        self.stamps.append(stamp)
        self.places.append(number)

    def add_slowly(self, number: int, line: bytes) -> None:
        """A line with escapes, quotes, more blanks or no time; or none at all."""
        line = line.strip(b" \t\r")
        if not line or line.startswith(b"#"):
            return
        parts = _PARTS.fullmatch(line)
        if parts is None:
            reason = "The line is not `measurement,tag=value field=1.5 time`."
            self.unread.append(Unread(number, reason))
            return
        series, fields, stamp = parts[1], parts[2], parts[3] or b""
        place = 0
        while place < len(fields):
            one = _FIELD.match(fields, place)
            if one is None or fields[one.end() : one.end() + 1] not in (b"", b","):
                rest = shown(fields[place:])
                self.unread.append(Unread(number, f"{rest} is not `field=1.5`."))
                return
            self.add(number, series, one[1], one[2], stamp)
            place = one.end() + 1

    def _name(self, series: bytes, key: bytes) -> int | str:
        """Where the name of this field is in `known`, or why it is none."""
        name: int | str
        if len(series) + len(key) > MOST_BYTES:
            name = TOO_LONG
        else:
            try:
                text = _name_of(series, key)
            except LineProblem as problem:
                name = str(problem)
            else:
                name = name_problem(text) or self.known.setdefault(text, len(self.known))
        self.series.setdefault(series, {})[key] = name
        return name

    def columns(self, step: int, at: int) -> Columns:
        values, bad = numbers(self.values)
        moments, late = times(self.stamps, step, at)
        known = list(self.known)
        names = np.array(self.names, dtype=np.int64)
        places = np.array(self.places, dtype=np.int64)
        problems = late | bad
        if problems:
            for row, reason in sorted(problems.items()):
                self.unread.append(Unread(self.places[row], reason, known[self.names[row]]))
            good = np.ones(len(names), dtype=bool)
            good[list(problems)] = False
            names, places, values, moments = names[good], places[good], values[good], moments[good]
        self.unread.sort(key=lambda unread: unread.place)
        return Columns(known, names, moments, values, places, unread=self.unread)


@lru_cache(maxsize=10_000)
def _name_of(series: bytes, key: bytes) -> str:
    """Senders send the same series again and again."""
    if not key:
        raise LineProblem("A field has no name.")
    return _series_name(series) + "#" + _text(key)


def _series_name(series: bytes) -> str:
    measurement, *tags = _PIECES.findall(series) or [b""]
    if b"".join([measurement, *[b"," + tag for tag in tags]]) != series:
        raise LineProblem(f"{shown(series)} is not `measurement,tag=value,…`.")
    pairs: dict[bytes, bytes] = {}
    for tag in tags:
        pair = _TAG.fullmatch(tag)
        if pair is None:
            raise LineProblem(f"The tag {shown(tag)} is not `tag=value`.")
        if pair[1] in pairs:
            raise LineProblem(f"The tag {shown(pair[1])} is there twice.")
        pairs[pair[1]] = tag
    return _text(b",".join([measurement, *[pairs[key] for key in sorted(pairs)]]))


def _text(name: bytes) -> str:
    """As text, with `#` escaped, which divides the field from what stands before it."""
    try:
        return name.decode().replace("#", r"\#")
    except UnicodeDecodeError:
        raise LineProblem(f"{shown(name)} is not in UTF-8.") from None
