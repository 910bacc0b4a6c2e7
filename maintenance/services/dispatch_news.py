"""What technicians and webhooks are told of a change of plan.

Each technician is told once, however many orders it is.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from django.urls import reverse

from maintenance.dispatching.words import moment, slot
from maintenance.models import WorkOrder
from maintenance.services.events import assigned_event
from notifications.models import Notification
from notifications.services import Happening, Message, notify, publish
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission

MOST_LINES = 25
ONE = {
    "given": "{} is yours: {}",
    "moved": "{} was planned anew: {}",
    "taken": "{} is not yours any more: {}",
}
MANY = {
    "given": "{} work orders are yours",
    "moved": "{} were planned anew",
    "taken": "{} are not yours any more",
}


class Change(NamedTuple):
    """An order before and after; its technicians come with their users."""

    before: WorkOrder
    after: WorkOrder


def tell(changes: Sequence[Change], *, by: User, at: datetime) -> None:
    """Tell each technician what is theirs now, at another time, or not theirs any more.

    Nobody is told of what they did themselves.
    """
    news: dict[int, dict[int, dict[str, list[WorkOrder]]]] = defaultdict(dict)
    for change in changes:
        for user, kind in _told(change):
            if user != by.pk:
                told = news[change.after.organization_id].setdefault(user, {})
                told.setdefault(kind, []).append(change.after)
    for organization, people in news.items():
        notify(
            organization=organization,
            permission=Permission.WORK_ORDER_EXECUTE,
            messages=[_message(user, kinds, at) for user, kinds in people.items()],
            at=at,
        )


def tell_others(changes: Sequence[Change], *, at: datetime) -> None:
    """Tell the webhooks of each order that has another technician now, or none."""
    happenings: dict[int, list[Happening]] = defaultdict(list)
    for before, after in changes:
        if before.technician_id != after.technician_id:
            happenings[after.organization_id].append(assigned_event(before, after, at=at))
    for organization, found in happenings.items():
        publish(organization=organization, happenings=found, at=at)


def _told(change: Change) -> list[tuple[int, str]]:
    """Ids of users, and what happened to them."""
    before, after = change
    if before.technician_id != after.technician_id:
        people = ((after, "given"), (before, "taken"))
        return [(row.technician.user_id, kind) for row, kind in people if row.technician]
    planned = ("planned_start", "planned_end", "due_at")
    if after.technician and any(getattr(before, n) != getattr(after, n) for n in planned):
        return [(after.technician.user_id, "moved")]
    return []


def _message(user: int, kinds: dict[str, list[WorkOrder]], at: datetime) -> Message:
    orders = [order for kind in ONE for order in kinds.get(kind, [])]
    first = orders[0]
    if len(orders) == 1:
        job = f"{first.title} on {first.asset.tag}"
        subject = next(ONE[kind] for kind in kinds).format(first.number, job)
        url = first.get_absolute_url()
    else:
        parts = [MANY[kind].format(len(kinds[kind])) for kind in MANY if kind in kinds]
        subject, url = ", ".join(parts), f"{reverse('maintenance:work_orders')}?status=mine"
    lines = [_line(order) for order in orders[:MOST_LINES]]
    if len(orders) > MOST_LINES:
        lines.append(f"and {len(orders) - MOST_LINES} more")
    return Message(
        event=Notification.Event.WORK_ORDER_ASSIGNED,
        subject=subject,
        body="\n".join(lines),
        url=url,
        dedupe_key=f"dispatch-{first.pk}-{at.isoformat()}",
        also=user,
        only=frozenset({user}),
    )


def _line(order: WorkOrder) -> str:
    zone = order.organization.zone
    start, end = order.planned_start, order.planned_end
    if start is None:
        when = f"due {moment(order.due_at, zone)}"
    else:
        when = f"planned {slot((start, end), zone) if end else moment(start, zone)}"
    return f"{order.number} {order.title} on {order.asset.tag}, {when}"
