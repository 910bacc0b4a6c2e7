"""What the two embedded servers have in common: find the binary, launch, wait, say what failed."""

import signal
import subprocess
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from opssight.runtime import children
from opssight.runtime.problems import RuntimeProblem

_LOG_TAIL = 20_000


def package_folder(module: str, distribution: str, variable: str) -> Path:
    """The folder of an installed wheel, found without importing it.

    Raises RuntimeProblem when it is not installed.
    """
    spec = find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeProblem(
            f"The package {distribution} is not installed in this Python environment. "
            f"Run `make install`, or set {variable} to a server of your own."
        )
    return Path(spec.submodule_search_locations[0])


class Server:
    """One server process; subclasses say how it is started and asked."""

    name: ClassVar[str]
    on_parent_death: ClassVar[signal.Signals]
    stopping: ClassVar[Sequence[tuple[signal.Signals, float]]]

    def __init__(self, *, data: Path, sockets: Path, log: Path, throwaway: bool = False) -> None:
        """`data` is its folder, `sockets` an existing private folder, `log` a file.

        A throw-away server trades durability for speed.
        """
        self.data = data
        self.sockets = sockets
        self.log = log
        self.throwaway = throwaway
        self.process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    def prepare(self) -> None:
        """Check or make the data folder; raises RuntimeProblem."""
        raise NotImplementedError

    def launch(self) -> None:
        """Start the process without waiting for it."""
        raise NotImplementedError

    def answers(self) -> bool:
        """Whether it takes connections now."""
        raise NotImplementedError

    def advice(self, reason: str) -> str:
        """The sentence for a start that failed with `reason`, its last words in the log."""
        raise NotImplementedError

    def wait_until_ready(self, seconds: float = 60.0) -> None:
        """Return when it takes connections. Raises RuntimeProblem when it ends or stays silent."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.answers():
                return
            if self.process is None or self.process.poll() is not None:
                raise RuntimeProblem(self.advice(self.last_words()))
            time.sleep(0.02)
        raise RuntimeProblem(
            f"{self.name} was started but does not answer after {seconds:.0f} seconds. "
            f"Its log is {self.log}."
        )

    def stop(self) -> None:
        """Stop it, gently first."""
        if self.process is not None:
            children.stop(self.process, self.stopping)

    def last_words(self) -> str:
        """What it wrote to its log since it was launched, shortened to its end."""
        try:
            with self.log.open("rb") as file:
                size = self.log.stat().st_size
                file.seek(max(self._log_start, size - _LOG_TAIL))
                return file.read().decode(errors="replace").strip()
        except OSError:
            return ""

    def _mark_log(self) -> None:
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
