"""What a job plan gives an order, what is left to answer, and what its sensors showed."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max, OuterRef, Q, QuerySet, Subquery

from assets.models import Asset, Reading, Sensor
from maintenance.models import JobPlan, JobPlanTask, WorkOrder, WorkOrderAsset, WorkOrderTask

COPIED = (
    "position",
    "text",
    "kind",
    "unit",
    "low",
    "high",
    "sensor_key",
    "is_required",
    "opens_corrective",
)
LISTS = ("skills", "tools", "permits")
FILLED = (
    "title",
    "description",
    *LISTS,
    "safety_notes",
    "estimated_minutes",
    "needs_outage",
    "needs_signature",
)
TASKS_PER_INSERT = 1000


@transaction.atomic
def apply_plans(*, orders: Sequence[WorkOrder]) -> None:
    """Give each saved order that has a job plan what the plan says, see `fill`, and its checklist.

    Every line gets a copy of the plan's tasks, after those that people added; a line that has them
    is left alone, so that this can be repeated. Takes a handful of queries, however many orders.
    """
    planned = [order for order in orders if order.job_plan_id is not None]
    if not planned:
        return
    plans = JobPlan.objects.in_bulk({order.job_plan_id for order in planned})
    rows = WorkOrderAsset.objects.filter(work_order__in=[order.pk for order in planned])
    lines = list(rows.order_by("work_order", "position", "pk"))
    lines_of: dict[int, int] = defaultdict(int)
    for line in lines:
        lines_of[line.work_order_id] += 1
    changed = [
        order
        for order in planned
        if fill(order=order, plan=plans[order.job_plan_id], assets=lines_of[order.pk])
    ]
    WorkOrder.objects.bulk_update(changed, FILLED, batch_size=200)
    _copy_tasks(lines, {order.pk: order.job_plan_id for order in planned})


def fill(*, order: WorkOrder, plan: JobPlan, assets: int = 1) -> bool:
    """Put what the plan says where the order says nothing; returns whether that changed it.

    Skills, tools, permits and safety notes are added to those the order has, so that none is lost.
    The plan's labor is that at one asset: it is multiplied by `assets`, unless somebody estimated
    the order. Does not save.
    """
    before = [getattr(order, name) for name in FILLED]
    order.title = order.title or plan.title
    order.description = order.description or plan.description
    for name in LISTS:
        own = getattr(order, name)
        setattr(order, name, [*own, *(word for word in getattr(plan, name) if word not in own)])
    if plan.safety_notes not in order.safety_notes:
        order.safety_notes = "\n".join(filter(None, (order.safety_notes, plan.safety_notes)))
    if order.estimated_minutes == WorkOrder._meta.get_field("estimated_minutes").default:
        order.estimated_minutes = plan.estimated_minutes * max(assets, 1)
    order.needs_outage = order.needs_outage or plan.needs_outage
    order.needs_signature = order.needs_signature or plan.needs_signature
    return before != [getattr(order, name) for name in FILLED]


@transaction.atomic
def add_tasks(*, lines: Sequence[WorkOrderAsset]) -> int:
    """Give lines that were added later the tasks of their order's plan; returns how many."""
    orders = WorkOrder.objects.filter(pk__in={line.work_order_id for line in lines})
    return _copy_tasks(lines, dict(orders.order_by().values_list("pk", "job_plan_id")))


def _copy_tasks(lines: Sequence[WorkOrderAsset], plan_of: dict[int, int | None]) -> int:
    """`plan_of`: id of the plan by id of the order."""
    tasks: dict[int, list[JobPlanTask]] = defaultdict(list)
    for task in JobPlanTask.objects.filter(job_plan__in=set(plan_of.values()) - {None}):
        tasks[task.job_plan_id].append(task)
    there = WorkOrderTask.objects.filter(line__in=[line.pk for line in lines]).order_by()
    taken = set(there.filter(added_by=None).values_list("line", flat=True))
    last = dict(there.values_list("line").annotate(last=Max("position")))
    keys = {task.sensor_key for group in tasks.values() for task in group} - {""}
    sensors = sensors_of({line.asset_id for line in lines}, keys)
    made = [
        _copy(task, line, sensors.get((line.asset_id, task.sensor_key)), last.get(line.pk, 0))
        for line in lines
        if line.pk not in taken
        for task in tasks[plan_of.get(line.work_order_id) or 0]
    ]
    return len(WorkOrderTask.objects.bulk_create(made, batch_size=TASKS_PER_INSERT))


