"""When machines are, or were, planned to stand still."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import date, datetime, time, timedelta, tzinfo

from django.db.models import Q

from assets.models import UptimeEvent
from assets.queries.uptime import PLANNED
from maintenance.dispatching.times import Span
from maintenance.models import WorkOrder
from maintenance.queries.planned import with_until
from maintenance.scheduling.intervals import wall

DAY = timedelta(days=1)
NOT_ORDINARY = PLANNED & ~Q(state__in=(UptimeEvent.State.IDLE, UptimeEvent.State.STANDBY))
"""A machine that idles every night has its use of ordinary days."""


def planned_windows(
    asset_ids: Collection[int], since: datetime, at: datetime
) -> dict[int, list[Span]]:
    """By asset id: recorded planned stops since then, those to come, and work that needs one.

    A stop without an end lasts until now: it is not planned to go on. Two queries.
    """
    found: dict[int, list[Span]] = defaultdict(list)
    events = UptimeEvent.objects.filter(
        NOT_ORDINARY, Q(ended_at=None) | Q(ended_at__gt=since), asset__in=asset_ids
    ).order_by("started_at")
    for asset, start, end in events.values_list("asset", "started_at", "ended_at"):
        if end is not None or start < at:
            found[asset].append((start, end or at))
    orders = WorkOrder.objects.open().filter(asset__in=asset_ids, needs_outage=True)
    planned = with_until(orders).filter(planned_until__gt=at).order_by("planned_start")
    for asset, start, end in planned.values_list("asset", "planned_start", "planned_until"):
        found[asset].append((max(start, at), end))
    return {asset: _joined(windows) for asset, windows in found.items()}


def _joined(windows: list[Span]) -> list[Span]:
    """Without overlaps, by their begin."""
    joined: list[Span] = []
    for start, end in sorted(windows):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def share_of_day(windows: Sequence[Span], day: date, zone: tzinfo) -> float:
    """The share of a day, by the clock of the zone, that lies in the windows."""
    start, end = wall(day, time(), zone), wall(day + DAY, time(), zone)
    inside = (min(end, until) - max(start, begun) for begun, until in windows)
    return sum(max(one / (end - start), 0.0) for one in inside)
