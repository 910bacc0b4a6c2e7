#!/usr/bin/env python3
"""How fast a year of one sensor is answered, beside hand-written SQL on the kept figures of hours.

    make bench-query [ARGS="--rows 1000000 50000000"]

The sensor has a reading each minute of a year (525,600); the product answers with at most 1,000
points (`assets.queries.series`), the hand-written statement with 1,000 equal buckets of the hours.
Both in turns on the same windows. The other readings of the table are of other sensors; for each
size of the table it also stores batches of 5,000 new readings. What is printed at the end is how
much slower each became from the first size to the last. Everything it makes is deleted again.
"""

import argparse
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "opssight.settings")

import django

django.setup()

import numpy as np  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection, transaction  # noqa: E402

from assets.models import Asset, DayFigures, HourFigures, Reading, Sensor, Site  # noqa: E402
from assets.queries import series  # noqa: E402
from assets.services import aggregates  # noqa: E402
from assets.services.aggregates import COLUMNS  # noqa: E402
from assets.services.readings import ingest_columns  # noqa: E402
from opssight.accounts.models import Organization  # noqa: E402
from opssight.core.database_role import as_owner  # noqa: E402

SLUG = "bench-query"
START = datetime(2025, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
MINUTES = 525_600
POINTS = 1_000
BATCH = 5_000
MARGIN = 2 * 3600
"""Seconds by which the windows differ."""

# Past the triggers, which are measured where readings are stored.
_FILL = """
INSERT INTO asset_metrics (sensor_id, time, value)
SELECT %(sensor)s, %(start)s + n * interval '1 minute', 50 + 10 * sin(n / 700.0) + random()
FROM generate_series(0, %(count)s - 1) AS n
"""
_HOURS = f"""
INSERT INTO asset_metrics_hours ({COLUMNS})
SELECT %(sensor)s, date_bin('1 hour', time, '1970-01-01 00:00+00') AS hour, count(*), min(value),
       max(value), avg(value), (array_agg(value ORDER BY time))[1],
       (array_agg(value ORDER BY time DESC))[1], sum(value * value)
FROM asset_metrics WHERE sensor_id = %(sensor)s AND time < %(end)s GROUP BY hour
"""  # noqa: S608
_DAYS = f"""
INSERT INTO asset_metrics_days ({COLUMNS})
SELECT %(sensor)s, d.day, f.* FROM (
    SELECT DISTINCT date_bin('24 hours', bucket, '1970-01-01 00:00+00') AS day
    FROM asset_metrics_hours WHERE sensor_id = %(sensor)s AND bucket < %(end)s
) d CROSS JOIN LATERAL opssight_day_figures(%(sensor)s, d.day) f
"""  # noqa: S608
_BY_HAND = """
SELECT date_bin(%(width)s, bucket, %(start)s) AS point, sum(avg * count) / sum(count), min(min),
       max(max)
FROM asset_metrics_hourly
WHERE sensor_id = %(sensor)s AND bucket >= %(start)s AND bucket < %(end)s
GROUP BY point ORDER BY point
"""


@dataclass(frozen=True)
class Measured:
    """Milliseconds (p95) of a query, and readings stored a second."""

    rows: int
    product: float
    by_hand: float
    stored: float

    def __str__(self) -> str:
        return (
            f"{self.rows:12,d} readings   product {self.product:7.2f} ms   by hand"
            f" {self.by_hand:7.2f} ms   {self.product / self.by_hand:5.2f} ×"
            f"   stores {self.stored:9,.0f}/s"
        )


def plant() -> list[Sensor]:
    """Sensors enough for a batch, of which the first is the one that is asked for."""
    organization = Organization.objects.create(name=SLUG, slug=SLUG)
    site = Site.objects.create(organization=organization, code="LAB", name="Laboratory")
    asset = Asset.objects.create(
        organization=organization, site=site, tag="P-1", name="Pump", category="pump"
    )
    return Sensor.objects.bulk_create(
        Sensor(organization=organization, asset=asset, key=f"s{n}", quantity="q")
        for n in range(500)
    )


def fill(sensors: list[Sensor], rows: int) -> None:
    """Up to so many readings in the table, a year of each sensor."""
    with connection.cursor() as cursor:
        done = Reading.objects.count()
        for sensor in sensors:
            if done >= rows:
                break
            if HourFigures.objects.filter(sensor=sensor, bucket=START).exists():
                continue
            count = min(MINUTES, rows - done)
            with transaction.atomic():
                cursor.execute("SET LOCAL session_replication_role = replica")
                values: dict[str, Any] = {
                    "sensor": sensor.pk,
                    "start": START,
                    "end": START + YEAR,
                    "count": count,
                }
                for statement in (_FILL, _HOURS, _DAYS):
                    cursor.execute(statement, values)
            done += count
        for table in ("asset_metrics", "asset_metrics_hours", "asset_metrics_days"):
            cursor.execute(f"VACUUM ANALYZE {table}")


def p95(values: list[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def milliseconds(action: Callable[[], int]) -> float:
    began = time.perf_counter()
    points = action()
    took = (time.perf_counter() - began) * 1000
    assert POINTS / 2 < points <= POINTS, points  # noqa: S101
    return took


def query(sensor: Sensor, rounds: int) -> tuple[float, float]:
    """p95 in milliseconds of the product's query, and of the hand-written one."""
    numbers = random.Random(1)  # noqa: S311 (nothing secret)
    width = YEAR / POINTS
    product, by_hand = [], []
    with connection.cursor() as cursor:
        for _ in range(rounds):
            start = START + timedelta(seconds=numbers.randrange(MARGIN))
            window: dict[str, Any] = {
                "sensor": sensor.pk,
                "width": width,
                "start": start,
                "end": start + YEAR,
            }

            def hand_written(window: dict[str, Any] = window) -> int:
                cursor.execute(_BY_HAND, window)
                return len(cursor.fetchall())

            def answered(start: datetime = start) -> int:
                return len(series(sensor, start, start + YEAR, POINTS))

            product.append(milliseconds(answered))
            by_hand.append(milliseconds(hand_written))
    return p95(product), p95(by_hand)


def store(sensors: list[Sensor], at: datetime, batches: int) -> float:
    """Readings a second, median of `batches`: ten new ones of each sensor."""
    ids = np.repeat(np.array([sensor.pk for sensor in sensors]), BATCH // len(sensors))
    took = []
    for number in range(batches):
        moments = np.tile(np.arange(BATCH // len(sensors)), len(sensors)) * 60_000_000
        begin = int((at + number * timedelta(hours=1)).timestamp()) * 1_000_000
        began = time.perf_counter()
        ingest_columns(sensor_ids=ids, times=begin + moments, values=np.random.rand(BATCH))
        took.append(time.perf_counter() - began)
    return BATCH / statistics.median(took)


def clean() -> None:
    mine = Organization.objects.filter(slug=SLUG)
    sensors = Sensor.objects.filter(organization__in=mine)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for kind in (Reading, HourFigures, DayFigures):
            kind._default_manager.filter(sensor__in=sensors).delete()
    for model in (Sensor, Asset, Site):
        model._default_manager.filter(organization__in=mine).delete()
    mine.delete()


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure queries of a year of readings.")
    parser.add_argument(
        "--rows", type=int, nargs="+", default=[1_000_000], help="sizes of the table, rising"
    )
    parser.add_argument("--rounds", type=int, default=200)
    options = parser.parse_args()
    call_command("migrate", verbosity=0)
    if Reading.objects.exists():
        sys.exit("The database holds readings. Use a throw-away one: make bench-query.")
    found = []
    try:
        sensors = plant()
        for number, rows in enumerate(options.rows):
            fill(sensors, rows)
            query(sensors[0], 20)
            times = query(sensors[0], options.rounds)
            stored = store(sensors, START + YEAR * (2 + number), 40)
            aggregates.refresh(at=START + YEAR * 100)
            found.append(Measured(Reading.objects.count(), *times, stored))
            print(found[-1], flush=True)
    finally:
        clean()
    first, last = found[0], found[-1]
    if first is not last:
        print(
            f"from {first.rows:,} to {last.rows:,} readings: queries take"
            f" {last.product / first.product:.2f} × as long, storing is"
            f" {last.stored / first.stored:.2f} × as fast"
        )


if __name__ == "__main__":
    with as_owner():  # makes an organization, and fills its tables past their triggers
        main()
