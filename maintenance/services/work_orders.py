"""Work: made, begun, proven or called off, each in one transaction."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models.functions import Greatest

from assets.models import Asset
from maintenance.models import (
    MaintenanceRecord,
    MaintenanceType,
    Recommendation,
    Technician,
    Urgency,
    Verdict,
    WorkOrder,
)
from maintenance.services import verdicts
from maintenance.services.events import Event, completed_event, work_order_event
from maintenance.services.messages import created_message, tell_planners
from maintenance.services.schedules import move_on, refresh_next_due
from notifications.models import Notification
from notifications.services import Happening, Message, publish
from opssight.accounts.models import User


class WorkOrderNotOpen(Exception):
    """The work order is not in a state that allows this; perhaps somebody was faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the technician reports at completion. Labor and downtime in minutes."""

    notes: str = ""
    labor_minutes: int = 0
    downtime_minutes: int = 0
    verdict: Verdict = Verdict.NOT_INSPECTED


@transaction.atomic
def create_work_order(
    *,
    asset: Asset,
    title: str,
    due_at: datetime,
    by: User,
    at: datetime,
    description: str = "",
    maintenance_type: MaintenanceType = MaintenanceType.CORRECTIVE,
    priority: Urgency = Urgency.MEDIUM,
    technician: Technician | None = None,
    recommendation: Recommendation | None = None,
) -> WorkOrder:
    """A new work order with the number that the database gave it: scheduled when assigned."""
    work_order = WorkOrder.objects.create(
        organization_id=asset.organization_id,
        asset=asset,
        title=title,
        description=description,
        maintenance_type=maintenance_type,
        priority=priority,
        technician=technician,
        recommendation=recommendation,
        status=WorkOrder.Status.SCHEDULED if technician else WorkOrder.Status.APPROVED,
        due_at=due_at,
        created_at=at,
        created_by=by,
    )
    tell_planners(work_order, created_message(work_order), at=at)
    _publish(work_order, work_order_event(work_order, Event.WORK_ORDER_CREATED), at)
    return work_order


@transaction.atomic
def start(*, work_order: WorkOrder, by: User, at: datetime) -> WorkOrder:
    """Begin the work; an unassigned order goes to the technician who begins it.

    Raises WorkOrderNotOpen when it was begun, completed or cancelled before.
    """
    work_order = _lock(work_order, WorkOrder.NOT_STARTED)
    work_order.status, work_order.started_at = WorkOrder.Status.IN_PROGRESS, at
    work_order.technician = work_order.technician or _technician_of(work_order, by)
    work_order.save(update_fields=["status", "started_at", "technician"])
    _publish(work_order, work_order_event(work_order, Event.WORK_ORDER_STARTED), at)
    return work_order


@transaction.atomic
def complete(
    *, work_order: WorkOrder, by: User, at: datetime, outcome: Outcome
) -> MaintenanceRecord:
    """Prove the work: order, history, asset, schedule, recommendation and anomalies in one step.

    An order that was not begun is begun at this moment. Raises WorkOrderNotOpen when it was
    completed or cancelled before: of two at once, one wins.
    """
    work_order = _lock(work_order, WorkOrder.OPEN)
    work_order.started_at = min(work_order.started_at or at, at)
    work_order.technician = work_order.technician or _technician_of(work_order, by)
    work_order.status = WorkOrder.Status.COMPLETED
    work_order.completed_at, work_order.completed_by = at, by
    work_order.save(
        update_fields=["status", "started_at", "completed_at", "completed_by", "technician"]
    )
    record = _write_history(work_order, outcome)
    if work_order.schedule_id is not None and work_order.occurrence_at is not None:
        move_on(work_order.schedule_id, served=work_order.occurrence_at, completed=at, done=True)
    Asset.objects.filter(pk=work_order.asset_id).update(
        last_maintenance_at=Greatest("last_maintenance_at", at)
    )
    refresh_next_due(assets=Asset.objects.filter(pk=work_order.asset_id))
    findings = verdicts.Findings(verdict=outcome.verdict)
    closed = verdicts.close(work_order=work_order, findings=findings, by=by, at=at)
    _publish(work_order, completed_event(work_order, record, closed), at)
    tell_planners(
        work_order,
        Message(
            event=Notification.Event.WORK_ORDER_COMPLETED,
            subject=f"{work_order.number} completed: {work_order.title} on {work_order.asset.tag}",
            body=outcome.notes,
            url=work_order.get_absolute_url(),
            dedupe_key=f"work-order-{work_order.pk}-completed",
            asset=work_order.asset_id,
        ),
        at=at,
    )
    return record


@transaction.atomic
def cancel(*, work_order: WorkOrder, by: User, at: datetime) -> WorkOrder:
    """Call off work that was not begun; its recommendation is open again, its occurrence skipped.

    Raises WorkOrderNotOpen once work was begun.
    """
    work_order = _lock(work_order, WorkOrder.NOT_STARTED)
    work_order.status = WorkOrder.Status.CANCELLED
    work_order.save(update_fields=["status"])
    if work_order.schedule_id is not None and work_order.occurrence_at is not None:
        move_on(
            work_order.schedule_id,
            served=work_order.occurrence_at,
            completed=work_order.occurrence_at,
            done=False,
        )
        refresh_next_due(assets=Asset.objects.filter(pk=work_order.asset_id))
    verdicts.reopen(work_order=work_order)
    _publish(work_order, work_order_event(work_order, Event.WORK_ORDER_CANCELLED), at)
    return work_order


def _publish(work_order: WorkOrder, happening: Happening, at: datetime) -> None:
    publish(organization=work_order.organization_id, happenings=[happening], at=at)


def _lock(work_order: WorkOrder, allowed: tuple[WorkOrder.Status, ...]) -> WorkOrder:
    locked = (
        WorkOrder.objects.select_for_update(of=("self",))
        .select_related("asset__site", "technician", "recommendation")
        .get(pk=work_order.pk)
    )
    if locked.status not in allowed:
        raise WorkOrderNotOpen
    return locked


def _technician_of(work_order: WorkOrder, user: User) -> Technician | None:
    return Technician.objects.filter(
        organization=work_order.organization_id, user=user, is_active=True
    ).first()


def _write_history(work_order: WorkOrder, outcome: Outcome) -> MaintenanceRecord:
    recommendation, technician = work_order.recommendation, work_order.technician
    assert work_order.started_at is not None  # noqa: S101 set by `complete`
    assert work_order.completed_at is not None  # noqa: S101
    assert work_order.completed_by is not None  # noqa: S101
    hourly_cost = technician.hourly_cost if technician else Decimal(0)
    return MaintenanceRecord.objects.create(
        organization_id=work_order.organization_id,
        asset=work_order.asset,
        work_order=work_order,
        title=work_order.title,
        maintenance_type=work_order.maintenance_type,
        failure_mode=recommendation.failure_mode if recommendation else "",
        verdict=outcome.verdict if recommendation else "",
        started_at=work_order.started_at,
        completed_at=work_order.completed_at,
        technician=technician,
        performed_by=work_order.completed_by,
        notes=outcome.notes,
        labor_minutes=outcome.labor_minutes,
        downtime_minutes=outcome.downtime_minutes,
        labor_cost=round(hourly_cost * outcome.labor_minutes / 60, 2),
    )
