"""These tests run on a TimescaleDB: `make test-timescale`."""

import contextlib
import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.db.backends.utils import CursorWrapper

from assets.services import readings as services
from assets.services.rules import EARLIEST

IN_WEBASSEMBLY = os.environ.get("OPSSIGHT_TIMESCALE") == "webassembly"


@pytest.fixture(scope="session")
def django_db_keepdb() -> bool:
    """The WebAssembly server knows no CREATE DATABASE: its one database is the test database."""
    return IN_WEBASSEMBLY


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """As the owner of the tables, like the other tests."""
    settings = connections["default"].settings_dict
    settings["OPTIONS"].pop("assume_role", None)
    if IN_WEBASSEMBLY:
        settings["TEST"]["NAME"] = settings["NAME"]


@pytest.fixture(autouse=True)
def _on_timescale(db: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'")
        if cursor.fetchone() is None:
            pytest.fail("This server has no TimescaleDB. Run `make test-timescale`.")


class _Insert:
    """Takes the rows of a COPY and inserts them into the same table."""

    def __init__(self, cursor: CursorWrapper) -> None:
        self.cursor = cursor

    def write(self, columns: Any) -> None:
        ids, times, values = (column.tolist() for column in columns)
        moments = [EARLIEST + timedelta(microseconds=time) for time in times]
        self.cursor.execute(
            "INSERT INTO incoming_readings"
            " SELECT * FROM unnest(%s::bigint[], %s::timestamptz[], %s::double precision[])",
            [ids, moments, values],
        )


@pytest.fixture
def copying(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets `services.ingest` run where COPY is unknown; every other statement is its own."""
    if not IN_WEBASSEMBLY:
        return

    @contextlib.contextmanager
    def copy(cursor: CursorWrapper, statement: str) -> Iterator[_Insert]:
        yield _Insert(cursor)

    monkeypatch.setattr(services, "copy_rows", lambda *columns: columns)
    monkeypatch.setattr(CursorWrapper, "copy", copy, raising=False)
