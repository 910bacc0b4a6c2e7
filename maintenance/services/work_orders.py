"""Work is made here: by a planner, from advice, from a request, or as a follow-up."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction

from assets.models import Asset
from maintenance.models import (
    JobPlan,
    MaintenanceSchedule,
    MaintenanceType,
    Recommendation,
    Technician,
    Urgency,
    WorkOrder,
    WorkOrderAsset,
)
from maintenance.services import checklists, course, levels, store
from maintenance.services.events import Event, work_order_event
from maintenance.services.messages import created_message, tell_planners
from notifications.services import publish
from opssight.accounts.models import User


@transaction.atomic
def create_work_order(
    *,
    asset: Asset,
    title: str,
    by: User | None,
    at: datetime,
    due_at: datetime | None = None,
    description: str = "",
    maintenance_type: MaintenanceType = MaintenanceType.CORRECTIVE,
    priority: Urgency = Urgency.MEDIUM,
    technician: Technician | None = None,
    recommendation: Recommendation | None = None,
    schedule: MaintenanceSchedule | None = None,
    occurrence_at: datetime | None = None,
    job_plan: JobPlan | None = None,
    parent: WorkOrder | None = None,
    follows: WorkOrder | None = None,
    assets: Iterable[Asset] = (),
    is_draft: bool = False,
    note: str = "",
    **more: Any,
) -> WorkOrder:
    """A new work order with the number that the database gave it: scheduled when assigned.

    assets: served besides the leading one. job_plan: its tasks and parts are copied, and what it
    says fills what is not said here. due_at None: by the service level of its priority, or
    `levels.WITHOUT_LEVEL` from now. more: other plain fields of the order, such as
    estimated_minutes or planned_start. by None: nobody, as for a request from outside.
    """
    assigned = WorkOrder.Status.SCHEDULED if technician else WorkOrder.Status.APPROVED
    asked = levels.terms(organization_id=asset.organization_id, priority=priority, at=at)
    work_order = WorkOrder.objects.create(
        organization_id=asset.organization_id,
        asset=asset,
        title=title,
        description=description,
        maintenance_type=maintenance_type,
        priority=priority,
        technician=technician,
        recommendation=recommendation,
        schedule=schedule,
        occurrence_at=occurrence_at,
        job_plan=job_plan,
        parent=parent,
        follows=follows,
        status=WorkOrder.Status.DRAFT if is_draft else assigned,
        respond_by=asked.respond_by,
        complete_by=asked.due_at,
        due_at=due_at or asked.due_at or at + levels.WITHOUT_LEVEL,
        created_at=at,
        created_by=by,
        **more,
    )
    _add_lines(work_order, assets)
    course.record_creation(orders=[work_order], at=at, by=by, note=note)
    checklists.apply_plans(orders=[work_order])
    store.reserve_plans(orders=[work_order], at=at)
    tell_planners(work_order, created_message(work_order), at=at)
    happening = work_order_event(work_order, Event.WORK_ORDER_CREATED)
    publish(organization=work_order.organization_id, happenings=[happening], at=at)
    return work_order


def _add_lines(work_order: WorkOrder, assets: Iterable[Asset]) -> None:
    """A line for each asset besides the leading one, whose line the database made."""
    others = dict.fromkeys(asset for asset in assets if asset.pk != work_order.asset_id)
    WorkOrderAsset.objects.bulk_create(
        WorkOrderAsset(
            organization_id=work_order.organization_id,
            work_order=work_order,
            asset=asset,
            position=position,
        )
        for position, asset in enumerate(others, start=2)
    )
