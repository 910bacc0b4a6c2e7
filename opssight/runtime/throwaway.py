"""`run`: a command with its own PostgreSQL and Valkey, which are gone afterwards."""

import contextlib
import fcntl
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from opssight.runtime import children, locations
from opssight.runtime.postgres import Postgres
from opssight.runtime.problems import RuntimeProblem
from opssight.runtime.servers import Server
from opssight.runtime.valkey import Valkey

_PREFIX = "opssight-run-"
_YOUNG = 60.0  # seconds


def run(command: Sequence[str]) -> int:
    """Run `command` with DATABASE_URL and REDIS_URL set; returns its exit code.

    A server whose variable is already set is not started: the given one is used.
    Raises RuntimeProblem when a server or the command cannot be started.
    """
    environment = dict(os.environ)
    signal.signal(signal.SIGTERM, _interrupt)
    children.adopt_orphans()
    try:
        with contextlib.ExitStack() as stack:
            stack.callback(children.kill_descendants)
            if not (environment.get("DATABASE_URL") and environment.get("REDIS_URL")):
                folder = stack.enter_context(_temporary_folder())
                environment |= _start_missing(folder, environment, stack)
            return _run(command, environment)
    except KeyboardInterrupt:
        return 130


def _start_missing(
    folder: Path, environment: dict[str, str], stack: contextlib.ExitStack
) -> dict[str, str]:
    """Start what is not given; returns the variables to add."""
    added: dict[str, str] = {}
    servers: list[Server] = []
    if not environment.get("DATABASE_URL"):
        servers.append(_server(Postgres, folder, "postgres"))
        added["DATABASE_URL"] = locations.database_url(folder)
    if not environment.get("REDIS_URL"):
        servers.append(_server(Valkey, folder, "valkey"))
        added["REDIS_URL"] = locations.redis_url(folder)
    for server in servers:
        stack.callback(server.stop)
        server.prepare()
        server.launch()
    for server in servers:
        server.wait_until_ready()
        if isinstance(server, Postgres):
            server.ensure_database()
    return added


def _server(kind: type[Server], folder: Path, name: str) -> Server:
    return kind(data=folder / name, sockets=folder, log=folder / f"{name}.log", throwaway=True)


def _run(command: Sequence[str], environment: dict[str, str]) -> int:
    try:
        process = children.spawn(
            command,
            log=None,
            environment=environment,
            on_parent_death=signal.SIGTERM,
            own_session=False,
        )
    except FileNotFoundError as error:
        raise RuntimeProblem(f"There is no program {command[0]}.") from error
    except OSError as error:
        raise RuntimeProblem(f"{command[0]} cannot be run: {error.strerror}.") from error
    # Ctrl-C reaches the command itself, which decides when it has finished.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    code = process.wait()
    return 128 - code if code < 0 else code


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@contextlib.contextmanager
def _temporary_folder() -> Iterator[Path]:
    """A private folder, short enough for sockets, deleted afterwards."""
    parent = Path(tempfile.gettempdir())
    if len(str(parent)) > 60:
        parent = Path("/tmp")  # noqa: S108 (mkdtemp makes it private)
    _sweep(parent)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
    try:
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(parent: Path) -> None:
    """Delete what killed runs of this user left: folders whose lock nobody holds.

    A young lock file may belong to a run that is about to lock it.
    """
    for lock in parent.glob(f"{_PREFIX}*/lock"):
        with contextlib.suppress(OSError):
            status = lock.stat()
            if status.st_uid != os.getuid() or time.time() - status.st_mtime < _YOUNG:
                continue
            with lock.open() as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(lock.parent, ignore_errors=True)
