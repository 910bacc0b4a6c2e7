"""Open work by its status, as the columns of a board."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from maintenance.models import WorkOrder, WorkOrderBlock
from maintenance.queries.wanted import by_urgency

STATUSES = (*WorkOrder.OPEN, WorkOrder.Status.COMPLETED)
LATELY = timedelta(days=7)
"""How long completed work stays on the board, unless it is closed before."""
STEP = 25
MOST = 200
"""Cards of a column: so many at first and with each "more", so many at most."""


@dataclass(frozen=True, slots=True)
class Column:
    """A status, what stands in it altogether, and its first cards by priority and due date.

    Completed work comes newest first.
    """

    status: WorkOrder.Status
    count: int
    minutes: int
    overdue: int
    cards: list[WorkOrder]

    @property
    def hidden(self) -> int:
        return self.count - len(self.cards)

    @property
    def next_limit(self) -> int | None:
        """How many cards to ask for next; None at the end, or when a column is too long."""
        return min(len(self.cards) + STEP, MOST) if self.hidden and len(self.cards) < MOST else None


def on_board(rows: QuerySet[WorkOrder], *, at: datetime) -> QuerySet[WorkOrder]:
    """What is open, and what was completed in the last seven days and is not closed yet."""
    lately = Q(status=WorkOrder.Status.COMPLETED, completed_at__gt=at - LATELY)
    return rows.filter(Q(status__in=WorkOrder.OPEN) | lately)


def columns(
    rows: QuerySet[WorkOrder],
    *,
    limits: Mapping[str, int],
    at: datetime,
    statuses: Sequence[WorkOrder.Status] = STATUSES,
) -> list[Column]:
    """The columns of these statuses; a query for the figures, and one for the cards of each.

    limits: how many cards, by status, where it is not `STEP`. Each card says whether an open order
    blocks it (`is_blocked`).
    """
    rows = on_board(rows, at=at).filter(status__in=statuses)
    figures = _figures(rows, at)
    return [
        Column(status, *figures.get(status, (0, 0, 0)), _cards(rows, status, limits))
        for status in statuses
    ]


def _figures(rows: QuerySet[WorkOrder], at: datetime) -> dict[str, tuple[int, int, int]]:
    """Orders, minutes of labor and overdue orders of each status."""
    late = Q(due_at__lt=at, completed_at=None)
    found = (
        rows.order_by()
        .values("status")
        .annotate(
            count=Count("pk"), minutes=Sum("estimated_minutes"), late=Count("pk", filter=late)
        )
    )
    return {row["status"]: (row["count"], row["minutes"], row["late"]) for row in found}


def _cards(
    rows: QuerySet[WorkOrder], status: WorkOrder.Status, limits: Mapping[str, int]
) -> list[WorkOrder]:
    blocks = WorkOrderBlock.objects.filter(
        work_order=OuterRef("pk"), blocker__status__in=WorkOrder.OPEN
    )
    cards = (
        rows.filter(status=status)
        .select_related("asset", "technician__user")
        .annotate(is_blocked=Exists(blocks))
    )
    if status == WorkOrder.Status.COMPLETED:
        cards = cards.order_by("-completed_at", "pk")
    else:
        cards = cards.order_by(by_urgency(), "due_at", "pk")
    return list(cards[: min(limits.get(status, STEP), MOST)])
