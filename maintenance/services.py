"""From a recommendation or a due date to a work order, and from the work to its proof."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, F, Min, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Greatest

from assets.models import Asset
from maintenance.models import (
    MaintenanceRecord,
    MaintenanceSchedule,
    MaintenanceType,
    Recommendation,
    Technician,
    Urgency,
    Verdict,
    WorkOrder,
)
from notifications.models import Notification
from notifications.services import Message, notify
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission

QUIET_AFTER_DISMISSAL = timedelta(hours=24)
SCHEDULES_PER_BATCH = 500
URGENCIES = list(Urgency.values)


class RecommendationClosed(Exception):
    """Somebody accepted or dismissed the recommendation before."""


class WorkOrderNotOpen(Exception):
    """The work order is not in a state that allows this; perhaps somebody was faster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the technician reports at completion. Labor and downtime in minutes."""

    notes: str = ""
    labor_minutes: int = 0
    downtime_minutes: int = 0
    verdict: Verdict = Verdict.NOT_INSPECTED


# -- Recommendations -----------------------------------------------------------------------------


@transaction.atomic
def recommend(
    *,
    asset: Asset,
    failure_mode: str,
    reason: str,
    urgency: Urgency,
    suggested_due_at: datetime,
    at: datetime,
) -> Recommendation:
    """Open a recommendation, or join the live one of this asset and failure mode.

    Joining never lowers the urgency and never postpones. For a day after a dismissal the
    dismissed one is returned instead, so that a flapping signal does not ask again at once.
    """
    dismissed = Recommendation.objects.filter(
        asset=asset,
        failure_mode=failure_mode,
        status=Recommendation.Status.DISMISSED,
        closed_at__gt=at - QUIET_AFTER_DISMISSAL,
    ).order_by("-closed_at")
    live = Recommendation.objects.live().filter(asset=asset, failure_mode=failure_mode)
    if not live.exists() and (quiet := dismissed.first()) is not None:
        return quiet

    recommendation, created = Recommendation.objects.live().get_or_create(
        asset=asset,
        failure_mode=failure_mode,
        defaults={
            "organization_id": asset.organization_id,
            "reason": reason,
            "urgency": urgency,
            "suggested_due_at": suggested_due_at,
            "opened_at": at,
        },
    )
    if created:
        _tell_planners(
            recommendation,
            Message(
                event=Notification.Event.RECOMMENDATION_OPENED,
                subject=f"{asset.tag}: check for {failure_mode} ({urgency} urgency)",
                body=reason,
                url=recommendation.get_absolute_url(),
                dedupe_key=f"recommendation-{recommendation.pk}-opened",
            ),
            at=at,
        )
    elif URGENCIES.index(urgency) > URGENCIES.index(recommendation.urgency):
        recommendation.urgency, recommendation.reason = urgency, reason
        recommendation.suggested_due_at = min(recommendation.suggested_due_at, suggested_due_at)
        recommendation.save(update_fields=["urgency", "reason", "suggested_due_at"])
    return recommendation


@transaction.atomic
def accept(
    *,
    recommendation: Recommendation,
    by: User,
    at: datetime,
    due_at: datetime,
    technician: Technician | None = None,
) -> WorkOrder:
    """Turn the recommendation into a work order. Raises RecommendationClosed."""
    recommendation = _lock_open(recommendation)
    recommendation.status = Recommendation.Status.ACCEPTED
    recommendation.decided_at, recommendation.decided_by = at, by
    recommendation.save(update_fields=["status", "decided_at", "decided_by"])
    return create_work_order(
        asset=recommendation.asset,
        title=f"Check for {recommendation.failure_mode}",
        description=recommendation.reason,
        maintenance_type=MaintenanceType.CONDITION_BASED,
        priority=Urgency(recommendation.urgency),
        recommendation=recommendation,
        technician=technician,
        due_at=due_at,
        by=by,
        at=at,
    )


@transaction.atomic
def dismiss(
    *, recommendation: Recommendation, by: User, at: datetime, reason: str
) -> Recommendation:
    """Close the recommendation and its anomalies without work. Raises RecommendationClosed."""
    recommendation = _lock_open(recommendation)
    recommendation.status = Recommendation.Status.DISMISSED
    recommendation.decided_at, recommendation.decided_by = at, by
    recommendation.closed_at, recommendation.dismiss_reason = at, reason
    recommendation.save(
        update_fields=["status", "decided_at", "decided_by", "closed_at", "dismiss_reason"]
    )
    recommendation.anomalies.filter(closed_at=None).update(closed_at=at)
    return recommendation


def _lock_open(recommendation: Recommendation) -> Recommendation:
    locked = (
        Recommendation.objects.select_for_update(of=("self",))
        .select_related("asset__site", "organization")
        .get(pk=recommendation.pk)
    )
    if locked.status != Recommendation.Status.OPEN:
        raise RecommendationClosed
    return locked


# -- Work orders ---------------------------------------------------------------------------------


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
    _tell_planners(work_order, _created_message(work_order), at=at, technician=technician)
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
        _move_schedule_on(
            work_order.schedule_id, served=work_order.occurrence_at, completed=at, done=True
        )
    Asset.objects.filter(pk=work_order.asset_id).update(
        last_maintenance_at=Greatest("last_maintenance_at", at)
    )
    refresh_next_due(assets=Asset.objects.filter(pk=work_order.asset_id))
    _close_recommendation(work_order, outcome.verdict, at=at)
    _tell_planners(
        work_order,
        Message(
            event=Notification.Event.WORK_ORDER_COMPLETED,
            subject=f"{work_order.number} completed: {work_order.title} on {work_order.asset.tag}",
            body=outcome.notes,
            url=work_order.get_absolute_url(),
            dedupe_key=f"work-order-{work_order.pk}-completed",
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
        _move_schedule_on(
            work_order.schedule_id,
            served=work_order.occurrence_at,
            completed=work_order.occurrence_at,
            done=False,
        )
        refresh_next_due(assets=Asset.objects.filter(pk=work_order.asset_id))
    Recommendation.objects.filter(
        work_orders=work_order, status=Recommendation.Status.ACCEPTED
    ).update(status=Recommendation.Status.OPEN, decided_at=None, decided_by=None)
    return work_order


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


def _close_recommendation(work_order: WorkOrder, verdict: Verdict, *, at: datetime) -> None:
    recommendation = work_order.recommendation
    if recommendation is None:
        return
    recommendation.status = Recommendation.Status.COMPLETED
    recommendation.closed_at, recommendation.verdict = at, verdict
    recommendation.save(update_fields=["status", "closed_at", "verdict"])
    recommendation.anomalies.filter(closed_at=None).update(closed_at=at, verdict=verdict)


# -- Schedules -----------------------------------------------------------------------------------


def _move_schedule_on(
    schedule_id: int, *, served: datetime, completed: datetime, done: bool
) -> None:
    schedule = (
        MaintenanceSchedule.objects.select_for_update(of=("self",))
        .select_related("asset__site")
        .get(pk=schedule_id)
    )
    schedule.next_due_at = schedule.due_after(served=served, completed=completed)
    if done:
        schedule.last_completed_at = completed
    schedule.save(update_fields=["next_due_at", "last_completed_at"])


@transaction.atomic
def reschedule(*, schedule: MaintenanceSchedule) -> MaintenanceSchedule:
    """Calculate the next due date anew, after the interval or the start was changed."""
    schedule = (
        MaintenanceSchedule.objects.select_for_update(of=("self",))
        .select_related("asset__site")
        .get(pk=schedule.pk)
    )
    served = (
        schedule.work_orders.exclude(status__in=WorkOrder.OPEN)
        .order_by("-occurrence_at")
        .values_list("occurrence_at", flat=True)
        .first()
    )
    done = schedule.last_completed_at or served
    if done is None:
        schedule.next_due_at = schedule.starts_at
    else:
        schedule.next_due_at = schedule.due_after(served=served or done, completed=done)
    schedule.save(update_fields=["next_due_at"])
    refresh_next_due(assets=Asset.objects.filter(pk=schedule.asset_id))
    return schedule


@transaction.atomic
def recalculate_due_dates(*, organization_id: int) -> int:
    """Fill in empty next-due dates, and bring every asset's date in line. Returns rows changed."""
    empty = MaintenanceSchedule.objects.filter(
        organization=organization_id, is_active=True, next_due_at=None
    ).order_by("pk")
    for schedule in empty.iterator(chunk_size=SCHEDULES_PER_BATCH):
        reschedule(schedule=schedule)
    return refresh_next_due(assets=Asset.objects.filter(organization=organization_id))


