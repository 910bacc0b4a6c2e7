"""The web server's process: make the database and the static files ready, then serve.

It imports Django while PostgreSQL is still starting and goes on when a line comes on its input.
One process for both spares a second start of Python. What is printed while it prepares is for the
person waiting; from then on its output goes to var/log/web.log.
"""

import hashlib
import json
import os
import sys
import traceback
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection, connections
from django.db.migrations.exceptions import InconsistentMigrationHistory
from django.db.migrations.executor import MigrationExecutor
from gunicorn.app import wsgiapp
from tqdm import tqdm

from opssight.runtime.locations import var_folder
from opssight.runtime.supervisor import DISK_FULL, NOT_MIGRATED, NOT_PREPARED


def main() -> None:
    """Prepare, then serve until a signal.

    Ends with NOT_MIGRATED, DISK_FULL or else NOT_PREPARED when it cannot.
    """
    logs = var_folder() / "log"
    tqdm.monitor_interval = 0  # a progress bar would leave a thread, and we fork afterwards
    django.setup()
    if not sys.stdin.readline():  # our parent ended or gave up
        return
    had_tables = False
    try:
        had_tables = bool(connection.introspection.table_names())
        prepare()
    except Exception as error:
        if "No space left on device" in str(error):
            raise SystemExit(DISK_FULL) from None
        with (logs / "prepare.log").open("w") as log:
            traceback.print_exc(file=log)
        is_refused = had_tables and refuses_the_tables(error)
        raise SystemExit(NOT_MIGRATED if is_refused else NOT_PREPARED) from None
    connections.close_all()  # no connection may be shared with the forked workers
    with (logs / "web.log").open("ab") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    sys.argv = ["gunicorn", "-c", "python:opssight.runtime.gunicorn_conf"]
    wsgiapp.run()


def refuses_the_tables(error: Exception) -> bool:
    """Whether it is about tables that another version made, not about reaching the database."""
    kinds = (InconsistentMigrationHistory, DatabaseError)
    return isinstance(error, kinds) and not isinstance(error, OperationalError)


def prepare() -> None:
    """Migrate, fill an empty database with the demo plant, collect the static files."""
    migrate()
    call_command("load_demo", if_empty=True)
    collect_static(Path(settings.STATIC_ROOT))


def migrate() -> None:
    """Apply the migrations that are missing, with one line for the person waiting."""
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    if missing:
        print(f"Making the tables ({missing} migrations) …", flush=True)
        call_command("migrate", interactive=False, verbosity=0)


def collect_static(target: Path) -> None:
    """Collect, compress and fingerprint the static files when any of them changed."""
    stamp = target.with_name(target.name + ".stamp")
    wanted = static_fingerprint()
    if target.is_dir() and stamp.is_file() and stamp.read_text() == wanted:
        return
    print("Collecting the static files …", flush=True)
    stamp.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    stamp.write_text(wanted)


def static_fingerprint() -> str:
    """A digest over the storage, and the path, size and time of change of every static file."""
    digest = hashlib.sha256(settings.STORAGES["staticfiles"]["BACKEND"].encode())
    for finder in get_finders():
        for path, storage in finder.list([]):
            source = Path(storage.path(path))
            status = source.stat()
            entry = [path, str(source), status.st_size, status.st_mtime_ns]
            digest.update(json.dumps(entry).encode())
    return digest.hexdigest()


if __name__ == "__main__":
    main()
