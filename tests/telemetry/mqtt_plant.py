"""A real Mosquitto, a durable PostgreSQL and listeners between them, in a folder of their own."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from paho.mqtt.client import Client, MQTTMessageInfo
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from opssight.runtime import locations
from opssight.runtime.postgres import Postgres
from tests.runtime.product import free_port, wait_for

MOSQUITTO = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
REPOSITORY = Path(__file__).parents[2]
BEGIN = 1_772_366_400  # 2026-03-01 12:00 UTC
_CONFIG = """
persistence true
persistence_location {folder}/
max_queued_messages 0
max_inflight_messages 0
log_dest file {folder}/mosquitto.log
listener {port} 127.0.0.1
"""


class Broker:
    """One Mosquitto, that keeps what it has when it is stopped."""

    def __init__(self, folder: Path, *settings: str) -> None:
        assert MOSQUITTO is not None
        self.folder, self.port = folder, free_port()
        folder.mkdir()
        lines = [_CONFIG.format(folder=folder, port=self.port), *settings]
        if os.geteuid() == 0:
            lines.append("user root")
        if not any("password_file" in line or "require" in line for line in settings):
            lines.append("allow_anonymous true")
        self.config = folder / "mosquitto.conf"
        self.config.write_text("\n".join(lines) + "\n")
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen([str(MOSQUITTO), "-c", str(self.config)])
        wait_for(lambda: _answers(self.port), 20)

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(20)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


class Plant:
    """A PostgreSQL that keeps what it has committed, with the organization `plant`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = locations.database_url(folder)
        self.environment = os.environ | {
            "DATABASE_URL": self.url,
            "OPSSIGHT_VAR": str(folder),
            "DJANGO_SETTINGS_MODULE": "opssight.settings",
        }
        self.start()

    def prepare(self) -> None:
        """Make the tables, and the organization with a site."""
        self.server.ensure_database()
        self.manage("migrate", "-v", "0")
        with psycopg.connect(self.url) as connection:
            connection.execute(
                "INSERT INTO organizations (name, slug, timezone, currency, failure_codes_from)"
                " VALUES ('Plant', 'plant', 'UTC', 'USD', 4)"
            )
            connection.execute(
                "INSERT INTO sites (organization_id, code, name, timezone)"
                " SELECT id, 'MAIN', 'Main', 'UTC' FROM organizations"
            )

    def start(self) -> None:
        self.server = Postgres(
            data=self.folder / "postgres", sockets=self.folder, log=self.folder / "postgres.log"
        )
        self.server.prepare()
        self.server.launch()
        self.server.wait_until_ready()

    def stop(self) -> None:
        self.server.stop()

    def kill_server(self) -> None:
        assert self.server.process is not None
        self.server.process.send_signal(signal.SIGKILL)
        self.server.process.wait()

    def manage(self, *arguments: str) -> None:
        argv = [sys.executable, str(REPOSITORY / "manage.py"), *arguments]
        subprocess.run(argv, env=self.environment, check=True)

    def make_sensors(self, tag: str, keys: list[str]) -> None:
        """An asset with sensors."""
        self.shell(
            "from tests.factories import AssetFactory, SensorFactory\n"
            "from opssight.accounts.models import Organization\n"
            "from assets.models import Site\n"
            "asset = AssetFactory.create(organization=Organization.objects.get(),"
            f" site=Site.objects.get(), tag={tag!r})\n"
            f"for key in {keys!r}: SensorFactory.create(asset=asset, key=key)\n"
        )

    def shell(self, code: str) -> None:
        """Run code as the owner of the tables."""
        lines = "".join(f"    {line}\n" for line in code.splitlines())
        program = (
            "import django; django.setup()\n"
            "from opssight.core.database_role import as_owner\n"
            f"with as_owner():\n{lines}"
        )
        subprocess.run([sys.executable, "-c", program], env=self.environment, check=True)

    def rows(self, query: LiteralString, *parameters: object) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.url) as connection:
            return connection.execute(query, parameters).fetchall()

    def values(self, tag: str) -> list[float]:
        """Values of the readings of an asset, in order."""
        found = self.rows(
            "SELECT m.value FROM asset_metrics m JOIN sensors s ON s.id = m.sensor_id"
            " JOIN assets a ON a.id = s.asset_id WHERE a.tag = %s ORDER BY m.value",
            tag,
        )
        return [value for (value,) in found]

    def count(self, tag: str) -> int:
        return len(self.values(tag))

    def wait_for_readings(self, tag: str, number: int, seconds: float = 120) -> None:
        """Return when an asset has so many readings or more."""
        wait_for(lambda: self.count(tag) >= number, seconds)


class Listening:
    """A `listen_mqtt` in a process of its own."""

    def __init__(self, plant: Plant, broker: Broker, *options: str) -> None:
        arguments = ["--url", f"mqtt://127.0.0.1:{broker.port}", "--organization", "plant"]
        arguments += ["--topic", "plant/#", "--template", "plant/{asset}/{sensor}", *options]
        self.output = plant.folder / f"listener-{time.monotonic_ns()}.log"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, str(REPOSITORY / "manage.py"), "listen_mqtt", *arguments],
                env=plant.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def text(self) -> str:
        return self.output.read_text()

    def wait_until_it_listens(self) -> "Listening":
        wait_for(lambda: "Listening at" in self.text() or self.process.poll() is not None, 60)
        assert self.process.poll() is None, self.text()
        return self

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def end(self) -> int:
        self.process.terminate()
        return self.process.wait(30)


@contextmanager
def plant_in_a_folder() -> Iterator[Plant]:
    # short, for the sockets in it
    folder = Path(tempfile.mkdtemp(prefix="opssight-mqtt-", dir="/tmp"))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        plant = Plant(folder)
        stack.callback(plant.stop)
        plant.prepare()
        yield plant


@contextmanager
def sender(broker: Broker, configure: Callable[[Client], None] = lambda _: None) -> Iterator[Any]:
    """A client that sends with QoS 1, and sends again what a broker that ended had not taken."""
    client = Client(
        CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5, client_id="sender"
    )
    configure(client)
    client.max_inflight_messages = 100
    client.reconnect_delay_set(1, 1)
    client.connect("127.0.0.1", broker.port, clean_start=False)
    client.loop_start()
    try:
        yield client
    finally:
        client.disconnect()
        client.loop_stop()


def send(client: Client, topic: str, numbers: range) -> list[MQTTMessageInfo]:
    """One message for each number: the value, a second apart."""
    return [
        client.publish(topic, json.dumps({"value": n, "time": BEGIN + n}), qos=1) for n in numbers
    ]


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), 1):
            return True
    except OSError:
        return False
