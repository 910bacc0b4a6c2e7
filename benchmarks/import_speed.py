#!/usr/bin/env python3
"""How fast `import_readings` is beside a bare COPY of the same readings into the same table.

    python -m opssight.runtime run -- python -m benchmarks.import_speed [ROWS]

A wide file of ROWS (default 200,000) rows with three sensors. What is printed as a ratio is time
over the time of the COPY, which takes the same constraints but neither reads a file nor checks,
merges or repeats anything. Everything it makes is deleted again.
"""

import os
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opssight.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from assets.models import Asset, Reading, Sensor, Site  # noqa: E402
from opssight.accounts.models import Organization  # noqa: E402
from opssight.core.database_role import as_owner  # noqa: E402

SLUG = "import-speed"
COLUMNS = "sensor_id, time, value"


def write(path: Path, rows: int) -> None:
    numbers = random.Random(1)  # noqa: S311 (nothing secret)
    start = datetime(2022, 1, 1, tzinfo=UTC)
    with path.open("w") as file:
        file.write("time,flow,pressure,temperature\n")
        for i in range(rows):
            file.write(
                f"{start + timedelta(minutes=i)},{numbers.gauss(50, 5):.4f},"
                f"{numbers.gauss(3, 0.1):.4f},{numbers.gauss(60, 2):.3f}\n"
            )


def seconds(action: Callable[[], object]) -> float:
    began = time.monotonic()
    action()
    return time.monotonic() - began


def bare_copy() -> float:
    """Seconds of a COPY of all readings back into the emptied table."""
    with connection.cursor() as cursor:
        order = f"SELECT {COLUMNS} FROM asset_metrics ORDER BY time, sensor_id"  # noqa: S608
        with cursor.copy(f"COPY ({order}) TO STDOUT (FORMAT BINARY)") as out:
            blocks = [bytes(block) for block in out]
    Reading.objects.all().delete()

    def store() -> None:
        with (
            connection.cursor() as cursor,
            cursor.copy(f"COPY asset_metrics ({COLUMNS}) FROM STDIN (FORMAT BINARY)") as copy,
        ):
            for block in blocks:
                copy.write(block)

    return seconds(store)


def clean() -> None:
    mine = Organization.objects.filter(slug=SLUG)
    Reading.objects.filter(sensor__organization__in=mine).delete()
    for model in (Sensor, Asset, Site):
        model._default_manager.filter(organization__in=mine).delete()
    mine.delete()


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 200_000
    call_command("migrate", verbosity=0)
    if Reading.objects.exists():
        sys.exit("The database holds readings. Use a throw-away one, as in the first lines.")
    organization = Organization.objects.create(name=SLUG, slug=SLUG)
    Site.objects.create(organization=organization, code="LAB", name="Laboratory")
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "pump.csv"
            write(file, rows)
            options = ["--create-missing", "--organization", SLUG]
            first = seconds(lambda: call_command("import_readings", file, *options, verbosity=0))
            again = seconds(lambda: call_command("import_readings", file, *options, verbosity=0))
        readings = Reading.objects.count()
        bare = bare_copy()
    finally:
        clean()
    for name, took in (("bare COPY", bare), ("import", first), ("import again", again)):
        print(f"{name:14s} {readings / took:10,.0f} readings/s  {took / bare:5.2f} × COPY")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{readings:,} readings, peak memory {peak} MB (with the copy's blocks)")


if __name__ == "__main__":
    with as_owner():  # makes an organization; what is measured works inside the walls
        main()
