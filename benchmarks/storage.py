#!/usr/bin/env python3
"""What a reading costs on disk: as it came, and compressed where the server is a TimescaleDB.

    make bench-storage [ARGS="--rows 500000"]
    python -m opssight.runtime run -- python -m benchmarks.storage      on a plain PostgreSQL

Readings of ten sensors, one each minute: a slow wave with noise, of two decimals. Everything it
makes is deleted again.
"""

import argparse
import os
import sys
from datetime import UTC, datetime
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opssight.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from assets.models import Asset, DayFigures, HourFigures, Reading, Sensor, Site  # noqa: E402
from assets.services import aggregates  # noqa: E402
from opssight.accounts.models import Organization  # noqa: E402
from opssight.core.database_role import as_owner  # noqa: E402
from opssight.core.timescale import WITHOUT_LIMIT  # noqa: E402

SLUG = "bench-storage"
SENSORS = 10
START = datetime(2025, 1, 6, tzinfo=UTC)
LATER = datetime(2100, 1, 1, tzinfo=UTC)

_FILL = """
INSERT INTO asset_metrics (sensor_id, time, value)
SELECT s.id, %(start)s + n * interval '1 minute',
       round((50 + 10 * sin(n / 700.0) + random())::numeric, 2)
FROM generate_series(0, %(count)s - 1) AS n CROSS JOIN unnest(%(sensors)s::bigint[]) AS s (id)
"""


def one(statement: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        row = cursor.fetchone()
        return row[0] if row else None


def has_timescale() -> bool:
    return bool(one("SELECT count(*) FROM pg_extension WHERE extname = 'timescaledb'"))


def bytes_of(*tables: str) -> int:
    size = "hypertable_size" if has_timescale() and tables == ("asset_metrics",) else None
    function = size or "pg_total_relation_size"
    return sum(int(one(f"SELECT {function}(%s::regclass)", table)) for table in tables)


def compress() -> None:
    one("SELECT count(compress_chunk(c)) FROM show_chunks('asset_metrics') c")


def plant() -> list[int]:
    organization = Organization.objects.create(name=SLUG, slug=SLUG)
    site = Site.objects.create(organization=organization, code="LAB", name="Laboratory")
    asset = Asset.objects.create(
        organization=organization, site=site, tag="P-1", name="Pump", category="pump"
    )
    made = Sensor.objects.bulk_create(
        Sensor(organization=organization, asset=asset, key=f"s{n}", quantity="q")
        for n in range(SENSORS)
    )
    return [sensor.pk for sensor in made]


def clean() -> None:
    mine = Organization.objects.filter(slug=SLUG)
    sensors = Sensor.objects.filter(organization__in=mine)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(WITHOUT_LIMIT)
        for kind in (Reading, HourFigures, DayFigures):
            kind._default_manager.filter(sensor__in=sensors).delete()
    for model in (Sensor, Asset, Site):
        model._default_manager.filter(organization__in=mine).delete()
    mine.delete()


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure what a reading costs on disk.")
    parser.add_argument("--rows", type=int, default=200_000)
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    if Reading.objects.exists():
        sys.exit("The database holds readings. Use a throw-away one: make bench-storage.")
    try:
        values: dict[str, Any] = {
            "sensors": plant(),
            "start": START,
            "count": options.rows // SENSORS,
        }
        with connection.cursor() as cursor:
            cursor.execute(_FILL, values)
        rows = Reading.objects.count()
        print(f"{rows:,} readings, with their index:")
        print(f"as they came: {bytes_of('asset_metrics') / rows:6.1f} bytes each")
        if has_timescale():
            compress()
            print(f"compressed: {bytes_of('asset_metrics') / rows:6.1f} bytes each")
        else:
            aggregates.refresh(at=LATER)
            kept = bytes_of("asset_metrics_hours", "asset_metrics_days")
            print(f"figures of hours and days: {kept / rows:6.1f} bytes for each reading")
    finally:
        clean()


if __name__ == "__main__":
    with as_owner():  # makes an organization, and asks for sizes
        main()
