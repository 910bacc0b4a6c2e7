"""What planners are told."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

from django.urls import reverse

from maintenance.models import Absence, Recommendation, WorkOrder, WorkRequest
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


def request_message(row: WorkRequest) -> Message:
    still = " (it stands still)" if row.stands_still else ""
    return Message(
        event=Notification.Event.REQUEST_MADE,
        subject=f"{row.asset.tag}: {row.title}{still}"[:300],
        body=row.description,
        url=row.get_absolute_url(),
        dedupe_key=f"request-{row.pk}",
        asset=row.asset_id,
    )


def absence_message(row: Absence, count: int, zone: tzinfo) -> Message:
    """Of an absence in which `count` orders are planned; times are on the clock of the zone."""
    begin, end = row.starts_at.astimezone(zone), row.ends_at.astimezone(zone)
    work = "1 work order is planned" if count == 1 else f"{count} work orders are planned"
    return Message(
        event=Notification.Event.ABSENCE_OVER_WORK,
        subject=f"{row.technician} is away from {begin:%B %-d, %H:%M}, and {work} then",
        body=f"Until {end:%B %-d, %H:%M}. Plan that work anew, or give it to somebody else.",
        url=row.technician.get_absolute_url(),
        dedupe_key=f"absence-{row.pk}-{row.starts_at.isoformat()}-{row.ends_at.isoformat()}",
    )


MANY = 10
"""More news of one moment than this are told as one."""


def opened_message(row: Recommendation) -> Message:
    return Message(
        event=Notification.Event.RECOMMENDATION_OPENED,
        subject=f"{row.asset.tag}: check for {row.failure_mode} ({row.urgency} urgency)",
        body=row.reason,
        url=row.get_absolute_url(),
        dedupe_key=f"recommendation-{row.pk}-opened",
        asset=row.asset_id,
    )


def woken_message(row: Recommendation, at: datetime) -> Message:
    """Of one that was snoozed and asks again, because its day came or it became more urgent."""
    return Message(
        event=Notification.Event.RECOMMENDATION_OPENED,
        subject=f"{row.asset.tag}: {row.failure_mode} asks again ({row.urgency} urgency)",
        body=row.reason,
        url=row.get_absolute_url(),
        dedupe_key=f"recommendation-{row.pk}-woken-{at.isoformat()}",
        asset=row.asset_id,
    )


def tell_of_opened(rows: Sequence[Recommendation], *, at: datetime) -> None:
    """Of one organization's new recommendations; of many at once there is one message."""
    if not rows:
        return
    messages = [opened_message(row) for row in rows]
    if len(rows) > MANY:
        urgent = sum(row.urgency in ("high", "critical") for row in rows)
        summary = Message(
            event=Notification.Event.RECOMMENDATION_OPENED,
            subject=f"{len(rows)} new recommendations, {urgent} of them urgent",
            body="Open the list: what is to be dealt with first stands first.",
            url=reverse("maintenance:recommendations"),
            dedupe_key=f"recommendations-{rows[0].source}-{at.isoformat()}",
        )
        messages = [summary]
    notify(
        organization=rows[0].organization_id,
        permission=Permission.WORK_ORDER_PLAN,
        messages=messages,
        at=at,
    )


def tell_planners(row: Recommendation | WorkOrder, message: Message, *, at: datetime) -> None:
    notify(
        organization=row.organization_id,
        permission=Permission.WORK_ORDER_PLAN,
        messages=[message],
        at=at,
    )
