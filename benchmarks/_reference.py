"""What ingest is measured against: the same rows into the same table, past the product."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime

from django.db import connection, transaction

from assets.models import Reading

Row = tuple[int, int, float]
"""Sensor, seconds since 1970, value."""

_UPSERT = """
INSERT INTO asset_metrics (sensor_id, time, value) SELECT sensor_id, time, value FROM rows_of_copy
ON CONFLICT (sensor_id, time) DO UPDATE SET value = EXCLUDED.value
"""


def empty() -> None:
    """Remove every reading, so that all begin alike."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE asset_metrics, asset_metrics_touched")


def copy_and_upsert(batches: Sequence[Sequence[Row]]) -> float:
    """Seconds of a COPY of all rows at once into a temporary table, and one upsert from there.

    What psql would do with `\\copy` and one statement; the text is written before the clock runs.
    """
    text = "".join(
        f"{sensor}\t{datetime.fromtimestamp(moment, UTC).isoformat()}\t{value}\n"
        for batch in batches
        for sensor, moment, value in batch
    ).encode()
    began = time.perf_counter()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE rows_of_copy"
            " (sensor_id bigint, time timestamptz, value double precision) ON COMMIT DROP"
        )
        with cursor.copy("COPY rows_of_copy FROM STDIN") as copy:
            copy.write(text)
        cursor.execute(_UPSERT)
    return time.perf_counter() - began


def bulk_create(batches: Sequence[Sequence[Row]]) -> float:
    """Seconds of `bulk_create(update_conflicts=True)`, one call and transaction for each batch.

    In one process, from parsed numbers to stored rows, as the ORM is used: with the objects.
    """
    began = time.perf_counter()
    for batch in batches:
        Reading.objects.bulk_create(
            [
                Reading(sensor_id=sensor, time=datetime.fromtimestamp(moment, UTC), value=value)
                for sensor, moment, value in batch
            ],
            update_conflicts=True,
            unique_fields=["sensor", "time"],
            update_fields=["value"],
        )
    return time.perf_counter() - began
