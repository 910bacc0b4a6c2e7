"""What technicians do with their time on an order: begin, stop, write down, correct.

Time begins an order that may be begun, and is open to change until the order is done: the history
is written with its sum.
"""

from datetime import datetime

from django.db import IntegrityError, transaction

from maintenance.models import MOST_MINUTES, LaborEntry, Technician, WorkOrder
from maintenance.services import course, labor, transitions
from maintenance.services.labor import LaborRefused
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission

__all__ = ["LaborRefused"]

DONE = (
    "The work order is {status}: its hours are in the history and stay as they are."
    " Add a follow-up order for more work."
)
JUST_STARTED = "Another timer of this technician was started just now. Look at the order again."
ANOTHER_RUNS = "A timer of {technician} runs on {number}. Stop that one first."


def may_write(*, user: User, technician: Technician) -> bool:
    """Technicians write down their own time, planners everybody's."""
    organization = technician.organization_id
    own = technician.user_id == user.pk and user.can(Permission.WORK_ORDER_EXECUTE, organization)
    return own or user.can(Permission.WORK_ORDER_PLAN, organization)


@transaction.atomic
def start(*, work_order: WorkOrder, technician: Technician, by: User, at: datetime) -> LaborEntry:
    """Let a timer of the technician run; an order that is not in progress is begun.

    Raises TransitionRefused when it cannot be begun, LaborRefused when a timer runs already: of
    one technician at most one, which the database decides.
    """
    work_order = _begun(work_order, by=by, at=at)
    running = technician.labor.filter(minutes=None).select_related("work_order").first()
    if running is not None:
        raise _runs_already(technician, running)
    try:
        with transaction.atomic():
            return LaborEntry.objects.create(
                organization_id=work_order.organization_id,
                asset_id=work_order.asset_id,
                work_order=work_order,
                technician=technician,
                started_at=at,
                hourly_cost=technician.hourly_cost,
            )
    except IntegrityError as error:
        raise LaborRefused(JUST_STARTED, field="technician") from error


@transaction.atomic
def write(
    *,
    work_order: WorkOrder,
    technician: Technician,
    minutes: int,
    by: User,
    at: datetime,
    started_at: datetime | None = None,
    note: str = "",
) -> LaborEntry:
    """Write down time that was not measured; an order that is not in progress is begun.

    Raises TransitionRefused and LaborRefused.
    """
    return labor.log(
        work_order=_begun(work_order, by=by, at=at),
        technician=technician,
        minutes=minutes,
        at=at,
        started_at=started_at,
        note=note,
    )


@transaction.atomic
def stop(*, entry: LaborEntry, at: datetime, minutes: int | None = None) -> LaborEntry:
    """End a timer; `minutes` in place of what it measured. Raises LaborRefused."""
    _lock_open(entry.work_order)
    return labor.stop(entry=entry, at=at, minutes=minutes)


@transaction.atomic
def change(*, entry: LaborEntry, minutes: int | None = None, note: str | None = None) -> LaborEntry:
    """Correct minutes or note of an entry until its order is done. Raises LaborRefused."""
    _lock_open(entry.work_order)
    entry = LaborEntry.objects.select_for_update(no_key=True).get(pk=entry.pk)
    if minutes is not None:
        if entry.minutes is None:
            raise LaborRefused("The timer runs. Stop it with the minutes that the work took.")
        if not 1 <= minutes <= MOST_MINUTES:
            raise LaborRefused(f"Give 1 to {MOST_MINUTES:,} minutes.")
        entry.minutes = minutes
    if note is not None:
        entry.note = note
    entry.save(update_fields=["minutes", "note"])
    return entry


@transaction.atomic
def remove(*, entry: LaborEntry) -> None:
    """Take an entry out until its order is done; a running timer too. Raises LaborRefused."""
    _lock_open(entry.work_order)
    entry.delete()


def _begun(work_order: WorkOrder, *, by: User, at: datetime) -> WorkOrder:
    locked = _lock_open(work_order)
    if locked.status == WorkOrder.Status.IN_PROGRESS:
        return locked
    return transitions.start(work_order=locked, by=by, at=at)


def _lock_open(work_order: WorkOrder) -> WorkOrder:
    locked = course.lock(work_order)
    if not locked.is_open:
        text = DONE.format(status=locked.get_status_display().lower())
        raise LaborRefused(text, field="work_order")
    return locked


def _runs_already(technician: Technician, running: LaborEntry) -> LaborRefused:
    text = ANOTHER_RUNS.format(technician=technician, number=running.work_order.number)
    return LaborRefused(text, field="technician")