def generate_due_work_orders(*, organization_id: int, at: datetime) -> int:
    """Make the work orders that are due within their schedule's lead time; returns how many.

    A schedule with an open order waits for it. Safe to run twice and at the same time: the
    database takes one order for one occurrence.
    """
    made = 0
    while batch := _generate_batch(organization_id, at):
        made += batch
    return made


@transaction.atomic
def _generate_batch(organization_id: int, at: datetime) -> int:
    orders = WorkOrder.objects.filter(schedule=OuterRef("pk"))
    taken = orders.filter(occurrence_at=OuterRef("next_due_at"))
    due = list(
        MaintenanceSchedule.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(organization=organization_id, is_active=True)
        .filter(next_due_at__lte=at + Value(timedelta(days=1)) * F("lead_days"))
        .exclude(asset__status=Asset.Status.RETIRED)
        .filter(~Exists(orders.open()), ~Exists(taken))
        .select_related("asset", "technician")
        .order_by("pk")[:SCHEDULES_PER_BATCH]
    )
    made = WorkOrder.objects.bulk_create([_order_for(schedule, at) for schedule in due])
    if made:
        notify(
            organization=organization_id,
            permission=Permission.WORK_ORDER_PLAN,
            messages=[_created_message(order) for order in made],
            at=at,
        )
    return len(made)


