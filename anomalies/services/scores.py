"""The scores of readings, kept for charts for as long as the readings themselves."""

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from django.db import connection, transaction

from anomalies.models import AnomalyScore
from assets.services.binary_cursor import Ids, Moments, Values, binary_cursor
from assets.services.retention import READINGS_AT_ONCE
from telemetry.services.retention import readings_kept_since

if TYPE_CHECKING:
    from anomalies.services.passing import Passed  # with the compiled code, which the web is spared

_INSERT = """
INSERT INTO anomaly_scores (sensor_id, time, score, expected, scale)
SELECT sensor_id, time, score::real, expected::real, scale::real
FROM unnest(%b::bigint[], %b::timestamptz[], %b::float8[], %b::float8[], %b::float8[])
    AS i (sensor_id, time, score, expected, scale)
ON CONFLICT (sensor_id, time) DO UPDATE
SET score = EXCLUDED.score, expected = EXCLUDED.expected, scale = EXCLUDED.scale
"""
_PRUNE = """
DELETE FROM anomaly_scores WHERE sensor_id = %s AND time < least(%s, (
    SELECT max(time) FROM (
        SELECT time FROM anomaly_scores WHERE sensor_id = %s ORDER BY time LIMIT %s
    ) oldest
) + interval '1 microsecond')
"""
LARGEST = 3e38
"""What four bytes hold."""


def keep(passed: "Passed") -> None:
    """Write what was judged. To be called within the transaction that moves the watermarks."""
    if not len(passed.sensors):
        return
    fits = (np.abs(passed.expected) < LARGEST) & (passed.scale < LARGEST)
    with binary_cursor() as cursor:
        cursor.execute(
            _INSERT,
            [
                Ids(passed.sensors[fits]),
                Moments(passed.times[fits]),
                Values(np.minimum(passed.score[fits], LARGEST)),
                Values(passed.expected[fits]),
                Values(passed.scale[fits]),
            ],
        )


def forget(sensor: int, start: datetime, end: datetime) -> None:
    """Remove the scores from `start` to `end`, both included: they are made anew."""
    AnomalyScore.objects.filter(sensor=sensor, time__gte=start, time__lte=end).delete()


def prune(*, organization_id: int, at: datetime) -> int:
    """Remove the scores of readings that the organization keeps no longer; returns how many.

    In steps, each in a transaction of its own. Safe to stop and to repeat.
    """
    before = readings_kept_since(organization_id, at)
    if before is None:
        return 0
    rows = AnomalyScore.objects.filter(sensor__organization=organization_id, time__lt=before)
    removed = 0
    for sensor in rows.order_by("sensor").values_list("sensor", flat=True).distinct():
        while gone := _prune(sensor, before):
            removed += gone
    return removed


@transaction.atomic
def _prune(sensor: int, before: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_PRUNE, [sensor, before, sensor, READINGS_AT_ONCE])
        removed: int = cursor.rowcount
    return removed