def _copy(
    task: JobPlanTask, line: WorkOrderAsset, sensor: Sensor | None, after: int
) -> WorkOrderTask:
    values = {name: getattr(task, name) for name in COPIED}
    values["position"] += after
    if sensor is not None:
        values["unit"] = task.unit or sensor.unit
    return WorkOrderTask(
        organization_id=line.organization_id,
        asset_id=line.asset_id,
        work_order_id=line.work_order_id,
        line=line,
        sensor=sensor,
        **values,
    )


def sensors_of(assets: Collection[int], keys: Collection[str]) -> dict[tuple[int, str], Sensor]:
    """Sensors by id of their asset and key."""
    if not keys:
        return {}
    rows = Sensor.objects.filter(asset__in=assets, key__in=keys).order_by("pk")
    return {(sensor.asset_id, sensor.key): sensor for sensor in rows}


def open_tasks(*, work_order: WorkOrder) -> list[WorkOrderTask]:
    """The required tasks of an order that nobody has answered: they hold up its completion."""
    rows = WorkOrderTask.objects.filter(
        work_order=work_order, is_required=True, outcome=WorkOrderTask.Outcome.OPEN
    )
    return list(rows.select_related("asset").order_by("line__position", "line", "position", "pk"))


def readings_of(*, work_order: WorkOrder, asset: Asset) -> list[dict[str, Any]]:
    """What sensors of the asset showed before and after the work, for the history.

    Of the sensors that the checklist read and those whose anomalies led to the order: one object
    with sensor (its key), unit, before and after, which are numbers or None. A sensor read twice
    in the checklist shows the first and the last of these; any other the last value up to the
    start, and the last one since, up to the completion.
    """
    read: dict[int, list[float]] = defaultdict(list)
    answers = WorkOrderTask.objects.filter(work_order=work_order, asset=asset, sensor__isnull=False)
    for sensor, number in answers.order_by("answered_at", "pk").values_list("sensor", "number"):
        if number is not None:
            read[sensor].append(number)
    involved = Q(pk__in=list(read))
    if work_order.recommendation_id is not None:
        involved |= Q(anomalies__recommendation=work_order.recommendation_id)
    found = Sensor.objects.filter(involved, asset=asset).distinct()
    return [
        {"sensor": sensor.key, "unit": sensor.unit, "before": before, "after": after}
        for sensor in _with_values(found, work_order)
        for before, after in [_pair(sensor, read[sensor.pk])]
    ]


def _with_values(sensors: QuerySet[Sensor], work_order: WorkOrder) -> QuerySet[Sensor, Any]:
    """The sensors, each with the value `until` the start of the work and `since` then."""
    readings = until = Reading.objects.filter(sensor=OuterRef("pk")).order_by("-time")
    since = readings.none()
    if work_order.started_at is not None:
        until = readings.filter(time__lte=work_order.started_at)
        since = readings.filter(time__gt=work_order.started_at)
    if work_order.completed_at is not None:
        since = since.filter(time__lte=work_order.completed_at)
    return sensors.annotate(
        until=Subquery(until.values("value")[:1]), since=Subquery(since.values("value")[:1])
    ).order_by("key", "pk")


def _pair(sensor: Any, read: Sequence[float]) -> tuple[float | None, float | None]:
    """Before and after."""
    if len(read) > 1:
        return read[0], read[-1]
    return sensor.until, read[0] if read else sensor.since