def _order_for(schedule: MaintenanceSchedule, at: datetime) -> WorkOrder:
    assert schedule.next_due_at is not None  # noqa: S101 filtered by it
    assigned = schedule.technician is not None and schedule.technician.is_active
    return WorkOrder(
        organization_id=schedule.organization_id,
        asset=schedule.asset,
        title=schedule.title,
        description=schedule.instructions,
        maintenance_type=schedule.maintenance_type,
        schedule=schedule,
        occurrence_at=schedule.next_due_at,
        technician=schedule.technician if assigned else None,
        status=WorkOrder.Status.SCHEDULED if assigned else WorkOrder.Status.APPROVED,
        due_at=schedule.next_due_at,
        created_at=at,
    )


def refresh_next_due(*, assets: QuerySet[Asset]) -> int:
    """Set each asset's next due date to the earliest of its active schedules, where it differs."""
    earliest = (
        MaintenanceSchedule.objects.filter(asset=OuterRef("pk"), is_active=True)
        .order_by()
        .values("asset")
        .annotate(earliest=Min("next_due_at"))
        .values("earliest")
    )
    changed = assets.annotate(due=Subquery(earliest)).filter(
        Q(next_due_at__lt=F("due"))
        | Q(next_due_at__gt=F("due"))
        | Q(next_due_at__isnull=True, due__isnull=False)
        | Q(next_due_at__isnull=False, due__isnull=True)
    )
    return Asset.objects.filter(pk__in=changed.order_by().values("pk")).update(
        next_due_at=Subquery(earliest)
    )


# -- Messages ------------------------------------------------------------------------------------


def _created_message(work_order: WorkOrder) -> Message:
    return Message(
        event=Notification.Event.WORK_ORDER_CREATED,
        subject=f"{work_order.number} created: {work_order.title} on {work_order.asset.tag}",
        body=work_order.description,
        url=work_order.get_absolute_url(),
        dedupe_key=f"work-order-{work_order.pk}-created",
    )


def _tell_planners(
    row: Recommendation | WorkOrder,
    message: Message,
    *,
    at: datetime,
    technician: Technician | None = None,
) -> None:
    notify(
        organization=row.organization_id,
        permission=Permission.WORK_ORDER_PLAN,
        messages=[message],
        at=at,
        also=[technician.user_id] if technician else [],
    )
