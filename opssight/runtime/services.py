"""One supervised process of the demo: start, watch, restart with back-off, stop."""

import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from opssight.runtime.problems import RuntimeProblem

LONGEST_PAUSE = 30.0
# A process that ran this long starts again with no pause the next time it ends.
STEADY_AFTER = 60.0


@dataclass
class Service:
    """A process that is kept running.

    `launch` starts it and returns when it may be used; it raises RuntimeProblem or OSError.
    `stopping` are the signals that end it and the seconds each one is given.
    """

    name: str
    log: Path
    launch: Callable[[], subprocess.Popen[bytes]]
    stopping: Sequence[tuple[signal.Signals, float]]
    process: subprocess.Popen[bytes] | None = None
    pause: float = field(default=0.0, init=False)
    _started: float = field(default=0.0, init=False)
    _next_try: float | None = field(default=None, init=False)
    _said: str = field(default="", init=False)

    def start(self, now: float) -> None:
        """Start it. Raises what `launch` raises."""
        self._started, self._next_try = now, None
        self.process = self.launch()

    def watch(self, now: float) -> str | None:
        """Look after it at `now` (seconds, any origin); returns a line to report, if any."""
        if self._next_try is None:
            return self._notice(now)
        if now < self._next_try:
            return None
        try:
            self.start(now)
        except (RuntimeProblem, OSError) as error:
            self._plan(now)
            return self._once(f"{self.name} cannot be started: {error} It is tried again.")
        return f"{self.name} is running again."

    def _notice(self, now: float) -> str | None:
        code = None if self.process is None else self.process.poll()
        if code is None:
            return None
        if now - self._started > STEADY_AFTER:
            self.pause = 0.0
        pause = self._plan(now)
        when = f"in {pause:.0f} s" if pause else "now"
        return f"{self.name} {how_it_ended(code)}; it is started again {when}. Its log: {self.log}"

    def _plan(self, now: float) -> float:
        """Set the time of the next try; returns the pause before it and doubles the next one."""
        pause = self.pause
        self._next_try = now + pause
        self.pause = min(max(pause * 2, 1.0), LONGEST_PAUSE)
        return pause

    def _once(self, line: str) -> str | None:
        fresh = line != self._said
        self._said = line
        return line if fresh else None


def how_it_ended(code: int) -> str:
    """`was killed by SIGKILL` or `ended with code 1`, from Popen's return code."""
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}"
    return f"ended with code {code}"


def stop_all(services: Sequence[Service], hurry: Callable[[], bool]) -> None:
    """Stop them side by side, each through its own list of signals; SIGKILL when `hurry()`."""
    began = time.monotonic()
    left = [(service.process, _plan(service)) for service in services if service.process]
    while left:
        elapsed = time.monotonic() - began
        for process, plan in left:
            if hurry():
                process.kill()
            elif plan and elapsed >= plan[0][0]:
                process.send_signal(plan.pop(0)[1])
        time.sleep(0.02)
        left = [(process, plan) for process, plan in left if process.poll() is None]


def _plan(service: Service) -> list[tuple[float, signal.Signals]]:
    """Which signal is due how many seconds after the beginning."""
    due, plan = 0.0, []
    for sign, seconds in service.stopping:
        plan.append((due, sign))
        due += seconds
    return [*plan, (due, signal.SIGKILL)]
