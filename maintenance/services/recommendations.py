"""Decisions on advice: accepted as work, put off for a while, or dismissed with a reason."""

from datetime import datetime

from django.db import transaction

from maintenance.models import MaintenanceType, Recommendation, Technician, Urgency, WorkOrder
from maintenance.queries import advice
from maintenance.services import levels
from maintenance.services.events import Event, recommendation_event
from maintenance.services.messages import tell_planners, woken_message
from maintenance.services.work_orders import create_work_order
from notifications.services import publish
from opssight.accounts.models import User

Source = Recommendation.Source
Status = Recommendation.Status
URGENCIES = list(Urgency.values)

TYPES = {
    Source.FORECAST: MaintenanceType.PREDICTIVE,
    Source.LIFE: MaintenanceType.PREDICTIVE,
    Source.DATA_QUALITY: MaintenanceType.INSPECTION,
    Source.OVERDUE: MaintenanceType.PREVENTIVE,
}
"""The type of the work, by what the advice comes from; of anomalies and risk: condition-based."""


class RecommendationClosed(Exception):
    """Somebody accepted or dismissed the recommendation before."""


class MergeRefused(Exception):
    """The recommendation cannot join this order. The text says why, and what to do."""


@transaction.atomic
def accept(
    *,
    recommendation: Recommendation,
    by: User,
    at: datetime,
    due_at: datetime | None = None,
    technician: Technician | None = None,
    merge_into: WorkOrder | None = None,
) -> WorkOrder:
    """Turn the recommendation into a work order, or let an open one of its asset deal with it.

    due_at None: as suggested, or earlier where the service level of its urgency asks for it. An
    order that is joined keeps its date and technician, and takes the higher priority.
    Raises RecommendationClosed, MergeRefused.
    """
    row = _lock_open(recommendation)
    if merge_into is not None:
        order = _join(merge_into, row)
    else:
        order = create_work_order(
            asset=row.asset,
            title=_title(row),
            description="\n\n".join(filter(None, [row.reason, advice.waiting(row)])),
            maintenance_type=TYPES.get(Source(row.source), MaintenanceType.CONDITION_BASED),
            priority=Urgency(row.urgency),
            recommendation=row,
            job_plan=row.job_plan,
            technician=technician,
            due_at=due_at or _due(row, at),
            by=by,
            at=at,
        )
    row.status, row.decided_at, row.decided_by = Status.ACCEPTED, at, by
    row.work_order, row.snoozed_until = order, None
    row.save(update_fields=["status", "decided_at", "decided_by", "work_order", "snoozed_until"])
    _publish(row, Event.RECOMMENDATION_ACCEPTED, at)
    return order


def _due(row: Recommendation, at: datetime) -> datetime:
    asked = levels.terms(organization_id=row.organization_id, priority=row.urgency, at=at)
    return min(row.suggested_due_at, asked.due_at or row.suggested_due_at)


def _title(row: Recommendation) -> str:
    if row.source == Source.OVERDUE:
        return f"Catch up on {row.failure_mode}"
    return f"Check for {row.failure_mode}"


def _join(order: WorkOrder, row: Recommendation) -> WorkOrder:
    """The open order, which now says what else it is to deal with."""
    order = WorkOrder.objects.select_for_update(of=("self",)).get(pk=order.pk)
    if not order.is_open:
        raise MergeRefused(
            f"{order.number} is {order.get_status_display().lower()}. Choose an open order,"
            " or make a new one."
        )
    if not order.lines.filter(asset=row.asset_id).exists():
        raise MergeRefused(
            f"{order.number} does not serve {row.asset.tag}. Choose an order of this asset,"
            " or make a new one."
        )
    order.description = f"{order.description}\n\nAlso check for {row.failure_mode}: {row.reason}"
    if said := advice.waiting(row):
        order.description += f" {said}"
    order.description = order.description.strip()
    before = order.priority
    order.priority = max(order.priority, row.urgency, key=URGENCIES.index)
    order.save(update_fields=["description", "priority"])
    return levels.renew(work_order=order) if order.priority != before else order


@transaction.atomic
def dismiss(
    *, recommendation: Recommendation, by: User, at: datetime, reason: str
) -> Recommendation:
    """Close the recommendation and its anomalies without work. Raises RecommendationClosed."""
    row = _lock_open(recommendation)
    row.status, row.decided_at, row.decided_by = Status.DISMISSED, at, by
    row.closed_at, row.dismiss_reason, row.snoozed_until = at, reason, None
    row.save(
        update_fields=[
            "status",
            "decided_at",
            "decided_by",
            "closed_at",
            "dismiss_reason",
            "snoozed_until",
        ]
    )
    undealt = row.anomalies.undealt()
    closed = sorted(undealt.values_list("pk", flat=True))
    undealt.update(closed_at=at, closed_by=by)
    _publish(row, Event.RECOMMENDATION_DISMISSED, at, closed_anomalies=closed)
    return row


@transaction.atomic
def snooze(
    *, recommendation: Recommendation, at: datetime, until: datetime | None
) -> Recommendation:
    """Put the decision off; it comes back at `until`, or when it becomes more urgent.

    With None a snoozed one is back at once. Raises RecommendationClosed.
    """
    row = _lock_open(recommendation)
    row.snoozed_until = until if until is not None and until > at else None
    row.save(update_fields=["snoozed_until"])
    return row


@transaction.atomic
def wake(*, organization_id: int, at: datetime) -> int:
    """Bring back what was snoozed until now, and tell who decides; returns how many.

    The list shows them from their moment on, whether or not this has run.
    """
    due = Recommendation.objects.select_for_update(no_key=True, of=("self",), skip_locked=True)
    rows = list(
        due.filter(organization=organization_id, snoozed_until__lte=at)
        .select_related("asset")
        .order_by("pk")
    )
    for row in rows:
        row.snoozed_until = None
    Recommendation.objects.bulk_update(rows, ["snoozed_until"], batch_size=500)
    for row in rows:
        tell_planners(row, woken_message(row, at), at=at)
    return len(rows)


def _publish(row: Recommendation, event: Event, at: datetime, **more: list[int]) -> None:
    happening = recommendation_event(row, event, at=at, **more)
    publish(organization=row.organization_id, happenings=[happening], at=at)


def _lock_open(recommendation: Recommendation) -> Recommendation:
    locked = (
        Recommendation.objects.select_for_update(of=("self",))
        .select_related("asset__site", "organization", "job_plan")
        .get(pk=recommendation.pk)
    )
    if locked.status != Status.OPEN:
        raise RecommendationClosed
    return locked
