"""One process that makes the database and the static files ready: `python -m …prepare`.

It imports Django while PostgreSQL is still starting and begins when a line comes on its input.
What it prints is for the person waiting; a failure's stack trace goes to var/log/prepare.log.
"""

import hashlib
import json
import sys
import traceback
from pathlib import Path

import django
from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from opssight.runtime.locations import var_folder


def main() -> None:
    """Migrate, fill an empty database with the demo plant, collect the static files."""
    django.setup()
    if not sys.stdin.readline():  # our parent ended or gave up
        return
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
    """A digest over path, size and time of change of every static file."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for path, storage in finder.list([]):
            source = Path(storage.path(path))
            status = source.stat()
            entry = [path, str(source), status.st_size, status.st_mtime_ns]
            digest.update(json.dumps(entry).encode())
    return digest.hexdigest()


if __name__ == "__main__":
    try:
        main()
    except Exception:
        with (var_folder() / "log" / "prepare.log").open("w") as log:
            traceback.print_exc(file=log)
        raise SystemExit(1) from None
