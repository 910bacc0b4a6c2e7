"""What a machine waits for before a row is judged, and what comes after it was."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import connection

from anomalies.queries import machines as queries
from anomalies.services.recording import moment
from telemetry.queries import quality

if TYPE_CHECKING:
    from anomalies.services.machines import Machine

PATIENCE = timedelta(minutes=10)
PATIENT_STEPS = 2
"""A row waits for sensors that send late: two steps of rows, ten minutes at least."""

# In the order in which they were sent: what comes behind the last reading of a sensor is noted when
# it is stored.
_NOTE = """
INSERT INTO late_readings (sensor_id, since, is_for_machine)
SELECT a.sensor_id, found.time, true
FROM unnest(%s::bigint[], %s::timestamptz[], %s::timestamptz[]) AS a (sensor_id, since, until)
CROSS JOIN LATERAL (
    SELECT m.time FROM asset_metrics m
    WHERE m.sensor_id = a.sensor_id AND m.time > a.since AND m.time < a.until
    ORDER BY m.time LIMIT 1
) found
"""


def complete(machines: Mapping[int, "Machine"], at: datetime) -> dict[int, datetime]:
    """By asset up to when its rows are whole: all sensors have sent what is later, or are late.

    What may turn out to be a fault of the data waits until that is decided.
    """
    ids = [pk for machine in machines.values() for pk in machine.sensors]
    looked = quality.looked_until(ids)
    suspect = quality.suspect_since(ids, at)
    found = {}
    for asset, machine in machines.items():
        row = machine.row
        active = [sensor for sensor in machine.sensors.values() if sensor.is_active]
        last = [min(s.last_time, looked.get(s.pk, s.last_time)) for s in active if s.last_time]
        until = row.watermark or at
        if last:
            late = at - max(PATIENCE, PATIENT_STEPS * row.step)
            until = min(max(min(last), late), max(last))
            until = min([until, *(moment(suspect[s.pk]) for s in active if s.pk in suspect)])
        found[asset] = queries.floor(until, row.step)
    return found


def remember(machines: Iterable["Machine"]) -> None:
    """Keep, in the rows, the sensors that have sent nothing after what was judged."""
    for machine in machines:
        mark = machine.row.watermark
        machine.row.awaited = {
            str(sensor.pk): sensor.last_time.isoformat()
            for sensor in machine.sensors.values()
            if mark and sensor.is_active and sensor.last_time and sensor.last_time < mark
        }


def note_late(machines: Iterable["Machine"]) -> None:
    """Note from when on readings have come since that belong to rows judged without them."""
    asked = [
        (pk, before, machine.row.watermark)
        for machine in machines
        for pk, before in _awaited(machine)
    ]
    if asked:
        with connection.cursor() as cursor:
            cursor.execute(_NOTE, [list(column) for column in zip(*asked, strict=True)])


def _awaited(machine: "Machine") -> list[tuple[int, datetime]]:
    """Sensors that have sent something since, and their last readings of then."""
    known = {int(name): datetime.fromisoformat(at) for name, at in machine.row.awaited.items()}
    return [
        (pk, before)
        for pk, before in known.items()
        if pk in machine.sensors and (machine.sensors[pk].last_time or before) > before
    ]
