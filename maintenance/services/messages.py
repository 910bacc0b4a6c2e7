"""What planners are told."""

from datetime import datetime

from maintenance.models import Recommendation, WorkOrder
from notifications.models import Notification
from notifications.services import Message, notify
from opssight.accounts.permissions import Permission


def created_message(work_order: WorkOrder) -> Message:
    return Message(
        event=Notification.Event.WORK_ORDER_CREATED,
        subject=f"{work_order.number} created: {work_order.title} on {work_order.asset.tag}",
        body=work_order.description,
        url=work_order.get_absolute_url(),
        dedupe_key=f"work-order-{work_order.pk}-created",
        asset=work_order.asset_id,
        also=work_order.technician.user_id if work_order.technician else None,
    )


def tell_planners(row: Recommendation | WorkOrder, message: Message, *, at: datetime) -> None:
    notify(
        organization=row.organization_id,
        permission=Permission.WORK_ORDER_PLAN,
        messages=[message],
        at=at,
    )
