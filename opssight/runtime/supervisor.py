"""The tree of the demo: PostgreSQL, Valkey, web, worker, beat."""

import contextlib
import errno
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from opssight.runtime import children, claim, locations
from opssight.runtime.postgres import Postgres
from opssight.runtime.problems import RuntimeProblem
from opssight.runtime.servers import Server
from opssight.runtime.services import Service, stop_all
from opssight.runtime.valkey import Valkey

QUEUES = "celery,analysis,notifications"
# How the web server's process ends before it serves; Gunicorn itself ends with 1, 3 or 4.
NOT_PREPARED, DISK_FULL, NOT_MIGRATED = 10, 11, 12
_TICK = 0.2


class Supervisor:
    """Starts the tree, keeps it running, stops it.

    `stopping` and `hurry` are set by the signal handlers.
    """

    def __init__(self, var: Path, sockets: Path, listener: socket.socket) -> None:
        """`var` and `sockets` exist; `listener` is the bound socket of the web server."""
        self.logs = var / "log"
        self.stopping = False
        self.hurry = False
        self._var = var
        self._listener = listener
        self._environment = _environment(var, sockets, port=listener.getsockname()[1])
        self._servers = self._embedded(sockets)
        self._stores: list[Service] = []
        self._processes: list[Service] = []

    def start(self) -> None:
        """Start the servers and the web server. Raises RuntimeProblem."""
        with self._explained():
            for server in self._servers:
                server.prepare()
                server.launch()
            # Django is imported while the servers are still starting
            web = self._spawn_web()
            self._processes = [self._web(web)]
            for server in self._servers:
                server.wait_until_ready()
                if isinstance(server, Postgres):
                    server.ensure_database()
            self._stores = [self._store(server) for server in self._servers]
            _go(web)

    def start_workers(self) -> None:
        """Start what a page does not wait for: worker and beat. Raises RuntimeProblem."""
        with self._explained():
            for service in (self._worker(), self._beat()):
                self._processes.append(service)
                service.start(time.monotonic())

    def check_web(self) -> None:
        """Raise RuntimeProblem when the web server ended during the start."""
        web = self._processes[0]
        code = None if web.process is None else web.process.poll()
        if code is None:
            return
        if code == DISK_FULL:
            raise RuntimeProblem(f"The disk of {self._var} is full. Free some space and try again.")
        if code == NOT_MIGRATED and any(isinstance(one, Postgres) for one in self._servers):
            raise RuntimeProblem(
                f"The demo's data in {self._var} was made by another version of OpsSight, and its"
                " tables cannot be brought to this one: `make demo-reset` deletes the demo's data,"
                f" then `make demo` starts anew. The log is {self.logs / 'prepare.log'}."
            )
        what, log = "The web server could not start", web.log
        if code in (NOT_PREPARED, NOT_MIGRATED):
            what, log = "The database could not be made ready", self.logs / "prepare.log"
        raise RuntimeProblem(f"{what}: {_last_line(log)} The log is {log}.")

    def watch(self) -> None:
        """Restart what ends, with a line for each event, until a signal's handler raises."""
        while True:
            now = time.monotonic()
            for service in (*self._stores, *self._processes):
                line = service.watch(now)
                if line:
                    print(line, flush=True)
            known = [s.process.pid for s in (*self._stores, *self._processes) if s.process]
            children.reap_orphans(known)
            time.sleep(_TICK)

    def stop(self) -> None:
        """Stop the processes, then the servers they use."""
        stop_all(self._processes, self._hurried)
        stores = [
            Service(server.name, server.log, _never, server.stopping, server.process)
            for server in self._servers
        ]
        stop_all(stores, self._hurried)

    def _hurried(self) -> bool:
        return self.hurry

    def _embedded(self, sockets: Path) -> list[Server]:
        servers: list[Server] = []
        if not os.environ.get("DATABASE_URL"):
            log = self.logs / "postgresql.log"
            servers.append(Postgres(data=self._var / "postgres", sockets=sockets, log=log))
        if not os.environ.get("REDIS_URL"):
            log = self.logs / "valkey.log"
            servers.append(Valkey(data=self._var / "valkey", sockets=sockets, log=log))
        return servers

    def _store(self, server: Server) -> Service:
        def launch() -> subprocess.Popen[bytes]:
            server.prepare()
            server.launch()
            server.wait_until_ready()
            assert server.process is not None  # noqa: S101 (launch sets it)
            return server.process

        return Service(server.name, server.log, launch, server.stopping, server.process)

    def _spawn_web(self) -> subprocess.Popen[bytes]:
        """Start the web server's process; it goes on when it is told to `_go`."""
        descriptor = self._listener.fileno()
        return children.spawn(
            [sys.executable, "-m", "opssight.runtime.web"],
            log=None,
            environment={**self._environment, "OPSSIGHT_BIND": f"fd://{descriptor}"},
            folder=locations.REPOSITORY,
            input_pipe=True,
            keep_open=[descriptor],
        )

    def _web(self, process: subprocess.Popen[bytes]) -> Service:
        def launch() -> subprocess.Popen[bytes]:
            fresh = self._spawn_web()
            _go(fresh)
            return fresh

        stopping = ((signal.SIGTERM, 4.0),)
        return Service("The web server", self.logs / "web.log", launch, stopping, process)

    def _worker(self) -> Service:
        argv = ["opssight.runtime.celery_child", "worker", "-Q", QUEUES, "-c", "2", "-O", "fair"]
        argv += ["-n", "demo@localhost", "-l", "info"]
        argv += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
        # SIGTERM finishes the running tasks, SIGQUIT gives them back to the queue
        stopping = ((signal.SIGTERM, 4.0), (signal.SIGQUIT, 1.5))
        return self._service("The worker", "worker", argv, stopping=stopping)

    def _beat(self) -> Service:
        argv = ["opssight.runtime.celery_child", "beat", "-l", "info", "--pidfile="]
        argv += ["-s", str(self._var / "beat" / "schedule")]
        return self._service("Beat", "beat", argv, stopping=((signal.SIGTERM, 3.0),))

    def _service(
        self,
        name: str,
        log: str,
        module: Sequence[str],
        *,
        stopping: Sequence[tuple[signal.Signals, float]],
    ) -> Service:
        path = self.logs / f"{log}.log"

        def launch() -> subprocess.Popen[bytes]:
            return children.spawn(
                [sys.executable, "-m", *module],
                log=path,
                environment=self._environment,
                folder=locations.REPOSITORY,
            )

        return Service(name, path, launch, stopping)

    @contextlib.contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno == errno.ENOSPC:
                raise RuntimeProblem(claim.cannot_write(self._var, error)) from error
            raise RuntimeProblem(
                f"A part of OpsSight could not be started: {error}. The logs are in {self.logs}."
            ) from error


