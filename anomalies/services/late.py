"""What comes, changes or goes behind the watermark is scored again once no more of it comes."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Max, Min, Q

from anomalies.models import DetectorState, LateReadings, MachineModel
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
    AND NOT l.is_for_machine
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


def note_for_machine(since: datetime | None, sensor_id: int) -> None:
    """Remember that the rows of its machine are others from then on, where one is judged by it."""
    of = Sensor.objects.filter(pk=sensor_id).values("asset")
    models = MachineModel.objects.filter(asset__in=of, status=MachineModel.Status.IN_USE)
    judged = models.filter(Q(channels__contains=sensor_id) | Q(settings__contains=sensor_id))
    if since is not None and judged.exists():
        LateReadings.objects.create(sensor_id=sensor_id, since=since, is_for_machine=True)


def sensors_with_late(organization_id: int, at: datetime) -> list[int]:
    """Ids of sensors to be scored again, those that have waited longest first."""
    return _due(organization_id, "sensor", at)


def machines_with_late(organization_id: int, at: datetime) -> list[int]:
    """Ids of assets whose machines are to be judged again, the same way."""
    return _due(organization_id, "sensor__asset", at)


def _due(organization_id: int, key: str, at: datetime) -> list[int]:
    own = Sensor.objects.filter(organization=organization_id, is_active=True)
    rows = LateReadings.objects.filter(
        sensor__in=own.values("pk"), is_for_machine=key != "sensor"
    ).values(key)
    noted = rows.annotate(last=Max("noted_at"), first=Min("noted_at"))
    due = noted.filter(Q(last__lte=at - QUIET) | Q(first__lte=at - LONGEST_WAIT))
    return list(due.order_by("first").values_list(key, flat=True)[:AT_ONCE])
