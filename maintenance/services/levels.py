"""Service levels: by when work of a priority is to be begun and done."""

from datetime import datetime, timedelta
from typing import NamedTuple

from maintenance.models import ServiceLevel, WorkOrder

WITHOUT_LEVEL = timedelta(days=7)
"""When work is due that nobody gave a date, where its priority has no service level."""


class Terms(NamedTuple):
    """Until when work is to be begun and done; None where no service level says it."""

    respond_by: datetime | None
    due_at: datetime | None


class Level(NamedTuple):
    """Hours to begin and to be done in; None: nothing is asked."""

    respond: int | None = None
    complete: int | None = None

    def terms(self, at: datetime) -> Terms:
        return Terms(_after(at, self.respond), _after(at, self.complete))


NONE = Level()


def terms(*, organization_id: int, priority: str, at: datetime) -> Terms:
    """What the service level of the priority asks of work that is created at this moment."""
    return levels_of(organization_id=organization_id).get(priority, NONE).terms(at)


def levels_of(*, organization_id: int) -> dict[str, Level]:
    """The service levels of the organization by priority, in one query."""
    rows = ServiceLevel.objects.filter(organization=organization_id).order_by()
    found = rows.values_list("priority", "respond_hours", "complete_hours")
    return {priority: Level(respond, complete) for priority, respond, complete in found}


def renew(*, work_order: WorkOrder) -> WorkOrder:
    """Give the order the terms of its new priority, counted from its creation, and save them.

    The due date follows where it was that of the service level; one that a planner or a schedule
    set stays. What was begun has had its response. The caller has locked the order.
    """
    levels = levels_of(organization_id=work_order.organization_id)
    level = levels.get(work_order.priority, NONE)
    if work_order.started_at is None:
        # Made ahead of its date: it can be begun late only once it is due.
        from_then = max(work_order.created_at, work_order.occurrence_at or work_order.created_at)
        work_order.respond_by = level.terms(from_then).respond_by
    if work_order.schedule_id is None:
        before = work_order.complete_by
        work_order.complete_by = level.terms(work_order.created_at).due_at
        if work_order.due_at == before:
            work_order.due_at = work_order.complete_by or work_order.due_at
    work_order.save(update_fields=["respond_by", "complete_by", "due_at"])
    return work_order


def _after(at: datetime, hours: int | None) -> datetime | None:
    return None if hours is None else at + timedelta(hours=hours)
