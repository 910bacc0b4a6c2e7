"""A cursor that takes arrays in binary: no Python object is made for each reading."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection
from psycopg.adapt import Buffer, Dumper
from psycopg.pq import Format

from assets.binary import Floats, Ints, array_of, wire_times

BinaryCursor = psycopg.Cursor[Any]
_TYPES = psycopg.adapters.types


@dataclass(frozen=True, slots=True)
class Ids:
    """As `bigint[]`."""

    elements: Ints


@dataclass(frozen=True, slots=True)
class Moments:
    """Microseconds since 1970 as `timestamptz[]`."""

    elements: Ints


@dataclass(frozen=True, slots=True)
class Values:
    """As `float8[]`."""

    elements: Floats


class _IdsDumper(Dumper):
    format = Format.BINARY
    oid = _TYPES["int8"].array_oid

    def dump(self, obj: Ids) -> Buffer:
        return array_of(obj.elements, _TYPES["int8"].oid)


class _MomentsDumper(Dumper):
    format = Format.BINARY
    oid = _TYPES["timestamptz"].array_oid

    def dump(self, obj: Moments) -> Buffer:
        return array_of(wire_times(obj.elements), _TYPES["timestamptz"].oid)


class _ValuesDumper(Dumper):
    format = Format.BINARY
    oid = _TYPES["float8"].array_oid

    def dump(self, obj: Values) -> Buffer:
        return array_of(obj.elements, _TYPES["float8"].oid)


@contextmanager
def binary_cursor() -> Iterator[BinaryCursor]:
    """On Django's connection, whose own cursors write every value as text into the statement."""
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.adapters.register_dumper(Ids, _IdsDumper)
        cursor.adapters.register_dumper(Moments, _MomentsDumper)
        cursor.adapters.register_dumper(Values, _ValuesDumper)
        yield cursor
