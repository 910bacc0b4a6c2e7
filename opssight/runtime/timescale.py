"""`timescale`: a command on a real TimescaleDB.

The server of TIMESCALE_URL where that is given. Else the WebAssembly build that tests/timescale
names: PostgreSQL 17 with TimescaleDB in memory, without COPY and with one connection at a time.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from opssight.runtime import children, frontend, locations
from opssight.runtime.problems import RuntimeProblem
from opssight.runtime.throwaway import run

RECIPE = locations.REPOSITORY / "tests" / "timescale"
BUILD = locations.REPOSITORY / "build" / "timescale"
FILES = ("package.json", "package-lock.json", ".npmrc", "server.mjs")
# The only database it has; user and password are postgres.
DATABASE = "template1"
LONGEST_START = 60.0  # seconds


def timescale(command: Sequence[str]) -> int:
    """Run `command` with DATABASE_URL on a TimescaleDB (and a Valkey); returns its exit code.

    Sets OPSSIGHT_TIMESCALE to `server` or `webassembly`. Raises RuntimeProblem when the server
    cannot be installed or started.
    """
    if given := os.environ.get("TIMESCALE_URL"):
        os.environ |= {"DATABASE_URL": given, "OPSSIGHT_TIMESCALE": "server"}
        return run(command)
    node = _install()
    with _server(node) as sockets:
        url = f"postgres://postgres:postgres@/{DATABASE}?host={sockets}&sslmode=disable"
        os.environ |= {"DATABASE_URL": url, "OPSSIGHT_TIMESCALE": "webassembly"}
        return run(command)


def _install() -> Path:
    """Install the locked package into build/timescale, unless it is there; returns Node."""
    wheel = frontend.wheel_folder()
    if wheel is None:
        raise RuntimeProblem("Node is missing from .venv: run `make install` again.")
    BUILD.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(RECIPE / name, BUILD / name)
    try:
        frontend.install(BUILD, what="TimescaleDB")
    except frontend.BuildProblem as problem:
        raise RuntimeProblem(f"TimescaleDB for {BUILD}: {problem}") from problem
    return wheel / "bin" / "node"


@contextlib.contextmanager
def _server(node: Path) -> Iterator[Path]:
    """A running server; yields the folder of its socket."""
    parent = Path(tempfile.gettempdir())
    if len(str(parent)) > 60:
        parent = Path("/tmp")  # noqa: S108 (mkdtemp makes it private)
    with tempfile.TemporaryDirectory(prefix="opssight-timescale-", dir=parent) as name:
        folder = Path(name)
        socket, log = folder / locations.POSTGRES_SOCKET, folder / "log"
        process = children.spawn([node, BUILD / "server.mjs", socket], log=log)
        try:
            _wait_for(socket, process, log)
            yield folder
        finally:
            children.stop(process, [(signal.SIGTERM, 2.0)])


def _wait_for(socket: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + LONGEST_START
    while not socket.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            said = _first_line(log.read_text(errors="replace"))
            raise RuntimeProblem(f"TimescaleDB did not start. It said: {said}")
        time.sleep(0.1)


def _first_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0] if lines else "nothing."
