"""These tests run on a TimescaleDB: `make test-timescale`."""

import os
from typing import Any

import pytest
from django.db import connection, connections

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
