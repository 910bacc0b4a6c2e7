"""`make fuzz`: schemathesis as each role, against a real server on a throw-away database.

Every role gets a copy of one seeded database and a gunicorn of its own, so that nothing that one
role does changes what another one finds.
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
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

ROLES = ("admin", "planner", "technician", "viewer", "requester", "integration", "anonymous")
HERE = Path(__file__).parent
ROOT = HERE.parent.parent
BIN = Path(sys.executable).parent
SEEDED = "opssight_fuzz"
PASSWORD = "opssight-demo"
START_SECONDS = 60
LOG_LINES = 200
RATES = ("ADDRESS", "USER", "READ", "WRITE", "BULK", "EXPENSIVE")
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
    """Fuzz as the chosen roles; returns 1 when any of them found a failure."""
    options = _parser().parse_args()
    base = os.environ["DATABASE_URL"]
    _copy(base, SEEDED, "template0")
    environment = os.environ | SERVER | {"DATABASE_URL": _named(base, SEEDED)}
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"], cwd=ROOT, env=environment, check=True
    )
    subprocess.run([sys.executable, "-m", "tests.fuzz.seed"], cwd=ROOT, env=environment, check=True)
    failed = [role for role in options.role if not _fuzz(base, role, options.rest)]
    if failed:
        print(f"make fuzz: failures as {', '.join(failed)}; see above.", file=sys.stderr)
    return 1 if failed else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--role", nargs="+", choices=ROLES, default=ROLES)
    parser.add_argument("rest", nargs="*", help="more arguments for `schemathesis run`")
    return parser


def _fuzz(base: str, role: str, arguments: list[str]) -> bool:
    """Whether schemathesis found nothing as this role."""
    database = f"{SEEDED}_{role}"
    _copy(base, database, SEEDED)
    environment = os.environ | SERVER | {"DATABASE_URL": _named(base, database)}
    port = _free_port()
    began = time.monotonic()
    with _serving(port, environment):
        url = f"http://127.0.0.1:{port}"
        command = [BIN / "st", "--config-file", HERE / "schemathesis.toml", "run"]
        done = subprocess.run(
            [*command, f"{url}/api/schema/", *arguments],
            cwd=ROOT,
            env=environment
            | {
                "FUZZ_ROLE": role,
                "FUZZ_URL": url,
                "FUZZ_PASSWORD": PASSWORD,
                "PYTHONPATH": str(ROOT),
                "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks",
            },
            check=False,
        )
    print(f"\n== as {role}: exit {done.returncode} after {time.monotonic() - began:.0f} s\n")
    return done.returncode == 0


@contextmanager
def _serving(port: int, environment: dict[str, str]) -> Iterator[None]:
    """A web server of two processes; what it logs is printed where it failed at all."""
    log = tempfile.TemporaryFile()  # noqa: SIM115 closed when the process ends
    server = subprocess.Popen(
        [
            *(BIN / "gunicorn", "opssight.wsgi", "--preload", "--no-control-socket"),
            *("--bind", f"127.0.0.1:{port}", "--workers", "2", "--log-level", "error"),
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
        log.seek(0)
        lines = log.read().decode(errors="replace").split("\n")
        errors = [line for line in lines if line and " WARNING django.request" not in line]
        print("\n".join(errors[-LOG_LINES:]), file=sys.stderr)


def _wait(url: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        with suppress(URLError, ConnectionError), urllib.request.urlopen(url, timeout=5):
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
