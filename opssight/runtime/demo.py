"""`up` and `reset`: the whole product on this machine, its data kept in var."""

import contextlib
import os
import shutil
import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from opssight.runtime import children, claim, locations
from opssight.runtime.problems import RuntimeProblem
from opssight.runtime.supervisor import Supervisor

KEPT = ("postgres", "postgres.new", "valkey", "beat", "log", "run", "static", "secret-key")
BIGGEST_LOG = 10 * 1024 * 1024
LOGINS = ("admin", "planner", "technician")
PASSWORD = "opssight-demo"  # noqa: S105 (printed on purpose)


class Stopped(BaseException):
    """Someone asked us to stop."""


def up(port: int) -> int:
    """Start everything, keep it running until a signal, stop everything; the exit code.

    Raises RuntimeProblem when something cannot be started.
    """
    if not sys.platform.startswith("linux"):
        raise RuntimeProblem(
            "The demo starts its own servers, which needs Linux. Elsewhere, run the container "
            "image with DATABASE_URL and REDIS_URL set."
        )
    began = time.monotonic()
    var = locations.var_folder()
    with claim.claimed(var) as lock:
        claim.require_space(var)
        with claim.listen(port) as listener:
            url = f"http://127.0.0.1:{port}/"
            lock.write_text(f"process {os.getpid()}, {url}")
            _make_folders(var)
            supervisor = Supervisor(var, claim.make_sockets(var), listener)
            with _stopping(supervisor):
                supervisor.start()
                _wait_until_ready(supervisor, url)
                supervisor.start_workers()
                _greet(url, var, time.monotonic() - began)
                supervisor.watch()
    return 0


def reset() -> int:
    """Delete the demo's data. Raises RuntimeProblem while the demo runs."""
    var = locations.var_folder()
    if not var.exists():
        print(f"There is nothing to delete in {var}.")
        return 0
    with claim.claimed(var):
        folders = [var / name for name in KEPT] + [locations.socket_folder(var)]
        for path in folders:
            try:
                if path.is_dir() and not path.is_symlink():
                    shutil.rmtree(path)
                else:
                    path.unlink(missing_ok=True)
            except OSError as error:
                raise RuntimeProblem(
                    f"{path} cannot be deleted: {error.strerror}. "
                    "Delete it as the user who owns it."
                ) from error
        for path in var.glob("*.stamp"):
            path.unlink(missing_ok=True)
    print(f"The demo's data in {var} is deleted. `make demo` starts afresh.")
    return 0


@contextlib.contextmanager
def _stopping(supervisor: Supervisor) -> Iterator[None]:
    """Stop everything at the end, whatever ends it; a second signal stops it the hard way."""
    children.adopt_orphans()

    def on_signal(*_: object) -> None:
        if supervisor.stopping:
            supervisor.hurry = True
            return
        supervisor.stopping = True
        raise Stopped

    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, on_signal)
    try:
        yield
    except Stopped:
        began = time.monotonic()
        print("\nStopping …", flush=True)
        _stop(supervisor)
        print(f"Stopped in {time.monotonic() - began:.1f} s.", flush=True)
    finally:
        _stop(supervisor)


def _stop(supervisor: Supervisor) -> None:
    supervisor.stopping = True
    supervisor.stop()
    children.kill_descendants()


def _make_folders(var: Path) -> None:
    try:
        for name in ("log", "beat"):
            (var / name).mkdir(exist_ok=True)
        for log in (var / "log").glob("*.log"):
            if log.stat().st_size > BIGGEST_LOG:
                log.rename(log.with_name(log.name + ".1"))
    except OSError as error:
        raise RuntimeProblem(claim.cannot_write(var, error)) from error


def _wait_until_ready(supervisor: Supervisor, url: str, seconds: float = 60.0) -> None:
    """Wait while the web server prepares, however long, and then `seconds` for a 200."""
    deadline = None
    while deadline is None or time.monotonic() < deadline:
        supervisor.check_web()
        try:
            with urllib.request.urlopen(f"{url}health/ready", timeout=2):  # noqa: S310 (http)
                return
        except urllib.error.HTTPError as error:
            answer = f"status {error.code}: {error.read(300).decode(errors='replace')}"
            deadline = deadline or time.monotonic() + seconds
        except OSError:  # nobody accepts yet
            continue
        time.sleep(0.1)
    raise RuntimeProblem(
        f"The web server runs but is not ready after {seconds:.0f} seconds ({answer}). "
        f"The logs are in {supervisor.logs}."
    )


def _greet(url: str, var: Path, seconds: float) -> None:
    width = max(len(name) for name in LOGINS)
    lines = [
        "",
        f"OpsSight is ready after {seconds:.1f} s: {url}",
        "",
        *(f"  {name:<{width}}  {PASSWORD}" for name in LOGINS),
        "",
        f"Data and logs are kept in {var}. Ctrl-C stops everything.",
    ]
    print("\n".join(lines), flush=True)
