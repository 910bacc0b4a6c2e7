"""What is to be done today: of a technician their own work, of a planner what waits for them."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.db.models import Case, Count, DateTimeField, Min, Q, Value, When
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from maintenance.models import WorkOrder, WorkOrderQuerySet, WorkRequest
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission
from opssight.dashboard.cards import Card

MOST = 6


@dataclass(frozen=True, slots=True)
class Today:
    """Numbers that lead to their lists, and the first of one's own orders."""

    cards: list[Card]
    orders: list[WorkOrder]
    is_mine: bool

    def __bool__(self) -> bool:
        return bool(self.cards)


def today(user: User, *, at: datetime) -> Today:
    """Of whoever does work without planning it: theirs. Of a planner: what waits for a decision."""
    if user.can_somewhere(Permission.WORK_ORDER_PLAN):
        return Today(_planning(user, at), [], is_mine=False)
    if user.can_somewhere(Permission.WORK_ORDER_EXECUTE):
        return Today(_mine(user, at), _next(user), is_mine=True)
    return Today([], [], is_mine=False)


def _mine(user: User, at: datetime) -> list[Card]:
    tonight = _end_of_day(at)
    found = _own(user).aggregate(
        all=Count("pk"),
        doing=Count("pk", filter=Q(status=WorkOrder.Status.IN_PROGRESS)),
        planned=Count("pk", filter=Q(planned_start__lt=tonight)),
        due=Count("pk", filter=Q(due_at__gte=at, due_at__lt=tonight)),
        overdue=Count("pk", filter=Q(due_at__lt=at)),
    )
    mine = f"{reverse('maintenance:work_orders')}?status=mine"
    doing = f"{found['doing']} in progress"
    return [
        Card("My open work", str(found["all"]), doing, "clipboard-list", mine),
        Card("Planned by tonight", str(found["planned"]), "", "calendar-event", mine),
        Card("Due today", str(found["due"]), "", "clock", mine, "high" if found["due"] else ""),
        Card(
            "Overdue",
            str(found["overdue"]),
            "",
            "alert-triangle",
            mine,
            "critical" if found["overdue"] else "",
        ),
    ]


def _next(user: User) -> list[WorkOrder]:
    """What is in progress first, then by the time it is planned for, or due."""
    begun = Case(When(status=WorkOrder.Status.IN_PROGRESS, then=Value(0)), default=Value(1))
    when = Coalesce("planned_start", "due_at", output_field=DateTimeField())
    rows = _own(user).select_related("asset").order_by(begun, when, "pk")
    return list(rows[:MOST])


def _planning(user: User, at: datetime) -> list[Card]:
    orders = WorkOrder.objects.for_user(user).open()
    found = orders.aggregate(
        unassigned=Count("pk", filter=Q(technician=None)),
        overdue=Count("pk", filter=Q(due_at__lt=at)),
    )
    missed = orders.response_missed(at).count()
    requests = WorkRequest.objects.for_user(user).filter(status=WorkRequest.Status.NEW)
    waiting = requests.aggregate(count=Count("pk"), first=Min("reported_at"))
    since = f"the first since {_day(waiting['first'])}" if waiting["first"] else ""
    lists = reverse("maintenance:work_orders")
    return [
        Card(
            "Requests to decide",
            str(waiting["count"]),
            since,
            "inbox",
            reverse("maintenance:requests"),
            "high" if waiting["count"] else "",
        ),
        Card(
            "Unassigned work",
            str(found["unassigned"]),
            "nobody to do it" if found["unassigned"] else "",
            "users",
            f"{lists}?status=unassigned",
            "high" if found["unassigned"] else "",
        ),
        Card(
            "Overdue work",
            str(found["overdue"]),
            "",
            "alert-triangle",
            f"{lists}?status=overdue",
            "critical" if found["overdue"] else "",
        ),
        Card(
            "Response missed",
            str(missed),
            "not begun in time" if missed else "",
            "clock",
            f"{lists}?status=missed",
            "critical" if missed else "",
        ),
    ]


def _own(user: User) -> WorkOrderQuerySet:
    return WorkOrder.objects.for_user(user).open().filter(technician__user=user)


def _day(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{local:%b} {local.day}"


def _end_of_day(at: datetime) -> datetime:
    local = timezone.localtime(at)
    return datetime.combine(local.date() + timedelta(days=1), time(0), local.tzinfo)
