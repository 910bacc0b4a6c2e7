"""When machines were not meant to run."""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt
from django.db.models import Q

from assets.binary import Floats
from assets.models import UptimeEvent

Window = tuple[float, float]
"""From and until, in seconds since 1970."""

State = UptimeEvent.State
Cause = UptimeEvent.Cause
NOT_ASKED_FOR = (State.IDLE, State.STANDBY, State.DISABLED, State.EXTERNAL_DISABLED)
STOPPED = (State.DOWN, *NOT_ASKED_FOR)
PLANNED = Q(state__in=NOT_ASKED_FOR) | Q(
    state=State.DOWN, cause__in=(Cause.PLANNED, Cause.EXTERNAL)
)


def stops(asset_ids: Iterable[int], since: datetime) -> dict[int, list[Window]]:
    """Recorded intervals in which each asset did not run, by asset id, oldest first."""
    return _windows(Q(asset__in=set(asset_ids), state__in=STOPPED), since)


def planned_stops(asset_ids: Collection[int], since: datetime) -> dict[int, list[Window]]:
    """Those of the stops in which it was not meant to run."""
    return _windows(PLANNED & Q(asset__in=asset_ids), since)


def _windows(which: Q, since: datetime) -> dict[int, list[Window]]:
    found: dict[int, list[Window]] = defaultdict(list)
    events = UptimeEvent.objects.filter(which, Q(ended_at=None) | Q(ended_at__gt=since))
    rows = events.order_by("started_at").values_list("asset", "started_at", "ended_at")
    for asset_id, started_at, ended_at in rows:
        end = ended_at.timestamp() if ended_at else math.inf
        found[asset_id].append((started_at.timestamp(), end))
    return found


def within(windows: Sequence[Window], times: Floats) -> npt.NDArray[np.bool_]:
    """Which times, in order, lie in one of the windows.

    >>> within([(10.0, 20.0), (30.0, 40.0)], np.array([5.0, 10.0, 20.0, 35.0]))
    array([False,  True, False,  True])
    """
    inside = np.zeros(len(times), dtype=np.bool_)
    for start, end in windows:
        inside[np.searchsorted(times, start) : np.searchsorted(times, end)] = True
    return inside
