"""The changes of status of an order."""

from typing import Any

from maintenance.models import WorkOrder
from opssight.core.http import UserRequest


def context(request: UserRequest, work_order: WorkOrder) -> dict[str, Any]:
    return {"transitions": work_order.transitions.select_related("by").order_by("at", "pk")}
