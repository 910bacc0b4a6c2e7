"""A PgBouncer of our own, in transaction mode, in front of the server of the tests."""

import shutil
import socket
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from opssight.runtime import children, identity

PROGRAM = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/bin")
PORT = 6432
SESSIONS = 2
"""Of the server, which all clients share."""


@contextmanager
def pooler() -> Iterator[dict[str, Any]]:
    """Run PgBouncer; yields the connection settings of a product behind it."""
    folder = Path(tempfile.mkdtemp(prefix="opssight-pgb-", dir="/tmp"))
    mine = connection.settings_dict
    host = mine["HOST"] or mine["OPTIONS"].get("host", "")
    place = f"host={host}" + (f" port={mine['PORT']}" if mine["PORT"] else "")
    (folder / "users").write_text(f'"{settings.DATABASE_ROLE}" ""\n"{mine["USER"]}" ""\n')
    (folder / "pgbouncer.ini").write_text(
        f"[databases]\n* = {place}\n"
        "[pgbouncer]\n"
        f"pool_mode = transaction\ndefault_pool_size = {SESSIONS}\nmax_client_conn = 100\n"
        f"auth_type = trust\nauth_file = {folder}/users\n"
        f"listen_port = {PORT}\nunix_socket_dir = {folder}\nunix_socket_mode = 0700\n"
    )
    me = identity.choose()
    shutil.chown(folder, me.owner)
    process = children.spawn(
        [str(PROGRAM), folder / "pgbouncer.ini"],
        log=folder / "log",
        become=identity.changer(me),
    )
    try:
        _wait(folder)
        yield {
            "HOST": str(folder),
            "PORT": str(PORT),
            "USER": settings.DATABASE_ROLE,
            "OPTIONS": {},
            "POOLED": True,
            "DISABLE_SERVER_SIDE_CURSORS": True,
        }
    finally:
        process.kill()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(folder: Path) -> None:
    for _ in range(100):
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(f"{folder}/.s.PGSQL.{PORT}") == 0:
                return
        time.sleep(0.05)
    raise RuntimeError((folder / "log").read_text())
