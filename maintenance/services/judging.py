"""What an answer of a checklist is worth: checked, and judged by the limits of its task."""

import math
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError

from assets.models import Sensor
from assets.services.rules import value_problem
from maintenance.models import LONGEST_NOTES, AnswerKind, Attachment, WorkOrderTask

Outcome = WorkOrderTask.Outcome
MEASURED = (AnswerKind.NUMBER, AnswerKind.READING)
Values = tuple[str, float | None, str, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What was found. Which member counts follows from the kind of the task.

    `outcome` passed or failed of a check and of pass or fail; of any other kind, failed with a
    `answer` says that it could not be done, and why. `open` takes an answer back. `number` in the
    unit of the task; what it is worth follows from the limits. `answer` is words, or a note to
    something else. `answered_at`: when it was found, where that is not now. `known`: what stood
    there for whoever answered, where somebody may have answered since: then the two are merged.
    """

    outcome: str = ""
    number: float | None = None
    answer: str = ""
    photo: Attachment | None = None
    answered_at: datetime | None = None
    known: Values | None = None


def values_of(task: WorkOrderTask, given: Answer) -> Values:
    """Outcome, number, text and id of the photo as they are stored. Raises ValidationError."""
    text = given.answer.strip()
    if given.outcome == Outcome.OPEN:
        return Outcome.OPEN, None, "", None
    if len(text) > LONGEST_NOTES:
        raise wrong("answer", f"Give at most {LONGEST_NOTES:,} characters.")
    if "\0" in text:
        raise wrong("answer", "Remove the NUL characters.")
    _check_photo(task, given.photo)
    outcome, number = _judged(task, given, text)
    return outcome, number, text, given.photo.pk if given.photo else None


def _judged(task: WorkOrderTask, given: Answer, text: str) -> tuple[str, float | None]:
    """What the answer is worth, and its number."""
    kind = AnswerKind(task.kind)
    if kind in (AnswerKind.CHECK, AnswerKind.PASS_FAIL):
        if given.outcome not in (Outcome.PASSED, Outcome.FAILED):
            raise wrong("outcome", "Answer with passed or failed.")
        return given.outcome, None
    has_value = {
        AnswerKind.TEXT: text != "",
        AnswerKind.PHOTO: given.photo is not None,
    }.get(kind, given.number is not None)
    if kind == AnswerKind.TEXT and has_value and given.outcome == Outcome.FAILED:
        return Outcome.FAILED, None
    if not has_value:
        return _not_done(kind, given, text), None
    if kind in MEASURED and given.number is not None:
        return judge(task, _checked(task, given.number)), given.number
    return Outcome.PASSED, None


def _not_done(kind: AnswerKind, given: Answer, text: str) -> str:
    """Failed, where the answer says why there is none. Raises ValidationError."""
    if given.outcome == Outcome.FAILED and text:
        return Outcome.FAILED
    field, what = {
        AnswerKind.TEXT: ("answer", "Write an answer"),
        AnswerKind.PHOTO: ("photo", "Add a photo"),
    }.get(kind, ("number", "Give a number"))
    raise wrong(field, f"{what}, or answer failed and say in words why there is none.")


def judge(task: WorkOrderTask, number: float) -> Outcome:
    """Failed outside of the task's limits; a number on a limit is within."""
    is_low = task.low is not None and number < task.low
    is_high = task.high is not None and number > task.high
    return Outcome.FAILED if is_low or is_high else Outcome.PASSED


def _checked(task: WorkOrderTask, number: float) -> float:
    """The number. Raises ValidationError where it, or the sensor it goes to, cannot be right."""
    if not math.isfinite(number):
        raise wrong("number", "Give a finite number.")
    if task.kind != AnswerKind.READING:
        return number
    if task.sensor is None:
        raise wrong(
            "number",
            f"{task.asset.tag} has no sensor {task.sensor_key}, so the reading cannot be kept. Ask"
            " a planner to add it, or answer failed and say why.",
        )
    if not _same_unit(task, task.sensor):
        raise wrong(
            "number",
            f"The task asks in {task.unit}, but the sensor {task.sensor_key} of {task.asset.tag}"
            f" is in {task.sensor.unit}. Ask a planner to make them the same.",
        )
    bounds = {"low": task.sensor.physical_low, "high": task.sensor.physical_high}
    problem = value_problem(number, **bounds, unit=task.sensor.unit)
    if problem is not None:
        raise wrong("number", problem)
    return number


def _same_unit(task: WorkOrderTask, sensor: Sensor) -> bool:
    units = {task.unit.strip(), sensor.unit.strip()} - {""}
    return len(units) <= 1


def _check_photo(task: WorkOrderTask, photo: Attachment | None) -> None:
    if photo is None:
        return
    if photo.work_order_id != task.work_order_id:
        raise wrong("photo", "The photo belongs to something else. Add it to this order first.")
    if photo.kind != Attachment.Kind.PHOTO:
        raise wrong("photo", f"{photo.name} is not a photo. Choose a picture.")


def wrong(field: str, message: str) -> ValidationError:
    return ValidationError({field: message})
