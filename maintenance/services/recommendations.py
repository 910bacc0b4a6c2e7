"""Advice: opened or joined by anomalies, accepted or dismissed by planners."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from assets.models import Asset
from maintenance.models import MaintenanceType, Recommendation, Technician, Urgency, WorkOrder
from maintenance.services.events import Event, recommendation_event
from maintenance.services.messages import tell_planners
from maintenance.services.work_orders import create_work_order
from notifications.models import Notification
from notifications.services import Message, publish
from opssight.accounts.models import User

QUIET_AFTER_DISMISSAL = timedelta(hours=24)
URGENCIES = list(Urgency.values)


class RecommendationClosed(Exception):
    """Somebody accepted or dismissed the recommendation before."""


@transaction.atomic
def recommend(
    *,
    asset: Asset,
    failure_mode: str,
    reason: str,
    urgency: Urgency,
    suggested_due_at: datetime,
    at: datetime,
    symptoms: Collection[str] = (),
) -> Recommendation:
    """Open a recommendation, or join the live one of this asset and failure mode.

    `symptoms` are failure modes that this one explains: a live one of theirs is joined too, and
    renamed while nobody has accepted it. Joining never lowers the urgency and never postpones.
    For a day after a dismissal the dismissed one is returned instead, so that a flapping signal
    does not ask again at once.
    """
    recommendation = _live(asset, failure_mode, symptoms)
    created = False
    if recommendation is None:
        dismissed = _about(asset, [failure_mode]).filter(
            status=Recommendation.Status.DISMISSED, closed_at__gt=at - QUIET_AFTER_DISMISSAL
        )
        if (quiet := dismissed.order_by("-closed_at").first()) is not None:
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
    is_open = recommendation.status == Recommendation.Status.OPEN
    if is_open and recommendation.failure_mode in set(symptoms) - {failure_mode}:
        recommendation.failure_mode, recommendation.reason = failure_mode, reason
        recommendation.save(update_fields=["failure_mode", "reason"])
    if created:
        tell_planners(
            recommendation,
            Message(
                event=Notification.Event.RECOMMENDATION_OPENED,
                subject=f"{asset.tag}: check for {failure_mode} ({urgency} urgency)",
                body=reason,
                url=recommendation.get_absolute_url(),
                dedupe_key=f"recommendation-{recommendation.pk}-opened",
                asset=asset.pk,
            ),
            at=at,
        )
        _publish(recommendation, Event.RECOMMENDATION_OPENED, at)
    elif URGENCIES.index(urgency) > URGENCIES.index(recommendation.urgency):
        recommendation.urgency, recommendation.reason = urgency, reason
        recommendation.suggested_due_at = min(recommendation.suggested_due_at, suggested_due_at)
        recommendation.save(update_fields=["urgency", "reason", "suggested_due_at"])
    return recommendation


def _about(asset: Asset, failure_modes: Collection[str]) -> QuerySet[Recommendation]:
    """Those of an asset that carry one of the failure modes, or that an anomaly of it supports."""
    return Recommendation.objects.filter(
        Q(failure_mode__in=failure_modes) | Q(anomalies__failure_mode__in=failure_modes),
        asset=asset,
    ).distinct()


def _live(asset: Asset, failure_mode: str, symptoms: Collection[str]) -> Recommendation | None:
    """The live one to join: that of the failure mode itself, else the oldest of its symptoms.

    Locked, so that nobody closes it before what joins it is saved.
    """
    about = _about(asset, {failure_mode, *symptoms}).filter(status__in=Recommendation.LIVE)
    locked = Recommendation.objects.live().select_for_update(no_key=True)
    return min(
        locked.filter(pk__in=about.values("pk")).order_by("pk"),
        key=lambda row: (row.failure_mode != failure_mode, row.opened_at, row.pk),
        default=None,
    )


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
    order = create_work_order(
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
    recommendation.status = Recommendation.Status.ACCEPTED
    recommendation.decided_at, recommendation.decided_by = at, by
    recommendation.work_order, recommendation.snoozed_until = order, None
    recommendation.save(
        update_fields=["status", "decided_at", "decided_by", "work_order", "snoozed_until"]
    )
    _publish(recommendation, Event.RECOMMENDATION_ACCEPTED, at)
    return order


@transaction.atomic
def dismiss(
    *, recommendation: Recommendation, by: User, at: datetime, reason: str
) -> Recommendation:
    """Close the recommendation and its anomalies without work. Raises RecommendationClosed."""
    recommendation = _lock_open(recommendation)
    recommendation.status = Recommendation.Status.DISMISSED
    recommendation.decided_at, recommendation.decided_by = at, by
    recommendation.closed_at, recommendation.dismiss_reason = at, reason
    recommendation.snoozed_until = None
    recommendation.save(
        update_fields=[
            "status",
            "decided_at",
            "decided_by",
            "closed_at",
            "dismiss_reason",
            "snoozed_until",
        ]
    )
    undealt = recommendation.anomalies.undealt()
    closed = sorted(undealt.values_list("pk", flat=True))
    undealt.update(closed_at=at, closed_by=by)
    _publish(recommendation, Event.RECOMMENDATION_DISMISSED, at, closed_anomalies=closed)
    return recommendation


def _publish(row: Recommendation, event: Event, at: datetime, **more: list[int]) -> None:
    happening = recommendation_event(row, event, at=at, **more)
    publish(organization=row.organization_id, happenings=[happening], at=at)


def _lock_open(recommendation: Recommendation) -> Recommendation:
    locked = (
        Recommendation.objects.select_for_update(of=("self",))
        .select_related("asset__site", "organization")
        .get(pk=recommendation.pk)
    )
    if locked.status != Recommendation.Status.OPEN:
        raise RecommendationClosed
    return locked
