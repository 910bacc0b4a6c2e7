"""The sensors that have readings to be scored."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F, Q

from anomalies.detectors.base import WARM_UP
from anomalies.models import DetectorState
from assets.models import Sensor

CHUNK = 1_000
"""Sensors that one task scores."""

NEW_AT_ONCE = 50
"""Sensors that one task scores for the first time: each brings its whole past."""

_TIMES_BEFORE = """
SELECT mark.sensor_id, (
    SELECT m.time FROM asset_metrics m
    WHERE m.sensor_id = mark.sensor_id AND m.time <= mark.time
    ORDER BY m.time DESC OFFSET %s LIMIT 1
)
FROM unnest(%s::bigint[], %s::timestamptz[]) AS mark (sensor_id, time)
"""


def sensors_to_score(organization_id: int) -> list[int]:
    """Ids of active sensors with readings that no detector has seen, asset by asset."""
    return [pk for pk, _ in _unseen(organization_id)]


def chunks_to_score(organization_id: int) -> list[list[int]]:
    """The same, as many as one task is to score."""
    unseen = _unseen(organization_id)
    seen_before = [pk for pk, state in unseen if state is not None]
    new = [pk for pk, state in unseen if state is None]
    return [*in_chunks(seen_before, CHUNK), *in_chunks(new, NEW_AT_ONCE)]


def _unseen(organization_id: int) -> list[tuple[int, int | None]]:
    unseen = Q(detector_state=None) | Q(last_time__gt=F("detector_state__watermark"))
    sensors = Sensor.objects.filter(
        unseen, organization=organization_id, is_active=True, last_time__isnull=False
    )
    return list(sensors.order_by("asset_id", "pk").values_list("pk", "detector_state__pk"))


def in_chunks(ids: Sequence[int], size: int) -> Iterable[list[int]]:
    """
    >>> list(in_chunks([1, 2, 3], size=2))
    [[1, 2], [3]]
    """
    for start in range(0, len(ids), size):
        yield list(ids[start : start + size])


def times_before(marks: Mapping[int, datetime], readings: int) -> dict[int, datetime]:
    """By sensor id the time that so many of its readings follow up to its mark; none: not there."""
    with connection.cursor() as cursor:
        cursor.execute(_TIMES_BEFORE, [readings, list(marks), list(marks.values())])
        return {pk: time for pk, time in cursor.fetchall() if time is not None}


@dataclass(frozen=True, slots=True)
class Learning:
    """A sensor of which too few readings are known to judge one."""

    key: str
    learned: int
    needed: int = WARM_UP


def learning(*, sensors: Collection[int]) -> list[Learning]:
    """Those of the sensors that have been read and are not judged yet. One query."""
    rows = DetectorState.objects.filter(
        sensor__in=sensors, sensor__is_active=True, learned__lt=WARM_UP
    )
    found = rows.order_by("sensor__key").values_list("sensor__key", "learned")
    return [Learning(key, count) for key, count in found]
