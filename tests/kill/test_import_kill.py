"""SIGKILL in the middle of an import: of the importing process, and of PostgreSQL."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from opssight.runtime import locations
from opssight.runtime.postgres import Postgres

pytestmark = pytest.mark.kill

ROWS = 150_000
REPOSITORY = Path(__file__).parents[2]


class Plant:
    """A durable PostgreSQL of our own with one organization, and a file to import."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = locations.database_url(folder)
        self.file = folder / "pump.csv"
        lines = (f"{1_700_000_000 + i},{i},{-i}\n" for i in range(ROWS))
        self.file.write_text("time,up,down\n" + "".join(lines))
        self.start()
        self.server.ensure_database()
        subprocess.run(self._manage("migrate", "-v", "0"), env=self._environment(), check=True)
        with psycopg.connect(self.url) as connection:
            connection.execute(
                "INSERT INTO organizations (name, slug, timezone, currency, failure_codes_from)"
                " VALUES ('Plant', 'plant', 'UTC', 'USD', 4)"
            )

    def start(self) -> None:
        data, log = self.folder / "postgres", self.folder / "log"
        self.server = Postgres(data=data, sockets=self.folder, log=log)
        self.server.prepare()
        self.server.launch()
        self.server.wait_until_ready()

    def kill_server(self) -> None:
        assert self.server.process is not None
        self.server.process.send_signal(signal.SIGKILL)
        self.server.process.wait()

    def begin_import(self) -> subprocess.Popen[str]:
        arguments = ["--time-unit", "s", "--site", "MAIN", "--create-missing"]
        return subprocess.Popen(
            self._manage("import_readings", str(self.file), *arguments),
            env=self._environment(),
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def wait_for_readings(self, more_than: int) -> int:
        """The number of readings, as soon as there are more than that."""
        deadline = time.monotonic() + 60
        with psycopg.connect(self.url, autocommit=True) as connection:
            while time.monotonic() < deadline:
                row = connection.execute("SELECT count(*) FROM asset_metrics").fetchone()
                assert row is not None
                if row[0] > more_than:
                    return int(row[0])
                time.sleep(0.05)
        raise AssertionError(f"no more than {more_than} readings after 60 s")

    def check_every_reading_is_there_once(self) -> None:
        with psycopg.connect(self.url) as connection:
            found = connection.execute(
                """
                SELECT s.key, count(*), count(DISTINCT m.time), sum(m.value),
                       max(m.time) = s.last_time,
                       bool_and(abs(m.value) = extract(epoch FROM m.time) - 1700000000)
                FROM asset_metrics m JOIN sensors s ON s.id = m.sensor_id
                GROUP BY s.id ORDER BY s.key
                """
            ).fetchall()
        total = ROWS * (ROWS - 1) / 2
        assert found == [
            ("down", ROWS, ROWS, -total, True, True),
            ("up", ROWS, ROWS, total, True, True),
        ]

    def _manage(self, *arguments: str) -> list[str]:
        return [sys.executable, str(REPOSITORY / "manage.py"), *arguments]

    def _environment(self) -> dict[str, str]:
        return {**os.environ, "DATABASE_URL": self.url}


@pytest.fixture
def plant() -> Iterator[Plant]:
    # short, for the sockets in it
    folder = Path(tempfile.mkdtemp(prefix="opssight-kill-", dir="/tmp"))
    made = None
    try:
        made = Plant(folder)
        yield made
    finally:
        if made is not None:
            made.server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def test_an_import_that_is_killed_again_and_again_ends_with_every_reading_once(plant: Plant):
    seen = 0
    for _ in range(2):
        process = plant.begin_import()
        seen = plant.wait_for_readings(more_than=seen)
        process.kill()
        process.communicate()
    assert seen < 2 * ROWS, "killed too late to prove anything"

    process = plant.begin_import()
    printed, errors = process.communicate(timeout=120)

    assert process.returncode == 0, errors
    assert f"{ROWS:,} rows, {2 * ROWS:,} readings" in printed
    assert " 0 stored before" not in printed
    plant.check_every_reading_is_there_once()


def test_killing_postgresql_stops_an_import_with_a_sentence_and_loses_nothing(plant: Plant):
    process = plant.begin_import()
    plant.wait_for_readings(more_than=0)
    plant.kill_server()
    _, errors = process.communicate(timeout=60)

    assert process.returncode == 1
    assert "CommandError: The database failed" in errors
    assert "readings from before are stored; importing the file again is safe" in errors
    assert "Traceback" not in errors
    told = int(
        errors.split("The database failed")[1]
        .split(" readings from")[0]
        .split()[-1]
        .replace(",", "")
    )

    plant.start()
    assert plant.wait_for_readings(more_than=0) >= told
    process = plant.begin_import()
    _, errors = process.communicate(timeout=120)

    assert process.returncode == 0, errors
    plant.check_every_reading_is_there_once()
