"""The sensors that have readings to be scored, and when their machines stood still."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np
from django.db.models import F, Q

from anomalies.detectors.base import Bools, Floats
from assets.models import Sensor, UptimeEvent

Window = tuple[float, float]
"""From and until, in seconds since 1970."""

State = UptimeEvent.State
STOPPED = (State.DOWN, State.IDLE, State.STANDBY, State.DISABLED, State.EXTERNAL_DISABLED)

CHUNK = 50
"""Sensors that one task scores."""


def stops(asset_ids: Iterable[int], since: datetime) -> dict[int, list[Window]]:
    """Recorded intervals in which each asset was not meant to run, by asset id, oldest first."""
    found: dict[int, list[Window]] = defaultdict(list)
    events = UptimeEvent.objects.filter(asset__in=set(asset_ids), state__in=STOPPED)
    events = events.filter(Q(ended_at=None) | Q(ended_at__gt=since)).order_by("started_at")
    for asset_id, started_at, ended_at in events.values_list("asset", "started_at", "ended_at"):
        end = ended_at.timestamp() if ended_at else math.inf
        found[asset_id].append((started_at.timestamp(), end))
    return found


def within(windows: Sequence[Window], times: Floats) -> Bools:
    """Which times, in order, lie in one of the windows.

    >>> within([(10.0, 20.0), (30.0, 40.0)], np.array([5.0, 10.0, 20.0, 35.0]))
    array([False,  True, False,  True])
    """
    inside = np.zeros(len(times), dtype=np.bool_)
    for start, end in windows:
        inside[np.searchsorted(times, start) : np.searchsorted(times, end)] = True
    return inside


def sensors_to_score(organization_id: int) -> list[int]:
    """Ids of active sensors with readings that no detector has seen, asset by asset."""
    unseen = Q(detector_state=None) | Q(last_time__gt=F("detector_state__watermark"))
    sensors = Sensor.objects.filter(
        unseen, organization=organization_id, is_active=True, last_time__isnull=False
    )
    return list(sensors.order_by("asset_id", "pk").values_list("pk", flat=True))


def in_chunks(ids: Sequence[int], size: int = CHUNK) -> Iterable[list[int]]:
    """
    >>> list(in_chunks([1, 2, 3], size=2))
    [[1, 2], [3]]
    """
    for start in range(0, len(ids), size):
        yield list(ids[start : start + size])
