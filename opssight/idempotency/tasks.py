from celery import shared_task
from django.utils import timezone

from opssight.idempotency import services


@shared_task
def forget_idempotent_requests() -> int:
    """Delete kept answers that are older than a day."""
    return services.forget(at=timezone.now())
