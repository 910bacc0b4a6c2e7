from typing import Any

from celery import shared_task
from django.utils import timezone

from notifications import services

BATCH = 100


@shared_task
def deliver_pending(**_: Any) -> int:
    """Work off the outbox, a batch at a time."""
    delivered = 0
    while batch := services.deliver_pending(at=timezone.now(), limit=BATCH):
        delivered += batch
        if batch < BATCH:
            break
    return delivered
