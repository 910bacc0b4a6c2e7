"""Job plans: written, copied, proposed, and given to orders."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from assets.models import Asset
from maintenance.models import JobPlan, JobPlanPart, JobPlanTask, Part, WorkOrder
from maintenance.services.checklists import COPIED, apply_plans
from maintenance.services.store import reserve_plans

KEPT = (
    "organization_id",
    "description",
    "maintenance_type",
    "category",
    "failure_mode",
    "estimated_minutes",
    "skills",
    "tools",
    "permits",
    "safety_notes",
    "needs_signature",
    "needs_outage",
)


class PlanRefused(Exception):
    """The plan cannot be given to the order. The text says why, and what to do."""


@transaction.atomic
def replace_tasks(*, plan: JobPlan, tasks: Sequence[Mapping[str, Any]]) -> list[JobPlanTask]:
    """Make these, in this order, the tasks of the plan; the orders made from it stay as they are.

    Each with text, and kind, unit, low, high, sensor_key, is_required, opens_corrective as needed.
    """
    _lock(plan)
    plan.tasks.all().delete()
    rows = [
        JobPlanTask(
            **{**task, "job_plan": plan, "organization_id": plan.organization_id, "position": place}
        )
        for place, task in enumerate(tasks, start=1)
    ]
    return JobPlanTask.objects.bulk_create(rows)


@transaction.atomic
def replace_parts(*, plan: JobPlan, parts: Sequence[tuple[Part, Decimal]]) -> list[JobPlanPart]:
    """Make these the parts that the plan takes at one asset: (part, quantity), each part once."""
    _lock(plan)
    plan.parts.all().delete()
    rows = [
        JobPlanPart(
            job_plan=plan, organization_id=plan.organization_id, part=part, quantity=quantity
        )
        for part, quantity in parts
    ]
    return JobPlanPart.objects.bulk_create(rows)


@transaction.atomic
def move_task(*, task: JobPlanTask, by: int) -> None:
    """Move a task up (by below 0) or down in its plan; at either end it stays."""
    _lock(task.job_plan)
    rows = list(JobPlanTask.objects.filter(job_plan=task.job_plan_id).order_by("position", "pk"))
    place = next((i for i, row in enumerate(rows) if row.pk == task.pk), None)
    if place is None:
        return
    rows.insert(max(place + by, 0), rows.pop(place))
    for position, row in enumerate(rows, start=1):
        row.position = position
    JobPlanTask.objects.bulk_update(rows, ["position"])


@transaction.atomic
def add_task(*, plan: JobPlan, **values: Any) -> JobPlanTask:
    """A task at the end of the plan."""
    _lock(plan)
    last = plan.tasks.order_by("-position").values_list("position", flat=True).first() or 0
    return JobPlanTask.objects.create(
        job_plan=plan, organization_id=plan.organization_id, position=last + 1, **values
    )


@transaction.atomic
def plan_part(*, plan: JobPlan, part: Part, quantity: Decimal) -> None:
    """Let the plan take this many of the part at one asset, instead of what it took before."""
    JobPlanPart.objects.update_or_create(
        job_plan=plan,
        part=part,
        defaults={"quantity": quantity},
        create_defaults={"quantity": quantity, "organization_id": plan.organization_id},
    )


@transaction.atomic
def copy(*, plan: JobPlan, code: str, title: str = "") -> JobPlan:
    """An active plan with another code, and the same tasks and parts.

    Raises IntegrityError (`job_plan_code_unique`) for a code that is taken.
    """
    twin = JobPlan.objects.create(
        code=code, title=title or plan.title, **{name: getattr(plan, name) for name in KEPT}
    )
    JobPlanTask.objects.bulk_create(
        JobPlanTask(
            job_plan=twin,
            organization_id=twin.organization_id,
            **{name: getattr(task, name) for name in COPIED},
        )
        for task in plan.tasks.all()
    )
    replace_parts(
        plan=twin, parts=[(row.part, row.quantity) for row in plan.parts.select_related("part")]
    )
    return twin


def fitting(*, asset: Asset) -> QuerySet[JobPlan]:
    """The active plans for assets of any category and for those of this asset's."""
    return JobPlan.objects.filter(
        Q(category="") | Q(category__iexact=asset.category),
        organization=asset.organization_id,
        is_active=True,
    )


def proposed_for(*, asset: Asset, failure_mode: str) -> JobPlan | None:
    """The active plan for a failure mode at this asset, or None.

    One for the asset's category comes before one for any; of several, the first by code.
    """
    if not failure_mode:
        return None
    plans = fitting(asset=asset).filter(failure_mode__iexact=failure_mode)
    return min(plans, key=lambda plan: (not plan.category, plan.code, plan.pk), default=None)


@transaction.atomic
def apply(*, work_order: WorkOrder, plan: JobPlan, at: datetime) -> WorkOrder:
    """Give an open order that has no plan this one: its checklist, parts and what it needs.

    Raises PlanRefused.
    """
    order = WorkOrder.objects.select_for_update(of=("self",)).get(pk=work_order.pk)
    if not order.is_open:
        raise PlanRefused(
            f"{order.number} is {order.get_status_display().lower()}. A job plan is given to open"
            " orders only."
        )
    if order.job_plan_id is not None:
        raise PlanRefused(
            f"{order.number} has a job plan already. Make another order for this one."
        )
    if not plan.is_active:
        raise PlanRefused(
            f"The job plan {plan.code} is not in use. Choose another, or activate it."
        )
    order.job_plan = plan
    order.save(update_fields=["job_plan"])
    apply_plans(orders=[order])
    reserve_plans(orders=[order], at=at)
    return order


def _lock(plan: JobPlan) -> None:
    """Whoever changes the lists of one plan takes turns."""
    list(JobPlan.objects.select_for_update(no_key=True).filter(pk=plan.pk).values_list("pk"))
