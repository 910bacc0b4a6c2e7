"""Time on an order: a timer for oneself, and what was written down."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from maintenance.forms.labor import ChangeForm, StopForm, TimeForm
from maintenance.forms.orders import technicians_of
from maintenance.models import LaborEntry, Technician, WorkOrder
from maintenance.services import labor, timesheets
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest


def context(request: UserRequest, work_order: WorkOrder) -> dict[str, Any]:
    at = timezone.now()
    own = own_technician(request, work_order)
    takes_time = work_order.is_open and work_order.status != WorkOrder.Status.DRAFT
    entries = [_entry(request, row, is_open=work_order.is_open) for row in _entries(work_order)]
    running = LaborEntry.objects.filter(technician=own, minutes=None).select_related("work_order")
    timer = running.first() if own is not None else None
    return {
        "entries": entries,
        "minutes": sum(item["row"].minutes or 0 for item in entries),
        "may_time": takes_time and own is not None,
        "timer": timer,
        "timer_forgotten": timer is not None and labor.is_forgotten(timer, at),
        "runs_here": timer is not None and timer.work_order_id == work_order.pk,
        "time_form": time_form(request, work_order, at=at) if takes_time else None,
    }


def time_form(
    request: UserRequest, row: WorkOrder, *, at: Any, data: Any = None
) -> TimeForm | None:
    """None for somebody who may not write down time here."""
    may_plan = request.user.can(Permission.WORK_ORDER_PLAN, row.organization_id)
    technicians = technicians_of(row.organization_id)
    own = own_technician(request, row)
    if own is None and not may_plan:
        return None
    offered = technicians if may_plan else technicians.none()
    return TimeForm(data, technicians=offered, own=own, at=at)


def own_technician(request: UserRequest, row: WorkOrder) -> Technician | None:
    if not request.user.can(Permission.WORK_ORDER_EXECUTE, row.organization_id):
        return None
    return technicians_of(row.organization_id).filter(user=request.user).first()


def _entries(work_order: WorkOrder) -> QuerySet[LaborEntry]:
    rows: QuerySet[LaborEntry] = labor.with_cost(work_order.labor.all())
    return rows.select_related("technician__user", "work_order").order_by("started_at", "pk")


def _entry(request: UserRequest, row: LaborEntry, *, is_open: bool) -> dict[str, Any]:
    may = is_open and timesheets.may_write(user=request.user, technician=row.technician)
    runs, forgotten = row.minutes is None, labor.is_forgotten(row, timezone.now())
    return {
        "row": row,
        "runs": runs,
        "forgotten": forgotten,
        "may_change": may,
        "form": ChangeForm(entry=row) if may and not runs else None,
        "stop_form": StopForm(entry=row, is_needed=True) if may and forgotten else None,
    }
