"""Readings that come behind the watermark are scored once no more of them come."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Max, Min, Q

from anomalies.models import LateReadings
from assets.models import Sensor

QUIET = timedelta(minutes=10)
"""Nothing late has come for so long."""

LONGEST_WAIT = timedelta(hours=2)
"""A sensor of which late readings never cease to come waits no longer than this."""

AT_ONCE = 200

# Who scores holds the state, and is not waited for: it is only read.
_NOTE = """
INSERT INTO late_readings (sensor_id, since)
SELECT i.sensor_id, i.time FROM unnest(%s::bigint[], %s::timestamptz[]) AS i (sensor_id, time)
JOIN detector_states d ON d.sensor_id = i.sensor_id AND d.watermark >= i.time
"""


def note(sensors: Sequence[int], times: Sequence[datetime]) -> None:
    """Remember from when on these sensors have new readings that were not scored."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [list(sensors), list(times)])


def sensors_with_late(organization_id: int, at: datetime) -> list[int]:
    """Ids of sensors to be scored again, those that have waited longest first."""
    own = Sensor.objects.filter(organization=organization_id, is_active=True)
    rows = LateReadings.objects.filter(sensor__in=own.values("pk")).values("sensor")
    noted = rows.annotate(last=Max("noted_at"), first=Min("noted_at"))
    due = noted.filter(Q(last__lte=at - QUIET) | Q(first__lte=at - LONGEST_WAIT))
    return list(due.order_by("first").values_list("sensor", flat=True)[:AT_ONCE])
