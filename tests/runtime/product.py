"""The whole product as a person starts it, in a folder of its own."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from opssight.runtime import children
from opssight.runtime.locations import REPOSITORY

START = 400.0  # seconds that a start may take on a busy machine, the first fill included
STOP = 15.0


class Product:
    """One `python -m opssight.runtime up`."""

    def __init__(self, var: Path, *, port: int | None = None) -> None:
        self.var = var
        self.port = port or free_port()
        self.output = var.parent / f"{var.name}.out"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "opssight.runtime", "up", "--port", str(self.port)],
                cwd=REPOSITORY,
                env=environment(var),
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def text(self) -> str:
        return self.output.read_text()

    def wait_until_ready(self) -> "Product":
        wait_for(lambda: "Ctrl-C stops" in self.text() or self.process.poll() is not None, START)
        assert self.process.poll() is None, self.text()
        return self

    def status(self, path: str = "health/ready") -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=5) as page:
                return int(page.status)
        except OSError:
            return 0

    def tree(self) -> list[int]:
        """Every process of it, the supervisor first."""
        return [self.process.pid, *children.descendants(self.process.pid)]

    def children_named(self, *words: str) -> list[int]:
        """The supervisor's own children whose command line has all of `words`."""
        return [
            pid
            for pid in children.descendants(self.process.pid)
            if _parent(pid) == self.process.pid and all(word in _command(pid) for word in words)
        ]

    def interrupt(self) -> None:
        """What Ctrl-C in its terminal does."""
        os.killpg(self.process.pid, signal.SIGINT)

    def end(self) -> int:
        """Interrupt it and wait; returns its exit code."""
        if self.process.poll() is None:
            self.interrupt()
        return self.process.wait(STOP)


@contextmanager
def started(var: Path) -> Iterator[Product]:
    product = Product(var)
    try:
        yield product.wait_until_ready()
    finally:
        if product.process.poll() is None:
            product.process.send_signal(signal.SIGTERM)
            product.process.wait(STOP)


def environment(var: Path) -> dict[str, str]:
    """Ours without given servers, so that the product starts its own."""
    given = {"DATABASE_URL", "REDIS_URL", "PORT", "SECRET_KEY", "STATIC_ROOT"}
    kept = {key: value for key, value in os.environ.items() if key not in given}
    return kept | {"OPSSIGHT_VAR": str(var)}


def fails(*arguments: str, var: Path) -> str:
    """Run the runtime, which must fail with one sentence; returns that sentence."""
    result = subprocess.run(
        [sys.executable, "-m", "opssight.runtime", *arguments],
        cwd=REPOSITORY,
        env=environment(var),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == 1, result
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("opssight: ")
    return lines[0]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


def living(pids: list[int]) -> list[int]:
    """Those of `pids` that still run (a zombie does not)."""
    return [pid for pid in pids if _state(pid) not in {"", "Z", "X"}]


def _state(pid: int) -> str:
    match = re.search(r"^State:\s+(\w)", _read(pid, "status"), re.MULTILINE)
    return match[1] if match else ""


def _parent(pid: int) -> int:
    match = re.search(r"^PPid:\s+(\d+)", _read(pid, "status"), re.MULTILINE)
    return int(match[1]) if match else 0


def _command(pid: int) -> str:
    return _read(pid, "cmdline").replace("\0", " ")


def _read(pid: int, name: str) -> str:
    try:
        return Path(f"/proc/{pid}/{name}").read_text(errors="replace")
    except OSError:
        return ""
