"""Orders and history as the indicators take them."""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db.models import Case, F, Max, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from maintenance.indicators.work import REWORK_WITHIN, Order, Record
from maintenance.models import MaintenanceRecord, WorkOrder, WorkOrderTransition

GRACE_DAYS = 1
"""Of preventive work that comes from no schedule."""

_ORDER = (
    "maintenance_type",
    "status",
    "planned",
    "due_at",
    "grace",
    "created_at",
    "started_at",
    "completed_at",
    "cancelled_at",
    "estimated_minutes",
)


def records_of(
    *, assets: Collection[int], start: datetime, at: datetime
) -> dict[int, list[Record]]:
    """History that the figures from `start` on depend on, in one query."""
    found: dict[int, list[Record]] = defaultdict(list)
    rows = MaintenanceRecord.objects.filter(
        asset__in=assets, completed_at__gt=start - REWORK_WITHIN, completed_at__lte=at
    ).order_by()
    columns = ("maintenance_type", "failure_mode", "started_at", "completed_at", "labor_minutes")
    for pk, *record in rows.values_list("asset_id", *columns).iterator():
        found[pk].append(Record(*record))
    return found


def orders_of(*, assets: Collection[int], start: datetime, at: datetime) -> dict[int, list[Order]]:
    """Orders that the figures from `start` on depend on, by leading asset, in one query."""
    found: dict[int, list[Order]] = defaultdict(list)
    rows = as_planned(WorkOrder.objects.filter(asset__in=assets, created_at__lte=at)).filter(
        Q(due_at__gte=start)
        | Q(planned__gte=start)
        | Q(completed_at=None)
        | Q(started_at__gte=start)
    )
    for pk, *order in rows.values_list("asset_id", *_ORDER).iterator():
        found[pk].append(Order(*order))
    return found


def as_planned(orders: QuerySet[WorkOrder]) -> QuerySet[Any]:
    """Orders with the day they were planned for, their grace and when they were cancelled.

    An order of a schedule that nobody planned in is planned for the day it is due.
    """
    cancelled = (
        WorkOrderTransition.objects.filter(work_order=OuterRef("pk"), to_status="cancelled")
        .order_by()
        .values("work_order")
        .annotate(last=Max("at"))
    )
    due = Case(When(schedule__isnull=False, then=F("due_at")))
    return orders.order_by().annotate(
        planned=Coalesce("planned_start", due),
        grace=Coalesce("schedule__grace_days", GRACE_DAYS),
        cancelled_at=Case(
            When(status="cancelled", then=Subquery(cancelled.values("last"))), default=None
        ),
    )


def judged_between(
    *, organization_id: int, start: datetime, at: datetime
) -> list[tuple[int, str, Order]]:
    """Orders whose judgment may have changed: (asset id, zone of its site, order).

    What changed its status, and what is open past its day.
    """
    moved = WorkOrderTransition.objects.filter(
        organization=organization_id, at__gt=start, at__lte=at
    ).values("work_order")
    rows = as_planned(WorkOrder.objects.filter(organization=organization_id)).filter(
        Q(pk__in=moved) | Q(completed_at=None, planned__lt=at) | Q(completed_at=None, due_at__lt=at)
    )
    return [
        (pk, zone, Order(*order))
        for pk, zone, *order in rows.values_list("asset_id", "asset__site__timezone", *_ORDER)
    ]
