"""Known work and stops of machines, which make readings stand out without a fault."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from assets.queries.uptime import Window, stops
from maintenance.models import WorkOrder, WorkOrderAsset

SETTLING = timedelta(hours=4)
"""So long after a stop or after work machines warm up and run unsteadily."""

LONGEST_WORK = timedelta(hours=72)
"""An order that nobody completed does not keep its machine quiet for longer."""

Status = WorkOrder.Status


@dataclass(frozen=True, slots=True)
class Work:
    """From the start of an order's work to its completion."""

    order: int
    start: datetime
    end: datetime

    def explains(self, start: datetime, last: datetime) -> bool:
        """Whether what began at `start` and was strange until `last` may come from the work."""
        return self.start <= start <= self.end and last <= self.end + SETTLING


def work_on(assets: Collection[int], since: datetime) -> dict[int, list[Work]]:
    """By asset the work on it that ended after `since` or goes on, the earliest first."""
    going_on = Q(
        work_order__completed_at=None, work_order__status__in=(Status.IN_PROGRESS, Status.WAITING)
    )
    lines = WorkOrderAsset.objects.filter(
        going_on | Q(work_order__completed_at__gte=since),
        asset__in=assets,
        work_order__started_at__gte=since - LONGEST_WORK,
    )
    found: dict[int, list[Work]] = defaultdict(list)
    rows: Any = lines.order_by("work_order__started_at", "work_order").values_list(
        "asset", "work_order", "work_order__started_at", "work_order__completed_at"
    )
    for asset, order, started_at, completed_at in rows:
        latest = started_at + LONGEST_WORK
        found[asset].append(Work(order, started_at, min(completed_at or latest, latest)))
    return found


def still(assets: Collection[int], since: datetime) -> dict[int, list[Window]]:
    """By asset its stops, each until it runs as before."""
    settling = SETTLING.total_seconds()
    found = stops(assets, since - SETTLING)
    return {
        asset: [(start, end + settling) for start, end in windows]
        for asset, windows in found.items()
    }
