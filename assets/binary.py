"""PostgreSQL's binary formats as numpy arrays, so that no Python object is made for each reading.

Times are microseconds since 1970 (UTC) here and since 2000 on the wire.
"""

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.datetime64]

_Y2000 = 946_684_800_000_000
# dimensions, "has nulls", type, length, lower bound: five 4-byte numbers before the elements
_ARRAY_HEADER = 20


def array_of(elements: Ints | Floats, oid: int) -> bytes:
    """A binary array of 8-byte elements of the type `oid`; times as `wire_times` gives them.

    >>> ints_of(array_of(np.array([3, -1]), 20)).tolist()
    [3, -1]
    """
    rows = np.empty(len(elements), dtype=[("bytes", ">i4"), ("it", f">{elements.dtype.kind}8")])
    rows["bytes"], rows["it"] = 8, elements
    return np.array([1, 0, oid, len(rows), 1], dtype=">i4").tobytes() + rows.tobytes()


def wire_times(times: Ints) -> Ints:
    """Microseconds since 1970 as a `timestamptz[]` holds them."""
    return times - _Y2000


def times_of(data: bytes) -> Times:
    """A binary `timestamptz[]` without nulls as datetime64[us] in UTC."""
    return (_elements(data, ">i8").astype(np.int64) + _Y2000).view("datetime64[us]")


def floats_of(data: bytes) -> Floats:
    """A binary `float8[]` without nulls."""
    return _elements(data, ">f8").astype(np.float64)


def ints_of(data: bytes) -> Ints:
    """A binary `int8[]` without nulls."""
    return _elements(data, ">i8").astype(np.int64)


def texts_of(times: Times) -> list[str]:
    """Times in UTC as ISO 8601.

    >>> texts_of(np.array(["2026-03-01T12:00", "2026-03-01T12:00:00.5"], "datetime64[us]"))
    ['2026-03-01T12:00:00Z', '2026-03-01T12:00:00.500000Z']
    """
    texts: list[str] = np.datetime_as_string(times, unit="us").tolist()
    return [text.removesuffix(".000000") + "Z" for text in texts]


def _elements(data: bytes, kind: str) -> npt.NDArray[np.generic]:
    element = np.dtype([("bytes", ">i4"), ("it", kind)])
    found: npt.NDArray[np.generic] = np.frombuffer(data[_ARRAY_HEADER:], dtype=element)["it"]
    return found
