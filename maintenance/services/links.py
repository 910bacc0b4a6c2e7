"""How orders hang together: follow-ups, parts of a larger one, and what blocks what."""

from collections.abc import Callable, Collection
from datetime import datetime

from django.db import transaction

from assets.models import Asset
from maintenance.models import MaintenanceType, WorkOrder, WorkOrderBlock
from maintenance.services import course
from maintenance.services.course import TransitionRefused
from maintenance.services.work_orders import create_work_order
from opssight.accounts.models import Organization, User


@transaction.atomic
def follow_up(
    *,
    work_order: WorkOrder,
    by: User,
    at: datetime,
    due_at: datetime | None = None,
    title: str = "",
    description: str = "",
    asset: Asset | None = None,
    maintenance_type: MaintenanceType | None = None,
) -> WorkOrder:
    """A new order that goes on with this one, by the same job plan; an order is never reopened.

    due_at None: by the service level of its priority, as `create_work_order` has it.
    asset: one that the order serves, of which a defect is to be repaired. Such a follow-up is
    corrective unless a type is given, and is not by the plan that found the defect.
    Raises TransitionRefused for an asset that the order does not serve.
    """
    if asset is not None and not work_order.lines.filter(asset=asset).exists():
        text = f"{work_order.number} does not serve {asset.tag}. Make an order of its own for it."
        raise TransitionRefused("asset_not_served", text)
    own = MaintenanceType.CORRECTIVE if asset else MaintenanceType(work_order.maintenance_type)
    return create_work_order(
        asset=asset or work_order.asset,
        title=title or f"Follow-up: {work_order.title}"[:200],
        description=description,
        maintenance_type=maintenance_type or own,
        job_plan=None if asset else work_order.job_plan,
        follows=work_order,
        due_at=due_at,
        by=by,
        at=at,
    )


@transaction.atomic
def set_parent(*, work_order: WorkOrder, parent: WorkOrder | None) -> WorkOrder:
    """Make the order a part of a larger one, or of none.

    Raises TransitionRefused when one of them is not open, or the parent is a part of the order.
    """
    _take_turns(work_order)
    order = course.lock_open(work_order)
    if parent is not None:
        parent = course.lock_open(parent)
        if _reaches(parent.pk, order.pk, _parents):
            text = f"{parent.number} is a part of {order.number}, or the same order."
            raise TransitionRefused("circle", text)
    order.parent = parent
    order.save(update_fields=["parent"])
    return order


@transaction.atomic
def block(*, work_order: WorkOrder, blocker: WorkOrder) -> WorkOrderBlock:
    """Let the order wait until another is done.

    Raises TransitionRefused when one of them is not open, or the other waits for this one.
    """
    _take_turns(work_order)
    order, other = course.lock_open(work_order), course.lock_open(blocker)
    if _reaches(other.pk, order.pk, _blockers):
        text = f"{other.number} waits for {order.number}, or is the same order."
        raise TransitionRefused("circle", text)
    found, _ = WorkOrderBlock.objects.get_or_create(
        work_order=order,
        blocker=other,
        defaults={"organization_id": order.organization_id, "asset_id": order.asset_id},
    )
    return found


def _take_turns(work_order: WorkOrder) -> None:
    """Two who link at the same time could make a circle that neither of them sees."""
    Organization.objects.select_for_update(no_key=True).get(pk=work_order.organization_id)


def _reaches(start: int, goal: int, step: Callable[[Collection[int]], set[int]]) -> bool:
    """Whether the steps lead from an order to another; one query for each level."""
    seen: set[int] = set()
    level = {start}
    while level:
        if goal in level:
            return True
        seen |= level
        level = step(level) - seen
    return False


def _parents(ids: Collection[int]) -> set[int]:
    rows = WorkOrder.objects.filter(pk__in=ids).order_by().values_list("parent", flat=True)
    return {pk for pk in rows if pk is not None}


def _blockers(ids: Collection[int]) -> set[int]:
    rows = WorkOrderBlock.objects.filter(work_order__in=ids).order_by()
    return set(rows.values_list("blocker", flat=True))
