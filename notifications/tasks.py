from typing import Any

from celery import shared_task
from django.utils import timezone

from notifications import services
from opssight.core.walls import organization_ids

BATCH = 100
EXPIRES = 60
"""Seconds after which a delivery is dropped from a long queue: the next beat asks again."""


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
