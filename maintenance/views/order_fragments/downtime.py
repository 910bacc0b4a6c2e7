"""The downtime of an order, and what the uptime ledger offers."""

from typing import Any

from django.utils import timezone

from maintenance.forms.work import DowntimeForm
from maintenance.models import WorkOrder
from maintenance.services import downtimes
from opssight.accounts.permissions import Permission
from opssight.core.http import UserRequest


def context(request: UserRequest, work_order: WorkOrder) -> dict[str, Any]:
    at = timezone.now()
    may = request.user.can(Permission.WORK_ORDER_EXECUTE, work_order.organization_id)
    changes = may and work_order.is_open and work_order.status != WorkOrder.Status.DRAFT
    return {
        "downtimes": work_order.downtimes.select_related("event", "asset").order_by(
            "event__started_at"
        ),
        "offered": downtimes.offered(work_order=work_order, at=at) if changes else [],
        "downtime_form": DowntimeForm(work_order=work_order, at=at) if changes else None,
        "may_change": changes,
    }
