#!/usr/bin/env python3
"""How long one beat of scoring takes: every sensor of a big plant has sent one more reading.

    make bench-scoring [ARGS="--sensors 10000 --beats 5"]

The whole job with its database on one worker, as the tasks run it: which sensors have something
new, the look at the quality of their data, scoring with scores, states and watermarks, and the end
of what went silent. Beside it, what no job could do without: one statement that reads the newest
reading of each sensor, and one that moves as many watermarks. What it makes is deleted again.
"""

import argparse
import os
import statistics
import sys
import time

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opssight.settings")

import django

django.setup()

import numpy as np  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from anomalies import queries, services  # noqa: E402
from anomalies.models import Anomaly, DetectorState  # noqa: E402
from anomalies.services.recording import moment  # noqa: E402
from assets.binary import Ints  # noqa: E402
from assets.models import Asset, Reading, Sensor, Site  # noqa: E402
from assets.services.readings import ingest_columns  # noqa: E402
from opssight.accounts.models import Organization  # noqa: E402
from opssight.core.database_role import as_owner  # noqa: E402
from opssight.core.walls import acting  # noqa: E402
from telemetry.models import QualityState  # noqa: E402
from telemetry.services.quality import look  # noqa: E402

SLUG = "bench-scoring"
KEYS, PAST, STEP = 5, 200, 600
START = 1_772_366_400
"""2026-03-01 12:00 UTC."""

_READ = """
SELECT s.id, m.time, m.value FROM sensors s CROSS JOIN LATERAL (
    SELECT time, value FROM asset_metrics WHERE sensor_id = s.id ORDER BY time DESC LIMIT 1
) m
"""
_MOVE = "UPDATE detector_states SET watermark = watermark"


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure a beat of scoring.")
    parser.add_argument("--sensors", type=int, default=10_000)
    parser.add_argument("--beats", type=int, default=5, help="of which the median counts")
    options = parser.parse_args()
    with as_owner():
        call_command("migrate", verbosity=0)
        if Reading.objects.exists():
            sys.exit("The database holds readings. Use a throw-away one: make bench-scoring.")
        organization, sensors = make_plant(options.sensors)
    try:
        with acting(organizations=[organization]):
            measure(organization, sensors, options.beats)
    finally:
        with as_owner():
            clean()


def measure(organization: int, sensors: Ints, n: int) -> None:
    numbers = np.random.default_rng(1)
    began = time.perf_counter()
    for start in range(0, PAST, 50):
        send(sensors, start, 50, numbers)
    print(f"{PAST} readings of each of {len(sensors):,} sensors stored in {took(began):.1f} s")
    began = time.perf_counter()
    found = beat(organization, PAST)["all"]
    print(f"scored for the first time in {found:.1f} s ({len(sensors) * PAST / found:,.0f}/s)")
    rows: list[dict[str, float]] = []
    for number in range(PAST, PAST + n):
        send(sensors, number, 1, numbers)
        before, used = wal(), time.process_time()
        rows.append(beat(organization, number + 1))
        rows[-1]["CPU"] = time.process_time() - used
        rows[-1]["WAL"] = wal() - before
        rows[-1]["bare"] = bare()
    report(rows, len(sensors))


def report(rows: list[dict[str, float]], sensors: int) -> None:
    middle = {name: statistics.median(row[name] for row in rows) for name in rows[0]}
    print(f"\nOne beat, {sensors:,} sensors with one new reading each; median of {len(rows)}:")
    for name in ("which", "quality", "scoring", "silent"):
        print(f"  {name:10s} {middle[name]:7.2f} s")
    print(f"  {'all':10s} {middle['all']:7.2f} s   (at most 10; aim 4); slowest", end=" ")
    print(f"{max(row['all'] for row in rows):.2f} s")
    print(
        f"  {'CPU':10s} {middle['CPU']:7.2f} s of the worker; the rest is the database, and waiting"
    )
    print(f"  {'bare':10s} {middle['bare']:7.2f} s   the job takes", end=" ")
    print(f"{middle['all'] / middle['bare']:.0f} times as long")
    print(f"  WAL {middle['WAL'] / 1e6:.1f} MB, {middle['WAL'] / sensors:,.0f} bytes a sensor")
    print(f"  {Anomaly.objects.count():,} anomalies")


def beat(organization: int, readings: int) -> dict[str, float]:
    """Seconds of each part of what the tasks do in a beat."""
    at = moment(START + readings * STEP)
    marks = [time.perf_counter()]
    quality = scoring = 0.0
    chunks = queries.chunks_to_score(organization)
    marks.append(time.perf_counter())
    for ids in chunks:
        began = time.perf_counter()
        look(sensor_ids=ids, at=at)
        quality += took(began)
        began = time.perf_counter()
        services.score_sensors(sensor_ids=ids, at=at)
        scoring += took(began)
    marks.append(time.perf_counter())
    services.end_silent(organization_id=organization, at=at)
    marks.append(time.perf_counter())
    return {
        "which": marks[1] - marks[0],
        "quality": quality,
        "scoring": scoring,
        "silent": marks[3] - marks[2],
        "all": marks[3] - marks[0],
    }


def bare() -> float:
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_READ)
        cursor.fetchall()
        cursor.execute(_MOVE)
    return took(began)


def took(began: float) -> float:
    return time.perf_counter() - began


def wal() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn")
        return float(cursor.fetchone()[0])


def make_plant(count: int) -> tuple[int, Ints]:
    organization = Organization.objects.create(name=SLUG, slug=SLUG)
    site = Site.objects.create(organization=organization, code="LAB", name="Laboratory")
    assets = Asset.objects.bulk_create(
        Asset(organization=organization, site=site, tag=f"P-{number}", name="Pump")
        for number in range(count // KEYS)
    )
    sensors = Sensor.objects.bulk_create(
        Sensor(organization=organization, asset=asset, key=f"value{number}", quantity="vibration")
        for asset in assets
        for number in range(KEYS)
    )
    return organization.pk, np.array([sensor.pk for sensor in sensors])


def send(
    sensors: Ints,
    first: int,
    count: int,
    numbers: np.random.Generator,
) -> None:
    """So many readings of each sensor, in portions."""
    times = (START + np.arange(first, first + count) * STEP) * 1_000_000
    for some in np.array_split(sensors, max(1, len(sensors) * count // 50_000)):
        ingest_columns(
            sensor_ids=np.repeat(some, count),
            times=np.tile(times, len(some)),
            values=numbers.normal(60.0, 2.0, len(some) * count),
        )


def clean() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE asset_metrics, asset_metrics_touched")
    mine = Organization.objects.filter(slug=SLUG)
    for model in (Anomaly, DetectorState, QualityState, Sensor, Asset, Site):
        model._default_manager.filter(organization__in=mine).delete()
    mine.delete()


if __name__ == "__main__":
    main()
