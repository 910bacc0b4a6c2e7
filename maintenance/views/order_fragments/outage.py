"""What else can be done while the asset of an order stands still."""

from typing import Any

from maintenance.models import WorkOrder
from maintenance.queries.outages import together
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest


def context(request: UserRequest, work_order: WorkOrder) -> dict[str, Any]:
    orders = WorkOrder.objects.for_user(request.user).filter(
        organization=work_order.organization_id
    )
    return {
        "shared": together(work_order=work_order, orders=orders),
        "may_share": request.user.can(Permission.WORK_ORDER_PLAN, work_order.organization_id),
    }
