from typing import Any

from celery import shared_task
from django.utils import timezone

from assets import services
from opssight.core.walls import organization_ids


@shared_task
def refresh_kpis(**_: Any) -> None:
    """Fan out: one task for each organization."""
    for pk in organization_ids():
        refresh_kpis_of.delay(organization_id=pk)


@shared_task
def refresh_kpis_of(*, organization_id: int, **_: Any) -> int:
    return services.refresh_kpis(organization_id=organization_id, at=timezone.now())
