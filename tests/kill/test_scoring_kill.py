"""The worker, Valkey and PostgreSQL are killed during scoring: nothing is lost, nothing doubled."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from opssight.runtime import children, locations
from opssight.runtime.postgres import Postgres
from opssight.runtime.servers import Server
from opssight.runtime.valkey import Valkey
from tests.kill.scoring_plant import SENSORS

PATIENCE = 240.0
# As the owner of the tables, who sees all; what scores works inside the walls.
IN_PLANT = """
import django; django.setup()
from opssight.core.database_role import as_owner
from tests.kill import scoring_plant
with as_owner(): scoring_plant.{}()
"""


@dataclass
class Plant:
    """Servers that keep their data, and a worker, in a folder of their own."""

    folder: Path
    servers: dict[str, Server] = field(default_factory=dict)
    worker: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        for name, kind in (("postgres", Postgres), ("valkey", Valkey)):
            self.servers[name] = kind(
                data=self.folder / name, sockets=self.folder, log=self.log(name)
            )
            self.launch(name)
        postgres = self.servers["postgres"]
        assert isinstance(postgres, Postgres)
        postgres.ensure_database()

    def log(self, name: str) -> Path:
        return self.folder / f"{name}.log"

    def launch(self, name: str) -> None:
        self.servers[name].prepare()
        self.servers[name].launch()
        self.servers[name].wait_until_ready()

    def kill(self, name: str) -> None:
        process = self.servers[name].process
        assert process is not None
        process.kill()
        process.wait()
        self.launch(name)

    def start_worker(self) -> None:
        argv = [sys.executable, "-m", "opssight.runtime.celery_child", "worker", "-c", "2"]
        argv += ["-Q", "celery,analysis,notifications", "-O", "fair", "-l", "warning"]
        argv += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        self.worker = children.spawn(argv, log=self.log("worker"), environment=self.environment())

    def kill_worker(self) -> None:
        assert self.worker is not None
        self.worker.kill()
        self.worker.wait()
        self.start_worker()

    def stop(self) -> None:
        if self.worker is not None:
            self.worker.kill()
            self.worker.wait()
        for server in self.servers.values():
            server.stop()

    def environment(self, database: str = locations.DATABASE_NAME) -> dict[str, str]:
        return os.environ | {
            "DATABASE_URL": locations.database_url(self.folder, database),
            "REDIS_URL": locations.redis_url(self.folder),
            "DJANGO_SETTINGS_MODULE": "opssight.settings",
        }

    def run(self, *argv: str, database: str = locations.DATABASE_NAME) -> str:
        return subprocess.run(
            [sys.executable, *argv],
            env=self.environment(database),
            check=True,
            stdout=subprocess.PIPE,
            text=True,
            timeout=PATIENCE,
        ).stdout

    def plant(self, step: str, database: str = locations.DATABASE_NAME) -> str:
        return self.run("-c", IN_PLANT.format(step), database=database)

    def facts(self, database: str = locations.DATABASE_NAME) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.plant("facts", database))
        return found

    def copy_database(self, name: str) -> None:
        url = locations.database_url(self.folder, "postgres")
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(locations.DATABASE_NAME)
                )
            )

    def scored(self) -> int:
        """Sensors whose readings have all been seen."""
        query = """
            SELECT count(*) FROM sensors s JOIN detector_states d ON d.sensor_id = s.id
            WHERE d.watermark = s.last_time
        """
        with psycopg.connect(locations.database_url(self.folder)) as connection:
            row = connection.execute(query).fetchone()
        return int(row[0]) if row else 0

    def wait_until_scored(self, count: int) -> int:
        """Ask for scoring now and then, as the beat does; returns how many sensors are done."""
        deadline = time.monotonic() + PATIENCE
        beat: subprocess.Popen[bytes] | None = None
        asked = 0.0
        while (done := self.scored()) < count:
            assert time.monotonic() < deadline, f"only {done} of {SENSORS} sensors were scored"
            if beat is None or (beat.poll() is not None and time.monotonic() - asked > 10):
                argv = [sys.executable, "-c", IN_PLANT.format("enqueue")]
                beat = children.spawn(argv, log=self.log("beat"), environment=self.environment())
                asked = time.monotonic()
            time.sleep(0.02)
        if beat is not None:
            beat.wait()
        return done


@pytest.fixture
def plant() -> Iterator[Plant]:
    folder = Path(tempfile.mkdtemp(prefix="opssight-kill-", dir="/tmp"))
    plant = Plant(folder)
    with contextlib.ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        stack.callback(plant.stop)
        plant.start()
        yield plant


@pytest.mark.kill
def test_scoring_survives_the_kill_of_every_server(plant: Plant) -> None:
    plant.run("manage.py", "migrate", "--verbosity", "0")
    plant.plant("seed")
    plant.copy_database("undisturbed")
    plant.plant("score", "undisturbed")
    expected = plant.facts("undisturbed")
    assert len(expected["anomalies"]) >= 80
    assert len(expected["recommendations"]) >= 40

    plant.start_worker()
    done = plant.wait_until_scored(1)
    plant.kill_worker()
    done = plant.wait_until_scored(done + 1)
    plant.kill("valkey")
    done = plant.wait_until_scored(done + 1)
    plant.kill("postgres")
    assert done < SENSORS, "each server is to be killed in the middle of the work"
    plant.wait_until_scored(SENSORS)

    assert plant.facts() == expected

    # The beat asks once more, for readings that were all seen.
    plant.plant("enqueue")
    plant.plant("score")
    assert plant.facts() == expected
