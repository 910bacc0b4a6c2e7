"""The rows that a KPI was made from: what its figure opens to."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from assets.models import AssetKpi, ProductionRun, UptimeEvent
from assets.reliability.ledger import DOWN, FAILURE, IDLE
from maintenance.indicators.work import BACKLOG, CORRECTIVE, REWORK_WITHIN
from maintenance.models import MaintenanceRecord, WorkOrder
from maintenance.queries.work import as_planned
from opssight.accounts.models import User

Kpi = AssetKpi.Kpi
STATES = {Kpi.AVAILABILITY, Kpi.MTBF, Kpi.MTTR, Kpi.INHERENT_AVAILABILITY}
RECORDS = {Kpi.MTTR_SMRP, Kpi.CORRECTIVE_RATIO, Kpi.REWORK}
RUNS = {Kpi.AVAILABILITY_ISO, Kpi.OEE}


def behind(kpi: AssetKpi, *, user: User) -> QuerySet[Any]:
    """Uptime events, history, orders or production runs that the figure counts, oldest first.

    Only those that the user may see, of assets that are in the scope today.
    """
    if kpi.kpi in STATES:
        rows: QuerySet[Any] = _events(kpi, UptimeEvent.objects.for_user(user))
    elif kpi.kpi in RECORDS:
        rows = _records(kpi, MaintenanceRecord.objects.for_user(user))
    elif kpi.kpi in RUNS:
        rows = ProductionRun.objects.for_user(user).filter(
            ended_at__gt=kpi.starts_at, ended_at__lte=kpi.ends_at
        )
        rows = rows.order_by("ended_at", "pk")
    else:
        rows = _orders(kpi, WorkOrder.objects.for_user(user))
    return rows.filter(_in_scope(kpi)).exclude(asset__status="retired").select_related("asset")


def _in_scope(kpi: AssetKpi) -> Q:
    if kpi.asset_id:
        return Q(asset=kpi.asset_id)
    if kpi.site_id:
        return Q(asset__site=kpi.site_id)
    if kpi.group_id:
        return Q(asset__group_members__group=kpi.group_id)
    return Q(organization=kpi.organization_id)


def _events(kpi: AssetKpi, rows: QuerySet[UptimeEvent]) -> QuerySet[UptimeEvent]:
    start, end = kpi.starts_at, kpi.ends_at
    rows = rows.order_by("started_at", "pk")
    if kpi.kpi == Kpi.AVAILABILITY:
        touching = rows.filter(Q(ended_at=None) | Q(ended_at__gt=start), started_at__lt=end)
        return touching.filter(state__in=[*DOWN, *IDLE])
    failures = rows.filter(state__in=DOWN, cause=FAILURE)
    began = Q(started_at__gte=start, started_at__lt=end)
    ended = Q(ended_at__gt=start, ended_at__lte=end)
    if kpi.kpi == Kpi.MTBF:
        return failures.filter(began)
    return failures.filter(ended if kpi.kpi == Kpi.MTTR else began | ended)


def _records(kpi: AssetKpi, rows: QuerySet[MaintenanceRecord]) -> QuerySet[MaintenanceRecord]:
    rows = rows.filter(completed_at__gte=kpi.starts_at, completed_at__lt=kpi.ends_at)
    if kpi.kpi in (Kpi.MTTR_SMRP, Kpi.REWORK):
        rows = rows.filter(maintenance_type__in=CORRECTIVE)
    if kpi.kpi == Kpi.REWORK:
        before = MaintenanceRecord.objects.filter(
            asset=OuterRef("asset"),
            failure_mode=OuterRef("failure_mode"),
            completed_at__lt=OuterRef("started_at"),
            completed_at__gte=OuterRef("started_at") - REWORK_WITHIN,
        )
        rows = rows.exclude(failure_mode="").filter(Exists(before))
    return rows.select_related("work_order").order_by("completed_at", "pk")


def _orders(kpi: AssetKpi, rows: QuerySet[WorkOrder]) -> QuerySet[Any]:
    start, end = kpi.starts_at, kpi.ends_at
    orders = as_planned(rows)
    if kpi.kpi == Kpi.SCHEDULE_COMPLIANCE:
        orders = orders.filter(planned__gte=start, planned__lt=end).exclude(status="cancelled")
        return orders.order_by("planned", "pk")
    if kpi.kpi == Kpi.PM_COMPLIANCE:
        orders = orders.filter(due_at__gte=start, due_at__lt=end).exclude(status="cancelled")
        return orders.exclude(maintenance_type__in=CORRECTIVE).order_by("due_at", "pk")
    waiting = Q(started_at=None, completed_at=None, cancelled_at=None, status__in=BACKLOG)
    left_later = (
        Q(started_at__gt=end)
        | Q(started_at=None, completed_at__gt=end)
        | Q(started_at=None, completed_at=None, cancelled_at__gt=end)
    )
    return orders.filter(waiting | left_later, created_at__lte=end).order_by("due_at", "pk")
