from celery import shared_task
from django.utils import timezone

from opssight.audit import services

MOST_ROUNDS = 50


@shared_task
def seal_entries() -> int:
    """Chain the new entries of all organizations."""
    sealed = 0
    for _ in range(MOST_ROUNDS):
        count = services.seal()
        sealed += count
        if not count:
            break
    return sealed


@shared_task
def remove_old_entries() -> int:
    """Remove what is older than the retention."""
    return services.purge(at=timezone.now())
