"""What an order costs: labor, parts and the rest, and planned against worked hours."""

from typing import Any

from maintenance.forms.labor import OtherCostForm
from maintenance.models import WorkOrder
from maintenance.services import costs
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest

WORK = (Permission.WORK_ORDER_EXECUTE, Permission.WORK_ORDER_PLAN)


def context(request: UserRequest, work_order: WorkOrder) -> dict[str, Any]:
    may = work_order.is_open and may_add(request, work_order)
    return {
        "costs": costs.cost_of(work_order=work_order),
        "others": work_order.other_costs.select_related("by"),
        "currency": work_order.organization.currency,
        "may_add_cost": may,
        "cost_form": OtherCostForm() if may else None,
    }


def may_add(request: UserRequest, row: WorkOrder) -> bool:
    return any(request.user.can(item, row.organization_id) for item in WORK)
