"""Spare parts of an order: kept for it, missing, and used."""

from typing import Any

from maintenance.forms.store import PartBookingForm
from maintenance.models import Part, WorkOrder
from maintenance.services import store
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest

USE = (Permission.WORK_ORDER_EXECUTE, Permission.STORE_EDIT)
KEEP = (*USE, Permission.WORK_ORDER_PLAN)


def context(request: UserRequest, work_order: WorkOrder) -> dict[str, Any]:
    kept = store.kept(work_order=work_order) if work_order.is_open else []
    may_use, may_keep = may_one(request, work_order, USE), may_one(request, work_order, KEEP)
    takes = work_order.status in store.USES
    keeps = work_order.is_open
    return {
        "kept": kept,
        "missing": [row for row in kept if row.missing],
        "used": store.used(work_order=work_order),
        "may_take": takes and may_use,
        "may_keep": keeps and may_keep,
        "part_form": booking_form(request, work_order) if keeps and may_keep else None,
    }


def booking_form(request: UserRequest, row: WorkOrder, data: Any = None) -> PartBookingForm:
    parts = Part.objects.for_user(request.user).filter(organization=row.organization_id)
    return PartBookingForm(data, parts=parts)


def may_one(request: UserRequest, row: WorkOrder, permissions: tuple[Permission, ...]) -> bool:
    return any(request.user.can(item, row.organization_id) for item in permissions)
