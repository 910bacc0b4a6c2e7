"""Who hears of work that falls due, is late, or was not begun in time: once for each date."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, Q
from django.urls import reverse

from maintenance.models import WorkOrder
from maintenance.services.events import Event, work_order_event
from maintenance.services.messages import MANY
from notifications.models import Notification
from notifications.services import Message, notify, publish
from opssight.accounts.models import Membership, Organization
from opssight.accounts.permissions import Permission

SOON = timedelta(days=1)
ORDERS_PER_BATCH = 1000

Status = WorkOrder.Status
NOT_BEGUN = Q(status__in=WorkOrder.NOT_STARTED, started_at=None)


@dataclass(frozen=True, slots=True)
class State:
    """One thing to tell: of which date, what is remembered of having told, and in which words."""

    date: str
    told: str
    event: Notification.Event
    webhook: Event
    one: str
    many: str
    shown: str


DUE_SOON = State(
    "due_at",
    "told_due_soon",
    Notification.Event.WORK_ORDER_DUE_SOON,
    Event.WORK_ORDER_DUE_SOON,
    "is due",
    "work orders are due within a day",
    "open",
)
OVERDUE = State(
    "due_at",
    "told_overdue",
    Notification.Event.WORK_ORDER_OVERDUE,
    Event.WORK_ORDER_OVERDUE,
    "is overdue since",
    "work orders are overdue",
    "overdue",
)
MISSED = State(
    "respond_by",
    "told_response",
    Notification.Event.RESPONSE_MISSED,
    Event.WORK_ORDER_RESPONSE_MISSED,
    "was to be begun by",
    "work orders were not begun in time",
    "missed",
)
STATES = (DUE_SOON, OVERDUE, MISSED)


def remind(*, organization_id: int, at: datetime) -> int:
    """Tell of what is due within a day, overdue, or not begun in time; returns of how many.

    The technician hears of it; planners where nobody is assigned who could, and of drafts. Once
    for each order, state and date: a new date is told anew. Safe to run twice and at the same time.
    """
    zone = ZoneInfo(Organization.objects.get(pk=organization_id).timezone)
    told = 0
    for state in STATES:
        while batch := _tell_batch(organization_id, state, zone, at):
            told += batch
            if batch < ORDERS_PER_BATCH:
                break
    return told


@transaction.atomic
def _tell_batch(organization_id: int, state: State, zone: tzinfo, at: datetime) -> int:
    # Whom another worker has locked is being told, or is being changed and told the next time.
    orders = list(
        WorkOrder.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
        .filter(_asked(state, at), organization=organization_id)
        .filter(Q(**{state.told: None}) | ~Q(**{state.told: F(state.date)}))
        .select_related("asset", "technician__user")
        .order_by(state.date, "pk")[:ORDERS_PER_BATCH]
    )
    if not orders:
        return 0
    rows = WorkOrder.objects.filter(pk__in=[order.pk for order in orders])
    rows.update(**{state.told: F(state.date)})
    _notify(organization_id, state, orders, zone, at)
    happenings = [
        replace(
            work_order_event(order, state.webhook),
            dedupe_key=f"work-order-{order.pk}-{state.webhook}-{_date(order, state).isoformat()}",
        )
        for order in orders
    ]
    publish(organization=organization_id, happenings=happenings, at=at)
    return len(orders)


def _asked(state: State, at: datetime) -> Q:
    """What is in the state at this moment.

    What was given less than a day is not told as due soon: it was new just then. Nor is what
    somebody works on.
    """
    if state is DUE_SOON:
        given = Q(created_at__lte=F("due_at") - SOON)
        return given & Q(status__in=WorkOrder.NOT_STARTED, due_at__gte=at, due_at__lte=at + SOON)
    if state is OVERDUE:
        return Q(status__in=WorkOrder.OPEN, due_at__lt=at)
    return NOT_BEGUN & Q(respond_by__lt=at)


def _notify(
    organization_id: int, state: State, orders: Sequence[WorkOrder], zone: tzinfo, at: datetime
) -> None:
    members = set(
        Membership.objects.filter(organization=organization_id, user__is_active=True)
        .order_by()
        .values_list("user", flat=True)
    )
    by_reader: dict[int | None, list[WorkOrder]] = defaultdict(list)
    for order in orders:
        by_reader[_reader(order, members)].append(order)
    for_planners = _messages(state, by_reader.pop(None, []), None, zone, at)
    own = [
        message
        for user, theirs in by_reader.items()
        for message in _messages(state, theirs, user, zone, at)
    ]
    for permission, messages in (
        (Permission.WORK_ORDER_PLAN, for_planners),
        (Permission.VIEW, own),
    ):
        if messages:
            notify(organization=organization_id, permission=permission, messages=messages, at=at)


def _reader(order: WorkOrder, members: set[int]) -> int | None:
    """The user who is to do it; None: planners have to see to it."""
    technician = order.technician
    if technician is None or not technician.is_active or order.status == Status.DRAFT:
        return None
    return technician.user_id if technician.user_id in members else None


def _messages(
    state: State, orders: Sequence[WorkOrder], user: int | None, zone: tzinfo, at: datetime
) -> list[Message]:
    """One for each order, or one for all of them where they are many."""
    only = None if user is None else frozenset({user})
    if len(orders) <= MANY:
        return [_message(state, order, only, zone) for order in orders]
    return [
        Message(
            event=state.event,
            subject=f"{len(orders)} {state.many}",
            body="Open the list to see them all.",
            url=f"{reverse('maintenance:work_orders')}?status={state.shown}",
            dedupe_key=f"work-orders-{state.event}-{user or 'planners'}-{orders[0].pk}"
            f"-{at.isoformat()}",
            only=only,
        )
    ]


def _message(state: State, order: WorkOrder, only: frozenset[int] | None, zone: tzinfo) -> Message:
    date = _date(order, state)
    whose = order.technician or "Nobody is assigned to it"
    return Message(
        event=state.event,
        subject=f"{order.number} {state.one} {date.astimezone(zone):%B %-d, %H:%M}:"
        f" {order.title} on {order.asset.tag}",
        body=f"{whose}. Priority: {order.get_priority_display().lower()}.",
        url=order.get_absolute_url(),
        dedupe_key=f"work-order-{order.pk}-{state.event}-{date.isoformat()}",
        only=only,
        asset=order.asset_id,
    )


def _date(order: WorkOrder, state: State) -> datetime:
    date: datetime = getattr(order, state.date)
    return date
