"""Who does an order and when."""

from typing import Any

from maintenance.forms.dispatch import PlanForm
from maintenance.models import WorkOrder
from maintenance.services.dispatch import state_of
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest


def context(request: UserRequest, work_order: WorkOrder) -> dict[str, Any]:
    may = request.user.can(Permission.WORK_ORDER_PLAN, work_order.organization_id)
    return {
        "may_assign": may and work_order.is_open,
        "plan_form": PlanForm(work_order=work_order) if may and work_order.is_open else None,
        "state": state_of(work_order),
        "candidates": None,
    }
