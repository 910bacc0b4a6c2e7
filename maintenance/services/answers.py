"""Answers of a checklist: taken down, written to sensors, and followed up where they fail."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from assets.services.readings import ingest
from maintenance.merging import merge
from maintenance.models import (
    AnswerKind,
    MaintenanceType,
    Urgency,
    WorkOrder,
    WorkOrderTask,
)
from maintenance.models.plans import with_unit
from maintenance.services.checklists import sensors_of
from maintenance.services.judging import Answer, Values, values_of, wrong
from maintenance.services.work_orders import create_work_order
from opssight.accounts.models import User

Outcome = WorkOrderTask.Outcome
CLOCKS_DIFFER = timedelta(minutes=5)
"""How far the clock of a device in the field may be off."""
VALUES = ("outcome", "number", "answer", "photo_id")
WRITTEN = ["outcome", "number", "answer", "photo", "sensor", "answered_at", "answered_by"]


class ChecklistClosed(Exception):
    """The order is not in progress. The text says in which state it is, and what to do."""


class AnsweredSince(Exception):
    """Somebody answered the task after the time of this answer, or otherwise than was known.

    The text says who and when.
    """


class AnswersRefused(Exception):
    """Some answers of a list are wrong, and none was taken; `errors` by id of the task."""

    def __init__(self, errors: Mapping[int, ValidationError]) -> None:
        super().__init__(f"{len(errors)} answers were refused.")
        self.errors = errors


def answer(*, task: WorkOrderTask, given: Answer, by: User, at: datetime) -> WorkOrderTask:
    """The task with this answer; the same one again changes nothing.

    Raises ValidationError, ChecklistClosed, AnsweredSince.
    """
    try:
        [answered] = answer_all(answers={task.pk: given}, by=by, at=at)
    except AnswersRefused as refused:
        raise refused.errors[task.pk] from refused
    return answered


@transaction.atomic
def answer_all(*, answers: Mapping[int, Answer], by: User, at: datetime) -> list[WorkOrderTask]:
    """The tasks with these answers, by id of the task: all of them or none.

    A number of a reading is written to its sensor with the time of the answer. The first failure
    of a task that `opens_corrective` opens one corrective order, which stays when the answer is
    changed. Answers of one order take turns. Raises AnswersRefused, ChecklistClosed, AnsweredSince.
    """
    orders = _locked_orders(list(answers))
    tasks = WorkOrderTask.objects.filter(pk__in=list(answers)).order_by("pk")
    changed = []
    errors: dict[int, ValidationError] = {}
    rows = list(tasks.select_related("asset", "sensor", "answered_by"))
    _find_sensors(rows)
    for task in rows:
        task.work_order = orders[task.work_order_id]
        try:
            if _take_down(task, answers[task.pk], by, at):
                changed.append(task)
        except ValidationError as error:
            errors[task.pk] = error
    if errors:
        raise AnswersRefused(errors)
    ingest(rows=[row for task in changed for row in _readings(task)])
    WorkOrderTask.objects.bulk_update(changed, WRITTEN)
    for task in changed:
        if task.outcome == Outcome.FAILED and task.opens_corrective and not task.corrective_id:
            _open_corrective(task, by, at)
    by_id = {task.pk: task for task in rows}
    return [by_id[pk] for pk in answers]


def _locked_orders(task_ids: Sequence[int]) -> dict[int, WorkOrder]:
    """The orders by id, in progress, kept from everybody else until the transaction ends."""
    found = WorkOrder.objects.filter(tasks__in=task_ids).values("pk")
    rows = WorkOrder.objects.select_for_update().filter(pk__in=found).order_by("pk")
    orders = {order.pk: order for order in rows}
    for order in orders.values():
        if order.status != WorkOrder.Status.IN_PROGRESS:
            raise ChecklistClosed(_closed(order))
    return orders


def _closed(order: WorkOrder) -> str:
    state = order.get_status_display().lower()
    if order.is_open:
        return (
            f"{order.number} is {state}: its checklist is answered during the work."
            " Start the work first."
        )
    return (
        f"{order.number} is {state}: its checklist stays as it is. Write what is left to do on"
        " a follow-up."
    )


def _find_sensors(tasks: Sequence[WorkOrderTask]) -> None:
    """A sensor that was added to the asset after the checklist was made is found now."""
    missing = [t for t in tasks if t.kind == AnswerKind.READING and t.sensor_id is None]
    found = sensors_of({t.asset_id for t in missing}, {t.sensor_key for t in missing} - {""})
    for task in missing:
        task.sensor = found.get((task.asset_id, task.sensor_key))


def _take_down(task: WorkOrderTask, given: Answer, by: User, at: datetime) -> bool:
    """Write the answer to the task, not yet to the database; False: it has this answer already."""
    before = tuple(getattr(task, name) for name in VALUES)
    values = values_of(task, given)
    if given.known is not None:
        return _merge(task, given, values, by, at)
    # A note or a photo that is added later does not make the answer a new one.
    usual = task.answered_at if before[:2] == values[:2] else None
    moment = _moment(task, given, at) or usual or at
    if before == values and (moment == task.answered_at or values[0] == Outcome.OPEN):
        return False
    if given.answered_at is not None and task.answered_at is not None and moment < task.answered_at:
        raise AnsweredSince(
            f"“{task.text}” was answered by {task.answered_by} at"
            f" {task.answered_at:%Y-%m-%d %H:%M:%S} UTC, after this answer. Read it again."
        )
    _write(task, values, by, moment)
    return True


def _merge(task: WorkOrderTask, given: Answer, mine: Values, by: User, at: datetime) -> bool:
    """As `_take_down`, for an answer that says what it knew: others may have answered since."""
    theirs = tuple(getattr(task, name) for name in VALUES)
    result, clashes = merge(
        known=_by_part(given.known or theirs), mine=_by_part(mine), theirs=_by_part(theirs)
    )
    if clashes:
        raise AnsweredSince(
            f"“{task.text}” was answered otherwise by {task.answered_by or 'somebody'} in the"
            " meantime. Read it again, and decide which answer is right."
        )
    (outcome, number), values = result["value"], _by_part(theirs)
    if result == values:
        return False
    is_new = result["value"] != values["value"]
    moment = _moment(task, given, at) or at if is_new or not task.answered_at else task.answered_at
    _write(task, (outcome, number, result["answer"], result["photo"]), by, moment)
    return True


def _by_part(values: Values | tuple[Any, ...]) -> dict[str, Any]:
    """What can be changed apart: what was found (outcome and number are one), words, and photo."""
    outcome, number, answer, photo = values
    return {"value": (outcome, number), "answer": answer, "photo": photo}


def _write(task: WorkOrderTask, values: Values, by: User, moment: datetime) -> None:
    task.outcome, task.number, task.answer, task.photo_id = values
    is_open = task.outcome == Outcome.OPEN
    task.answered_at, task.answered_by = (None, None) if is_open else (moment, by)


def _moment(task: WorkOrderTask, given: Answer, at: datetime) -> datetime | None:
    """The time that the answer says, if any. Raises ValidationError where it is not of the work."""
    started = task.work_order.started_at
    if given.answered_at is None:
        return None
    if given.answered_at > at + CLOCKS_DIFFER:
        raise wrong("answered_at", "This time is in the future. Check the clock of the device.")
    if started is not None and given.answered_at < started - CLOCKS_DIFFER:
        raise wrong(
            "answered_at",
            f"The work began at {started:%Y-%m-%d %H:%M} UTC. Give a time from then on.",
        )
    return given.answered_at


def _readings(task: WorkOrderTask) -> Iterator[tuple[int, datetime, float]]:
    """What the answer says to the sensor: sensor, time, value; nothing where it is no reading."""
    if task.kind != AnswerKind.READING or task.sensor_id is None:
        return
    if task.number is not None and task.answered_at is not None:
        yield task.sensor_id, task.answered_at, task.number


def _open_corrective(task: WorkOrderTask, by: User, at: datetime) -> None:
    order = task.work_order
    task.corrective = create_work_order(
        asset=task.asset,
        title=f"Found in {order.number}: {task.text}"[:200],
        description=_finding(task),
        maintenance_type=MaintenanceType.CORRECTIVE,
        priority=Urgency(order.priority),
        follows=order,
        by=by,
        at=at,
    )
    task.save(update_fields=["corrective"])


def _finding(task: WorkOrderTask) -> str:
    """What failed, in words for whoever repairs it."""
    lines = [f"This failed in the checklist of {task.work_order.number}: {task.text}"]
    if task.number is not None:
        allowed = f" (allowed: {task.limits})" if task.limits else ""
        lines.append(f"Found: {with_unit(task.number, task.unit)}{allowed}")
    if task.answer:
        lines.append(f"Note: {task.answer}")
    return "\n".join(lines)
