"""How an order of the demo plant is worked off: begun, answered, parts taken, proven."""

from dataclasses import replace
from datetime import datetime, timedelta

from assets.models import Reading
from maintenance import services as maintenance
from maintenance.models import AnswerKind, WorkOrder, WorkOrderAsset, WorkOrderTask
from maintenance.services import Outcome, store
from maintenance.services.answers import answer_all
from maintenance.services.completion import LineOutcome
from maintenance.services.judging import Answer
from opssight.accounts.models import User
from opssight.demo.noise import between

# Off the grid of the simulated readings, so that no answer takes the place of one.
_BEFORE_THE_END = timedelta(minutes=3)
_FAILED_SHARE = 0.012
_NOT_ANSWERED = (AnswerKind.PHOTO,)


def finish(
    order: WorkOrder, *, by: User, at: datetime, outcome: Outcome, parts: bool = True
) -> None:
    """Do all of the order's work, which took its minutes until `at`.

    parts: whether what was kept for it is used; else it is free again.
    """
    begun = max(order.created_at, at - timedelta(minutes=outcome.labor_minutes))
    if order.status != WorkOrder.Status.IN_PROGRESS:
        maintenance.start(work_order=order, by=by, at=begun)
    order.refresh_from_db()
    answer(order, by=by, at=max(begun, at - _BEFORE_THE_END))
    if parts:
        take_parts(order, by=by, at=at)
    maintenance.complete(
        work_order=order, by=by, at=at, outcome=replace(outcome, lines=_lines(order))
    )


def answer(order: WorkOrder, *, by: User, at: datetime, most: int | None = None) -> None:
    """Answer the open tasks of an order in progress, or the first `most` of them; no photos."""
    tasks = order.tasks.filter(outcome=WorkOrderTask.Outcome.OPEN).exclude(kind__in=_NOT_ANSWERED)
    rows = tasks.select_related("asset", "sensor").order_by("line__position", "position", "pk")
    answers = {task.pk: _answer(task, at) for task in rows[:most] if _can_be_answered(task)}
    if answers:
        answer_all(answers=answers, by=by, at=at)


def take_parts(order: WorkOrder, *, by: User, at: datetime) -> None:
    """Take what is kept for the order, as far as it lies in the store."""
    for kept in store.kept(work_order=order):
        if kept.available > 0:
            store.issue(work_order=order, part=kept.part, quantity=kept.available, by=by, at=at)


def _lines(order: WorkOrder) -> dict[int, LineOutcome]:
    done = LineOutcome(result=WorkOrderAsset.Result.DONE)
    return dict.fromkeys(order.lines.values_list("asset", flat=True), done)


def _can_be_answered(task: WorkOrderTask) -> bool:
    return task.kind != AnswerKind.READING or task.sensor is not None


def _answer(task: WorkOrderTask, at: datetime) -> Answer:
    name = (task.asset.tag, task.text, at.date())
    if task.kind in (AnswerKind.NUMBER, AnswerKind.READING):
        return Answer(number=_number(task, at))
    if task.kind == AnswerKind.TEXT:
        return Answer(answer="Nothing unusual.")
    fails = task.opens_corrective and between(0.0, 1.0, "fails", *name) < _FAILED_SHARE
    note = "Seen on the round; can run on until it is repaired." if fails else ""
    outcome = WorkOrderTask.Outcome.FAILED if fails else WorkOrderTask.Outcome.PASSED
    return Answer(outcome=outcome, answer=note)


def _number(task: WorkOrderTask, at: datetime) -> float:
    """Of a reading what its sensor shows, where that is within the limits; else between them."""
    high = task.high if task.high is not None else 3.0 * (task.low or 1.0)
    low = task.low if task.low is not None else 0.4 * high
    if task.sensor is not None:
        readings = Reading.objects.filter(sensor=task.sensor, time__lte=at).order_by("-time")
        shown = readings.values_list("value", flat=True).first()
        if shown is not None and shown <= high:
            return round(shown, 2)
    share = between(0.25, 0.6, "found", task.asset.tag, task.text, at.date())
    return round(low + (high - low) * share, 2)
