"""SIGKILL while readings come over HTTP: of workers of the web server, and of PostgreSQL."""

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from opssight.runtime import children
from opssight.runtime.locations import REPOSITORY
from tests.runtime.product import free_port, wait_for
from tests.telemetry.mqtt_plant import BEGIN, Plant, plant_in_a_folder

pytestmark = pytest.mark.kill
SENDERS, BATCHES, SIZE = 3, 40, 200
SECRET = "ops_0123456789abcdefghijklmnopqrstuvwxyz"


class Web:
    """A gunicorn with two workers on the database of a plant, which knows one device."""

    def __init__(self, plant: Plant) -> None:
        self.plant, self.port = plant, free_port()
        argv = [sys.executable, "-m", "gunicorn", "opssight.wsgi", "-w", "2"]
        self.log = plant.folder / "web.log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*argv, "-b", f"127.0.0.1:{self.port}", "--no-control-socket"],
                cwd=REPOSITORY,
                env=plant.environment | {"RATELIMIT_ENABLE": "0"},
                stdout=log,
                stderr=log,
            )
        wait_for(lambda: self.status("GET", "/health/live") == 200, 60)

    def kill_a_worker(self) -> None:
        worker = children.descendants(self.process.pid)[0]
        subprocess.run(["kill", "-9", str(worker)], check=True)

    def status(self, method: str, path: str, body: str = "", kind: str = "text/plain") -> int:
        """The status of the answer; 0: there was none."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {"Authorization": f"Token {SECRET}", "Content-Type": kind}
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            return 0
        else:
            return answer.status
        finally:
            connection.close()


class Senders:
    """Threads, each of which sends batches of readings, every other one as JSON."""

    def __init__(self, web: Web, tag: str) -> None:
        self.web, self.tag = web, tag
        self.accepted: set[int] = set()
        self.failed: set[int] = set()
        self.others: set[int] = set()
        self.threads = [threading.Thread(target=self._send, args=(n,)) for n in range(SENDERS)]
        for thread in self.threads:
            thread.start()

    def _send(self, sender: int) -> None:
        for batch in range(sender, SENDERS * BATCHES, SENDERS):
            self.send(batch)

    def send(self, batch: int) -> None:
        numbers = range(batch * SIZE, (batch + 1) * SIZE)
        if batch % 2:
            lines = [f"m,asset={self.tag} a={n} {BEGIN + n}" for n in numbers]
            status = self.web.status("POST", "/api/v2/write?precision=s", "\n".join(lines))
        else:
            items = [{"name": f"{self.tag}/a", "time": moment(n), "value": n} for n in numbers]
            body = json.dumps({"readings": items})
            status = self.web.status("POST", "/api/readings", body, "application/json")
        if status in (200, 201, 204):
            self.accepted.add(batch)
        else:
            self.failed.add(batch)
            if status not in (0, 503):
                self.others.add(status)
            time.sleep(0.5)

    def wait_for(self, number: int) -> None:
        wait_for(lambda: len(self.accepted) >= number, 120)

    def check(self, plant: Plant) -> None:
        """What was accepted is stored; sent again, the rest is too; nothing is twice."""
        for thread in self.threads:
            thread.join()
        assert self.others == set(), "each answer is success, or says to come again"
        assert self.failed, "killed too late to prove anything"
        stored = plant.values(self.tag)
        missing = expected(self.accepted) - set(stored)
        assert missing == set(), f"{len(missing)} accepted readings are lost"

        for batch in sorted(self.failed):
            self.send(batch)
        assert len(self.accepted) == SENDERS * BATCHES
        assert plant.values(self.tag) == [float(n) for n in range(SENDERS * BATCHES * SIZE)]


def moment(number: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(BEGIN + number))


def expected(batches: set[int]) -> set[float]:
    return {float(n) for b in batches for n in range(b * SIZE, (b + 1) * SIZE)}


@pytest.fixture(scope="module")
def works() -> Iterator[Plant]:
    with plant_in_a_folder() as made:
        made.shell(
            "from tests.factories import DeviceFactory\n"
            "from opssight.access.models import digest_of\n"
            "from opssight.accounts.models import Organization\n"
            f"DeviceFactory.create(organization=Organization.objects.get(),"
            f" digest=digest_of({SECRET!r}))\n"
        )
        yield made


@pytest.fixture(scope="module")
def web(works: Plant) -> Iterator[Web]:
    made = Web(works)
    yield made
    made.process.terminate()
    made.process.wait(20)


def kill_workers(web: Web, senders: Senders) -> None:
    for number in (10, 25, 40, 55, 70):
        senders.wait_for(number)
        web.kill_a_worker()


def kill_postgresql(web: Web, senders: Senders) -> None:
    for number in (15, 50):
        senders.wait_for(number)
        web.plant.kill_server()
        time.sleep(0.3)
        web.plant.start()


@pytest.mark.parametrize("kill", [kill_workers, kill_postgresql])
def test_what_was_accepted_is_stored_whatever_is_killed_and_nothing_is_twice(
    works: Plant, web: Web, kill: Callable[[Web, Senders], None]
):
    tag = kill.__name__.upper()
    works.make_sensors(tag, ["a"])

    senders = Senders(web, tag)
    kill(web, senders)

    senders.check(works)
