"""How an order hangs together with others."""

from typing import Any

from maintenance.models import WorkOrder, WorkOrderBlock
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest


def context(request: UserRequest, work_order: WorkOrder) -> dict[str, Any]:
    may = request.user.can(Permission.WORK_ORDER_PLAN, work_order.organization_id)
    mine = WorkOrder.objects.for_user(request.user)
    blocks = WorkOrderBlock.objects.filter(blocker__in=mine).select_related("blocker")
    return {
        "parent": mine.filter(children=work_order).first(),
        "follows": mine.filter(follow_ups=work_order).first(),
        "children": mine.filter(parent=work_order).order_by("number"),
        "follow_ups": mine.filter(follows=work_order).order_by("number"),
        "blocks": blocks.filter(work_order=work_order).order_by("blocker__number"),
        "blocked": mine.filter(blocked_by__blocker=work_order).open().order_by("number"),
        "may_link": may and work_order.is_open,
        "may_follow": may and work_order.status != WorkOrder.Status.DRAFT,
    }
