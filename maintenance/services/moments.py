"""When something was done that is reported later, as by a phone that had no connection."""

from datetime import datetime, timedelta

from django.db.models import Max

from maintenance.models import LaborEntry, WorkOrder, WorkOrderTransition
from maintenance.services.course import TransitionRefused

CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the clock of a device in the field may be off."""
LONGEST_AGO = timedelta(days=14)
"""A move that is older is one to talk about: plans, dates and figures went on without it."""
AHEAD = "This time is in the future. Check the clock of the device."
LONG_AGO = "This was more than {days} days ago. Do it now, and write in its note when it was."
BEFORE = "{number} became {status} at {at:%Y-%m-%d %H:%M} UTC, after this. Read it again."
TIMER = "A timer on {number} was started at {at:%Y-%m-%d %H:%M} UTC, after this. Read it again."


def happened(*, work_order: WorkOrder, said: datetime | None, at: datetime) -> datetime:
    """The time of a move: what is said, within what the order's course and clocks allow.

    Raises TransitionRefused (`moment`) for a time ahead, two weeks ago, before the order came to
    its status, or before a running timer was started.
    """
    if said is None:
        return at
    if said > at + CLOCKS_DIFFER:
        raise TransitionRefused("moment", AHEAD)
    if said < at - LONGEST_AGO:
        raise TransitionRefused("moment", LONG_AGO.format(days=LONGEST_AGO.days))
    changed: datetime | None = WorkOrderTransition.objects.filter(work_order=work_order).aggregate(
        last=Max("at")
    )["last"]
    running: datetime | None = LaborEntry.objects.filter(
        work_order=work_order, minutes=None
    ).aggregate(last=Max("started_at"))["last"]
    for last, text in ((changed, BEFORE), (running, TIMER)):
        if last is not None and said < last - CLOCKS_DIFFER:
            status = work_order.get_status_display().lower()
            raise TransitionRefused(
                "moment", text.format(number=work_order.number, status=status, at=last)
            )
    return min(at, max(last for last in (said, changed, running) if last is not None))
