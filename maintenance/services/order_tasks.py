"""Tasks that people put on the checklist of an order itself, besides those of its job plan.

They count like planned ones: required ones hold up completion, and a failure may open a corrective
order. What was answered stays as it was asked.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Count, Max

from assets.models import Sensor
from maintenance.models import AnswerKind, WorkOrder, WorkOrderAsset, WorkOrderTask
from maintenance.services import course
from maintenance.services.checklists import sensors_of
from maintenance.services.course import TransitionRefused
from maintenance.services.judging import MEASURED, wrong
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission

MOST_TASKS = 300
"""At one asset of an order."""


def may_add(*, user: User, work_order: WorkOrder) -> bool:
    """Planners, and the technician who does the work; anyone who may, while it is nobody's."""
    organization = work_order.organization_id
    if user.can(Permission.WORK_ORDER_PLAN, organization):
        return True
    technician = work_order.technician
    own = technician is None or technician.user_id == user.pk
    return own and user.can(Permission.WORK_ORDER_EXECUTE, organization)


def may_change(*, user: User, task: WorkOrderTask) -> bool:
    """Whether they may change or remove it: planners all, others what they added themselves."""
    if user.can(Permission.WORK_ORDER_PLAN, task.organization_id):
        return True
    return task.added_by_id == user.pk and may_add(user=user, work_order=task.work_order)


@transaction.atomic
def add(
    *, work_order: WorkOrder, by: User, assets: Collection[int] = (), **values: Any
) -> list[WorkOrderTask]:
    """A task at the end of the checklist of each of these assets, by id; none: the leading one.

    values: text, and kind, unit, low, high, sensor_key, is_required, opens_corrective as needed.
    Raises ValidationError, and TransitionRefused once the order is not open.
    """
    order = course.lock_open(work_order)
    wanted = set(assets) or {order.asset_id}
    lines = list(order.lines.filter(asset__in=wanted).select_related("asset"))
    if len(lines) < len(wanted):
        raise wrong("asset", f"{order.number} does not serve this asset. Add it to the order.")
    sensors, last = _sensors(values, lines), _last(lines)
    made = [
        _new(line, by, sensors.get(line.asset_id), {**values, "position": last[line.pk] + 1})
        for line in lines
    ]
    return WorkOrderTask.objects.bulk_create(made)


@transaction.atomic
def change(*, task: WorkOrderTask, **values: Any) -> WorkOrderTask:
    """The task with these values. Raises as `add`, and TransitionRefused once it is answered."""
    row = _lock_unanswered(task, "change it")
    for name, value in values.items():
        setattr(row, name, value)
    asked = {name: getattr(row, name) for name in ("kind", "unit", "sensor_key")}
    _fit(row, _sensors(asked, [row.line]).get(row.asset_id))
    row.save()
    return row


@transaction.atomic
def move(*, task: WorkOrderTask, place: int) -> WorkOrderTask:
    """Put the task at a place, from 1, in the checklist of its asset; beyond an end, at that end.

    An answered one, too. Raises TransitionRefused once the order is not open.
    """
    course.lock_open(task.work_order)
    rows = list(WorkOrderTask.objects.filter(line=task.line_id).order_by("position", "pk"))
    row = next((one for one in rows if one.pk == task.pk), None)
    if row is None:
        raise _gone()
    rows.remove(row)
    rows.insert(max(place, 1) - 1, row)
    for position, one in enumerate(rows, start=1):
        one.position = position
    WorkOrderTask.objects.bulk_update(rows, ["position"])
    return row


@transaction.atomic
def shift(*, task: WorkOrderTask, by: int) -> WorkOrderTask:
    """Move the task up (by below 0) or down; at either end it stays. Raises as `move`."""
    course.lock_open(task.work_order)
    rows = WorkOrderTask.objects.filter(line=task.line_id).order_by("position", "pk")
    before = list(rows.values_list("pk", flat=True))
    if task.pk not in before:
        raise _gone()
    return move(task=task, place=before.index(task.pk) + 1 + by)


@transaction.atomic
def remove(*, task: WorkOrderTask) -> None:
    """Take the task off. Raises TransitionRefused once it is answered, or the order not open."""
    row = _lock_unanswered(task, "remove it")
    if row.corrective is not None:
        raise TransitionRefused(
            "task_answered", f"“{row.text}” led to {row.corrective.number}. It stays with it."
        )
    row.delete()


def _lock_unanswered(task: WorkOrderTask, intent: str) -> WorkOrderTask:
    course.lock_open(task.work_order)
    rows = WorkOrderTask.objects.select_related("asset", "line__asset", "corrective")
    row: WorkOrderTask | None = rows.filter(pk=task.pk).first()
    if row is None:
        raise _gone()
    if row.outcome != WorkOrderTask.Outcome.OPEN:
        text = f"“{row.text}” is answered. Take the answer back first, then {intent}."
        raise TransitionRefused("task_answered", text)
    return row


def _gone() -> TransitionRefused:
    return TransitionRefused("task_gone", "This task was removed. Look at the order again.")


def _last(lines: Sequence[WorkOrderAsset]) -> defaultdict[int, int]:
    """The last position of each line that has tasks. Raises ValidationError for a full one."""
    last: defaultdict[int, int] = defaultdict(int)
    rows = WorkOrderTask.objects.filter(line__in=lines).order_by().values_list("line")
    for line, position, tasks in rows.annotate(last=Max("position"), tasks=Count("pk")):
        if tasks >= MOST_TASKS:
            raise wrong("text", f"A checklist has at most {MOST_TASKS} tasks. Make another order.")
        last[line] = position
    return last


def _new(
    line: WorkOrderAsset, by: User, sensor: Sensor | None, values: Mapping[str, Any]
) -> WorkOrderTask:
    row = WorkOrderTask(
        organization_id=line.organization_id,
        asset_id=line.asset_id,
        work_order_id=line.work_order_id,
        line=line,
        added_by=by,
        **values,
    )
    _fit(row, sensor)
    return row


def _fit(task: WorkOrderTask, sensor: Sensor | None) -> None:
    """Leave out what this kind of answer does not have; a reading has the unit of its sensor."""
    task.sensor = sensor
    if sensor is not None:
        task.unit = sensor.unit
    else:
        task.sensor_key = ""
    if task.kind not in MEASURED:
        task.low, task.high, task.unit = None, None, ""


def _sensors(values: Mapping[str, Any], lines: Sequence[WorkOrderAsset]) -> dict[int, Sensor]:
    """Of a reading: the sensor at each line, by id of the asset. Raises ValidationError."""
    key = values.get("sensor_key", "")
    if values.get("kind") != AnswerKind.READING:
        return {}
    if not key:
        raise wrong("sensor_key", "A reading needs the key of a sensor.")
    found = sensors_of([line.asset_id for line in lines], [key])
    for line in lines:
        sensor = found.get((line.asset_id, key))
        if sensor is None:
            raise wrong("sensor_key", f"{line.asset.tag} has no sensor {key}. Choose another.")
        if values.get("unit") not in ("", None, sensor.unit):
            text = f"The sensor is in {sensor.unit}. Give the limits in that, and leave this out."
            raise wrong("unit", text)
    return {asset: sensor for (asset, _), sensor in found.items()}
