"""Readings that are put right by hand: each time with an entry in the audit trail.

Readings that a sender sends again with another value are corrected, too (`readings.ingest`), but
leave no entry: that is a machine's own account of what it measured, thousands a second.
"""

from datetime import datetime
from typing import Any

from django.db import connection, transaction

from assets.models import Sensor
from assets.services.readings import DELETE_IN_ORDER, tell_behind
from assets.services.rules import value_problem
from opssight.audit.models import Action
from opssight.audit.services import record
from opssight.core.timescale import WITHOUT_LIMIT

MOST_AT_ONCE = 500_000

_CORRECT = """
WITH before AS (SELECT value FROM asset_metrics WHERE sensor_id = %(sensor)s AND time = %(time)s)
UPDATE asset_metrics SET value = %(value)s WHERE sensor_id = %(sensor)s AND time = %(time)s
RETURNING (SELECT value FROM before)
"""
_COUNT = """
SELECT count(*) FROM (
    SELECT FROM asset_metrics WHERE sensor_id = %(sensor)s
    AND time >= %(start)s AND time < %(end)s LIMIT %(limit)s
) found
"""
_FIRST = """
SELECT min(time) FROM asset_metrics
WHERE sensor_id = %(sensor)s AND time >= %(start)s AND time < %(end)s
"""
_DELETE = DELETE_IN_ORDER.format("sensor_id = %(sensor)s AND time >= %(start)s AND time < %(end)s")
# Nothing computes these again.
_DELETE_SEALED = """
DELETE FROM {table} k USING asset_metrics_sealed s
WHERE k.sensor_id = %(sensor)s AND s.sensor_id = k.sensor_id AND k.bucket < s.until
  AND k.bucket >= %(start)s AND k.bucket + interval '{width}' <= %(end)s
"""
# After the readings, as those who store readings do: nobody waits in a circle. The next statement
# sees what they have committed meanwhile.
_LOCK = "SELECT FROM sensors WHERE id = %(sensor)s FOR NO KEY UPDATE"
_SET_LAST = """
UPDATE sensors s SET (last_time, last_value) = (
    SELECT m.time, m.value FROM asset_metrics m WHERE m.sensor_id = s.id
    ORDER BY m.time DESC LIMIT 1
)
WHERE s.id = %(sensor)s AND s.last_time >= %(start)s AND s.last_time < %(end)s
"""
_SET_LAST_VALUE = """
UPDATE sensors s SET last_value = m.value FROM asset_metrics m
WHERE s.id = %(sensor)s AND s.last_time = %(time)s AND m.sensor_id = s.id AND m.time = s.last_time
"""


class NoSuchReading(Exception):
    """The sensor has no reading of this time."""


class ImpossibleValue(Exception):
    """A reading may not have this value; the text says why."""


class TooManyReadings(Exception):
    """More than MOST_AT_ONCE: delete a shorter time."""


@transaction.atomic
def correct(*, sensor: Sensor, time: datetime, value: float) -> float:
    """Give the sensor's reading of this time another value; returns the value before.

    Raises NoSuchReading and ImpossibleValue.
    """
    low, high = sensor.physical_low, sensor.physical_high
    if problem := value_problem(value, low=low, high=high, unit=sensor.unit):
        raise ImpossibleValue(problem)
    reading: dict[str, Any] = {"sensor": sensor.pk, "time": time, "value": value}
    with connection.cursor() as cursor:
        cursor.execute(WITHOUT_LIMIT)
        cursor.execute(_CORRECT, reading)
        if (row := cursor.fetchone()) is None:
            raise NoSuchReading
        before: float = row[0]
        if before != value:
            tell_behind([(sensor.pk, time)])
        cursor.execute(_LOCK, reading)
        cursor.execute(_SET_LAST_VALUE, reading)
    _tell(Action.CORRECT_READINGS, sensor, count=1, time=time, before=before, after=value)
    return before


@transaction.atomic
def delete(*, sensor: Sensor, start: datetime, end: datetime) -> int:
    """Delete the sensor's readings in [start, end); returns how many there were.

    Figures that outlive their readings (see `retention`) go with whole hours and days. The sensor
    then shows the last reading that is left. Raises TooManyReadings.
    """
    span: dict[str, Any] = {"sensor": sensor.pk, "start": start, "end": end}
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, {**span, "limit": MOST_AT_ONCE + 1})
        if cursor.fetchone()[0] > MOST_AT_ONCE:
            raise TooManyReadings
        cursor.execute(WITHOUT_LIMIT)
        cursor.execute(_FIRST, span)
        first = cursor.fetchone()[0]
        cursor.execute(_DELETE, span)
        count = cursor.rowcount
        if first is not None:
            tell_behind([(sensor.pk, first)])
        hours = _delete_sealed(cursor, span, "asset_metrics_hours", "1 hour")
        days = _delete_sealed(cursor, span, "asset_metrics_days", "24 hours")
        cursor.execute(_LOCK, span)
        cursor.execute(_SET_LAST, span)
    if count or hours or days:
        kept = {"hours": hours, "days": days} if hours or days else {}
        _tell(Action.DELETE_READINGS, sensor, count=count, start=start, end=end, **kept)
    return int(count)


def _delete_sealed(cursor: Any, span: dict[str, Any], table: str, width: str) -> int:
    cursor.execute(_DELETE_SEALED.format(table=table, width=width), span)
    return int(cursor.rowcount)


def _tell(event: Action, sensor: Sensor, **details: Any) -> None:
    """Write the entry; who did it is what the transaction knows of who acts."""
    said: Any = {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in details.items()
    }
    record(
        event=event,
        organization=sensor.organization_id,
        label=f"{sensor.asset.tag}/{sensor.key}",
        sensor=sensor.pk,
        **said,
    )
