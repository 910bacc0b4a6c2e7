#!/usr/bin/env python3
"""What the beat does with many schedules: due dates by calendar, meter and condition, and orders.

    python -m opssight.runtime run -- python -m benchmarks.schedules [SCHEDULES]

SCHEDULES (default 100,000) on a fifth as many assets: half have an interval, a third a rule with
holidays, a sixth a yearly pause; every tenth has a meter with thirty days of readings, every tenth
a condition with a day of them. The reference of the same run is a bare UPDATE of one column of all
schedules, twice. Printed are seconds, those of them that Python and PostgreSQL worked, and the
growth of Python's largest resident size. Works as the product's role, inside the walls. Wants an
empty database, and leaves its rows there.
"""

import os
import resource
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

os.environ |= {"RATELIMIT_ENABLE": "false", "LOG_LEVEL": "ERROR"}
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opssight.settings")

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402

from assets.models import Asset, Reading, Sensor, Site  # noqa: E402
from maintenance import services  # noqa: E402
from maintenance.models import (  # noqa: E402
    ConditionTrigger,
    MaintenanceSchedule,
    MeterTrigger,
    WorkOrder,
)
from maintenance.services import conditions, meters, schedules  # noqa: E402
from opssight.accounts.models import Organization  # noqa: E402
from opssight.core import walls  # noqa: E402
from opssight.core.database_role import as_owner  # noqa: E402

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PIECE = 10_000
CADENCES: list[dict[str, object]] = [
    {"every": 30, "unit": "days"},
    {"every": 1, "unit": "months"},
    {"every": 1, "unit": "years", "mode": "floating"},
    {"rule": "FREQ=MONTHLY;BYDAY=2TU", "holidays": "DE-BY", "on_holiday": "after"},
    {"rule": "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "holidays": "DE", "on_holiday": "skip"},
    {"every": 2, "unit": "weeks", "pause_from": "12-20", "pause_to": "01-06"},
]


def build(count: int) -> None:
    plant = Organization.objects.create(name="Plant", slug="bench-schedules")
    site = Site.objects.create(organization=plant, code="S1", name="Site", timezone="Europe/Berlin")
    Asset.objects.bulk_create(
        (
            Asset(organization=plant, site=site, tag=f"P-{i}", name=f"Pump {i}")
            for i in range(max(count // 5, 1))
        ),
        batch_size=PIECE,
    )
    assets = list(Asset.objects.filter(organization=plant).order_by("pk"))
    for first in range(0, count, PIECE):
        MaintenanceSchedule.objects.bulk_create(
            schedule(plant, assets[i % len(assets)], i)
            for i in range(first, min(first + PIECE, count))
        )
    keys = list(MaintenanceSchedule.objects.order_by("pk").values_list("pk", "asset"))
    add_triggers(plant, keys)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def schedule(plant: Organization, asset: Asset, number: int) -> MaintenanceSchedule:
    values = {"mode": "fixed", **CADENCES[number % len(CADENCES)]}
    return MaintenanceSchedule(
        organization=plant,
        asset=asset,
        title=f"Service {number}",
        starts_at=NOW - timedelta(days=number % 700, hours=number % 24),
        last_completed_at=NOW - timedelta(days=number % 25, hours=1),
        **values,
    )


def add_triggers(plant: Organization, keys: list[tuple[int, int]]) -> None:
    """A counter or a gauge for every tenth schedule, with its readings."""
    for kind, chosen in (("counter", keys[3::10]), ("gauge", keys[7::10])):
        Sensor.objects.bulk_create(
            (
                Sensor(organization=plant, asset_id=asset, key=f"{kind}-{pk}", kind=kind)
                for pk, asset in chosen
            ),
            batch_size=PIECE,
        )
        sensors = dict(Sensor.objects.filter(kind=kind).order_by().values_list("key", "pk"))
        ids = {pk: sensors[f"{kind}-{pk}"] for pk, _ in chosen}
        if kind == "counter":
            MeterTrigger.objects.bulk_create(
                MeterTrigger(
                    organization=plant, asset_id=asset, schedule_id=pk, sensor_id=ids[pk], every=900
                )
                for pk, asset in chosen
            )
        else:
            ConditionTrigger.objects.bulk_create(
                ConditionTrigger(
                    organization=plant,
                    asset_id=asset,
                    schedule_id=pk,
                    sensor_id=ids[pk],
                    above=60,
                    for_minutes=120,
                )
                for pk, asset in chosen
            )
    read("counter", 31, DAY, "10 * n + s.id %% 500")
    read("gauge", 24, HOUR, "50 + (n * 7 + s.id) %% 20")


def read(kind: str, count: int, step: timedelta, value: str) -> None:
    """Readings up to now for every sensor of a kind, and the last of them on the sensor."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO asset_metrics (sensor_id, time, value)"  # noqa: S608 (our own text)
            f" SELECT s.id, %s - (%s - n) * %s * interval '1 second', {value} FROM sensors s"
            " CROSS JOIN generate_series(1, %s) AS n WHERE s.kind = %s ON CONFLICT DO NOTHING",
            [NOW, count, step.total_seconds(), count, kind],
        )
        cursor.execute("UPDATE sensors SET last_time = %s WHERE kind = %s", [NOW, kind])


def one_more_reading() -> None:
    """A reading of every sensor, ten minutes later."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO asset_metrics (sensor_id, time, value)"
            " SELECT id, %s, CASE kind WHEN 'counter' THEN 811 ELSE 50 END FROM sensors",
            [NOW + HOUR / 6],
        )
        cursor.execute("UPDATE sensors SET last_time = %s", [NOW + HOUR / 6])


def measure(name: str, action: Callable[[], object]) -> float:
    """Print what the action took: elapsed, work of Python and of PostgreSQL, and memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, python, server = time.monotonic(), time.process_time(), server_time()
    found = action()
    took = time.monotonic() - began
    worked = (time.process_time() - python, server_time() - server)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    seconds = "".join(f"{one:8.2f} s" for one in (took, *worked))
    print(f"{name:50s}{seconds}{grown:8.1f} MB   {found}", flush=True)
    return took


def server_time() -> float:
    """Seconds that the server's process behind our connection has worked; on this machine only."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        process = Path(f"/proc/{cursor.fetchone()[0]}/stat")
    fields = process.read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def bare_update() -> int:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE maintenance_schedules SET next_due_at = %s", [NOW])
        changed = int(cursor.rowcount)
    MaintenanceSchedule.objects.update(next_due_at=None)
    return changed


def main() -> None:
    # Building takes memory; in a process of its own, so that what is measured is not hidden by it.
    if (child := os.fork()) == 0:
        call_command("migrate", verbosity=0)
        with as_owner():
            if Organization.objects.exists():
                sys.exit("The database is in use. Take a throw-away one, as in the first lines.")
            build(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
        sys.exit()
    if os.waitpid(child, 0)[1]:
        sys.exit(1)
    with as_owner():
        plant = Organization.objects.get(slug="bench-schedules")
    with walls.acting(organizations=[plant.pk]):
        run(plant)


def run(plant: Organization) -> None:
    pk, later = plant.pk, NOW + HOUR / 6
    assets = Asset.objects.filter(organization=plant)
    count = MaintenanceSchedule.objects.count()
    print(f"{count:,} schedules, {Reading.objects.count():,} readings")

    def beat(at: datetime) -> int:
        return services.recalculate_due_dates(organization_id=pk, at=at)

    bare = measure("reference: bare UPDATE of all, twice", bare_update)
    steps: dict[str, Callable[[], object]] = {
        "calendars, all empty": lambda: schedules.fill_calendars(organization_id=pk, at=NOW),
        "meters, first look": lambda: meters.follow_meters(organization_id=pk, at=NOW),
        "conditions, first look": lambda: conditions.watch_conditions(organization_id=pk, at=NOW),
        "next due dates, all to write": lambda: schedules.bring_in_line(organization_id=pk),
        "assets, all to write": lambda: schedules.refresh_next_due(assets=assets),
    }
    for name, action in steps.items():
        measure(name, action)
    quiet = measure("the whole beat, nothing new", lambda: beat(NOW))
    with as_owner():
        one_more_reading()
    measure("the whole beat, one reading more of each sensor", lambda: beat(later))
    # As many as a plant makes on a busy day, not all that this one has never done.
    due = MaintenanceSchedule.objects.filter(next_due_at__lte=NOW + 7 * DAY).order_by("pk")
    only = list(due.values_list("pk", flat=True)[:1000])
    measure(
        "work orders of 1,000 schedules",
        lambda: services.generate_due_work_orders(organization_id=pk, at=later, only=only),
    )
    print(
        f"{WorkOrder.objects.count():,} orders; the quiet beat took {quiet / bare:.2f} ×"
        " the time of the bare UPDATE"
    )


if __name__ == "__main__":
    main()
