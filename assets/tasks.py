from celery import shared_task
from django.utils import timezone

from assets import services
from opssight.accounts.models import Organization


@shared_task
def refresh_kpis() -> None:
    """Fan out: one task for each organization."""
    for pk in Organization.objects.order_by("pk").values_list("pk", flat=True):
        refresh_kpis_of.delay(pk)


@shared_task
def refresh_kpis_of(organization_id: int) -> int:
    return services.refresh_kpis(organization_id=organization_id, at=timezone.now())
