"""`make fuzz`: schemathesis as each role, against a real server on a throw-away database.

Every run gets a copy of one seeded database and a gunicorn of its own, so that nothing that one
role does changes what another one finds. All of its checks are on, and ours in hooks.py.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

ROLES = ("admin", "planner", "technician", "viewer", "requester", "integration", "anonymous")
# As admin once more, with `fields` in every query: see hooks.py.
FIELDS = "fields"
RUNS = (*ROLES, FIELDS)
# A short run leaves out `coverage`, which goes through every limit of every field for minutes.
SHORT = ["--phases", "examples,fuzzing,stateful", "--max-examples", "1"]
LONG = ["--max-examples", "20"]
ALWAYS = ["--continue-on-failure"]
HERE = Path(__file__).parent
ROOT = HERE.parent.parent
BIN = Path(sys.executable).parent
SEEDED = "opssight_fuzz"
PASSWORD = "opssight-demo"
START_SECONDS = 60
LOG_LINES = 200
RATES = (
    "ADDRESS", "USER", "READ", "WRITE", "BULK", "EXPENSIVE", "TELEMETRY", "TELEMETRY_ADDRESS",
)  # fmt: skip
# Nothing of a run is kept but what it prints; a limit would only stop the run early.
SERVER = {
    "DEBUG": "false",
    "DJANGO_SETTINGS_MODULE": "opssight.settings",
    "LOG_LEVEL": "ERROR",
    **{f"API_RATE_{name}": "1000000/m" for name in RATES},
    "LOCKOUT_FAILURES": "1000000",
    "LOGIN_RATE": "1000000/m",
    "SECRET_KEY": "only for make fuzz, on a database that is thrown away",
    "STATICFILES_STORAGE": "django.contrib.staticfiles.storage.StaticFilesStorage",
}


def main() -> int:
    """Do the chosen runs; returns 1 when any of them found a failure."""
    options = _parser().parse_args()
    runs = options.run or RUNS
    base = os.environ["DATABASE_URL"]
    _copy(base, SEEDED, "template0")
    environment = os.environ | SERVER | {"DATABASE_URL": _named(base, SEEDED)}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True
    )
    subprocess.run([sys.executable, "-m", "tests.fuzz.seed"], cwd=ROOT, env=environment, check=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadPoolExecutor(max_workers=os.cpu_count()) as pool,
    ):
        document = _document(Path(folder), environment)
        results = pool.map(lambda run: _fuzz(base, run, document, _arguments(run, options)), runs)
        failed = [run for run, is_clean in zip(runs, results, strict=True) if not is_clean]
    if failed:
        print(f"make fuzz: failures as {', '.join(failed)}; see above.", file=sys.stderr)
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument(
        "run", nargs="*", choices=[*RUNS, []], help=f"of {', '.join(RUNS)}; default: all"
    )
    parser.add_argument("--short", action="store_true", help="as much as every change can wait for")
    parser.add_argument("--seed", help="repeat the run with this seed; default: another each time")
    return parser


def _arguments(run: str, options: argparse.Namespace) -> list[str]:
    seed = ["--seed", options.seed] if options.seed else []
    extent = SHORT if options.short else LONG
    only = ["--include-method", "GET", "--phases", "examples,fuzzing"] if run == FIELDS else []
    return [*ALWAYS, *seed, *extent, *only]


def _document(folder: Path, environment: dict[str, str]) -> Path:
    """The API's document, made once: a busy machine needs longer than schemathesis waits for it."""
    file = folder / "openapi.json"
    making = ("manage.py", "spectacular", "--format", "openapi-json", "--file", str(file))
    subprocess.run([sys.executable, *making], cwd=ROOT, env=environment, check=True)
    return file


def _fuzz(base: str, run: str, document: Path, arguments: list[str]) -> bool:
    """Whether schemathesis found nothing in this run. Prints what it said at once, at the end."""
    database = f"{SEEDED}_{run}"
    _copy(base, database, SEEDED)
    environment = os.environ | SERVER | {"DATABASE_URL": _named(base, database)}
    port = _free_port()
    began = time.monotonic()
    with tempfile.TemporaryFile() as log:
        with _serving(port, environment, log):
            url = f"http://127.0.0.1:{port}"
            done = _schemathesis([str(document), "--url", url, *arguments], url, run, environment)
        log.seek(0)
        lines = log.read().decode(errors="replace").split("\n")
    errors = [line for line in lines if line and " WARNING django.request" not in line]
    took = f"== as {run}: exit {done.returncode} after {time.monotonic() - began:.0f} s"
    report = done.stdout if done.returncode else ""
    print("\n".join([report, *errors[-LOG_LINES:], took]), flush=True)
    return done.returncode == 0


def _schemathesis(
    arguments: list[str], url: str, run: str, environment: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [
        BIN / "st",
        "--no-color",
        "--config-file",
        HERE / "schemathesis.toml",
        "run",
    ]
    return subprocess.run(
        [*command, *arguments],
        cwd=ROOT,
        env=environment
        | {
            "FUZZ_ROLE": "admin" if run == FIELDS else run,
            "FUZZ_FIELDS": str(int(run == FIELDS)),
            "FUZZ_URL": url,
            "FUZZ_PASSWORD": PASSWORD,
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
        },
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )


@contextmanager
def _serving(port: int, environment: dict[str, str], log: IO[bytes]) -> Iterator[None]:
    """A web server of two processes."""
    server = subprocess.Popen(
        [
            str(BIN / "gunicorn"),
            *("opssight.wsgi", "--preload", "--no-control-socket", "--log-level", "error"),
            *("--bind", f"127.0.0.1:{port}", "--workers", "2", "--limit-request-line", "8190"),
        ],
        cwd=ROOT,
        env=environment,
        stderr=log,
    )
    try:
        _wait(f"http://127.0.0.1:{port}/api/health/", server)
        yield
    finally:
        server.terminate()
        server.wait(timeout=30)


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        with suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.2)
    raise RuntimeError(f"The web server did not answer at {url} within {START_SECONDS} s.")


def _copy(base: str, name: str, template: str) -> None:
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )


def _named(url: str, database: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
