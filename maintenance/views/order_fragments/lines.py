"""The assets that an order serves."""

from typing import Any

from maintenance.models import WorkOrder, WorkOrderAsset
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest


def context(request: UserRequest, work_order: WorkOrder) -> dict[str, Any]:
    user, organization_id = request.user, work_order.organization_id
    return {
        "lines": work_order.lines.select_related("asset").order_by("position", "pk"),
        "results": WorkOrderAsset.Result.choices,
        "may_decide": work_order.is_open
        and user.can(Permission.WORK_ORDER_EXECUTE, organization_id),
        "may_plan": user.can(Permission.WORK_ORDER_PLAN, organization_id),
    }