def _go(process: subprocess.Popen[bytes]) -> None:
    """Tell the web server's process that the database answers."""
    assert process.stdin is not None  # noqa: S101 (spawned with a pipe)
    with contextlib.suppress(BrokenPipeError), process.stdin as pipe:
        pipe.write(b"go\n")


def _environment(var: Path, sockets: Path, port: int) -> dict[str, str]:
    """What the processes of the product are told; given values win."""
    ours = {
        "DATABASE_URL": locations.database_url(sockets),
        "REDIS_URL": locations.redis_url(sockets),
        # where the links in mails and webhooks lead
        "SITE_URL": f"http://127.0.0.1:{port}",
        # compressing every file takes a minute, which the loopback interface never pays back
        "STATICFILES_STORAGE": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage",
    }
    given = {key: value for key, value in os.environ.items() if value or key not in ours}
    return {
        **ours,
        **given,
        "DJANGO_SETTINGS_MODULE": "opssight.settings",
        "OPSSIGHT_DEMO": "1",
        "OPSSIGHT_VAR": str(var),
        "PYTHONUNBUFFERED": "1",
    }


def _last_line(log: Path) -> str:
    """The last line with text in it of a log, which for a Python program names the error."""
    try:
        lines = log.read_text(errors="replace").split("\n")
    except OSError:
        return "it left no log."
    said = next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")
    return said if said.endswith(".") else f"{said}."


def _never() -> subprocess.Popen[bytes]:
    raise AssertionError("a service that is only stopped")
