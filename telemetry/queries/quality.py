"""When the data of sensors could not be trusted."""

import math
from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from django.db.models import Q

from assets.queries.uptime import Window
from telemetry.models import QualityFault, QualityState

LONGEST_DOUBT = timedelta(hours=6)
"""A doubt that no reading has ended for so long is none any more."""


def faults_of(sensor_ids: Collection[int], start: datetime, end: datetime) -> list[QualityFault]:
    """The faults that touch [start, end), oldest first, with their sensors."""
    rows = QualityFault.objects.filter(
        Q(ended_at=None) | Q(ended_at__gte=start), sensor__in=sensor_ids, started_at__lt=end
    )
    return list(rows.select_related("sensor").order_by("started_at", "pk"))


def untrusted(sensor_ids: Collection[int], since: datetime) -> dict[int, list[Window]]:
    """Times from `since` on in which the values of each sensor say nothing of its machine."""
    found: dict[int, list[Window]] = defaultdict(list)
    rows = QualityFault.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=since),
        sensor__in=sensor_ids,
        kind__in=QualityFault.UNTRUSTED,
    ).order_by("started_at")
    for sensor_id, started_at, ended_at in rows.values_list("sensor", "started_at", "ended_at"):
        until = ended_at.timestamp() if ended_at else math.inf
        found[sensor_id].append((started_at.timestamp(), until))
    return found


def looked_until(sensor_ids: Collection[int]) -> dict[int, datetime]:
    """By sensor id up to which reading its data was looked at; none: never."""
    rows = QualityState.objects.filter(sensor__in=sensor_ids)
    return dict(rows.values_list("sensor", "watermark"))


def suspect_since(sensor_ids: Collection[int], at: datetime) -> dict[int, float]:
    """From when on the next readings decide whether a sensor's values can be trusted, by sensor id.

    In seconds since 1970; most sensors are not in it, nor those whose next readings do not come.
    """
    rows = QualityState.objects.filter(sensor__in=sensor_ids, updated_at__gt=at - LONGEST_DOUBT)
    rows = rows.exclude(state__suspect_since=None)
    found = rows.values_list("sensor", "state__suspect_since")
    return {sensor_id: since for sensor_id, since in found if since is not None}
