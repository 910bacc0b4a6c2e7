from datetime import timedelta
from typing import Any

from celery import shared_task
from django.utils import timezone

from notifications import services
from notifications.services import delivery, webhooks
from opssight.core.walls import organization_ids

BATCH = 100
EXPIRES = 60
"""Seconds after which a delivery is dropped from a long queue: the next beat asks again."""

WEBHOOKS_EXPIRE = 30
AT_A_RECEIVER = timedelta(minutes=1)


@shared_task
def deliver_pending(**_: Any) -> None:
    """Fan out: one task for each organization."""
    for pk in organization_ids():
        deliver_pending_of.apply_async(kwargs={"organization_id": pk}, expires=EXPIRES)


@shared_task
def deliver_pending_of(*, organization_id: int, **_: Any) -> int:
    """Work off the organization's outbox, a batch at a time."""
    delivered = 0
    while batch := services.deliver_pending(
        organization_id=organization_id, at=timezone.now(), limit=BATCH
    ):
        delivered += batch
        if batch < BATCH:
            break
    return delivered


@shared_task
def deliver_webhooks(**_: Any) -> None:
    """Fan out: one task for each organization."""
    for pk in organization_ids():
        deliver_webhooks_of.apply_async(kwargs={"organization_id": pk}, expires=WEBHOOKS_EXPIRE)


@shared_task
def deliver_webhooks_of(*, organization_id: int, **_: Any) -> None:
    """Fan out: one task for each webhook with something to send, so that none waits for another."""
    for pk in delivery.due_webhooks(organization_id=organization_id, at=timezone.now()):
        deliver_webhook.apply_async(
            kwargs={"organization_id": organization_id, "webhook_id": pk}, expires=WEBHOOKS_EXPIRE
        )


@shared_task
def deliver_webhook(*, organization_id: int, webhook_id: int, **_: Any) -> int:
    """Send what is due to one receiver. Returns how many requests were made.

    Ends after a minute, or when the receiver gives no answer: the next beat goes on.
    """
    end = timezone.now() + AT_A_RECEIVER
    sent = 0
    while timezone.now() < end:
        outcome = delivery.deliver_next(webhook_id=webhook_id, clock=timezone.now)
        if outcome is None:
            break
        sent += 1
        if outcome.status is None:
            break
    return sent


@shared_task
def prune_webhooks(**_: Any) -> None:
    """Fan out: one task for each organization."""
    for pk in organization_ids():
        prune_webhooks_of.delay(organization_id=pk)


@shared_task
def prune_webhooks_of(*, organization_id: int, **_: Any) -> int:
    return webhooks.prune(organization_id=organization_id, at=timezone.now())
