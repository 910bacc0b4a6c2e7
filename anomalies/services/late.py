"""What comes, changes or goes behind the watermark is scored again once no more of it comes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Max, Min, Q

from anomalies.models import DetectorState, LateReadings
from assets.models import Sensor

QUIET = timedelta(minutes=10)
"""Nothing late has come for so long."""

LONGEST_WAIT = timedelta(hours=2)
"""A sensor of which late readings never cease to come waits no longer than this."""

AT_ONCE = 200

# Whether it is behind the watermark, who scores at this moment decides, without being waited for.
_NOTE = """
INSERT INTO late_readings (sensor_id, since)
SELECT i.sensor_id, i.time FROM unnest(%s::bigint[], %s::timestamptz[]) AS i (sensor_id, time)
"""
_DROP = """
DELETE FROM late_readings l USING detector_states d
WHERE d.id = ANY(%s) AND d.sensor_id = l.sensor_id AND d.watermark < l.since
"""


def note(sensors: Sequence[int], times: Sequence[datetime]) -> None:
    """Remember from when on the readings of these sensors are others than may have been scored."""
    with connection.cursor() as cursor:
        cursor.execute(_NOTE, [list(sensors), list(times)])


def drop_unscored(states: Sequence[DetectorState]) -> None:
    """Forget what lies after the watermarks: who calls holds the states, and reads it next.

    What is stored after this statement, and not seen by that read, is still noted when the
    watermark has passed it.
    """
    with connection.cursor() as cursor:
        cursor.execute(_DROP, [[state.pk for state in states]])


def sensors_with_late(organization_id: int, at: datetime) -> list[int]:
    """Ids of sensors to be scored again, those that have waited longest first."""
    own = Sensor.objects.filter(organization=organization_id, is_active=True)
    rows = LateReadings.objects.filter(sensor__in=own.values("pk")).values("sensor")
    noted = rows.annotate(last=Max("noted_at"), first=Min("noted_at"))
    due = noted.filter(Q(last__lte=at - QUIET) | Q(first__lte=at - LONGEST_WAIT))
    return list(due.order_by("first").values_list("sensor", flat=True)[:AT_ONCE])
