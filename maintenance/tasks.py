from typing import Any

from celery import shared_task
from django.utils import timezone

from maintenance import services
from maintenance.services import attachments
from opssight.core.walls import organization_ids


@shared_task
def generate_due_work_orders(**_: Any) -> None:
    """Fan out: one task for each organization."""
    for pk in organization_ids():
        plan_organization.delay(organization_id=pk)


@shared_task
def plan_organization(*, organization_id: int, **_: Any) -> int:
    """Next-due dates, then the orders that fall due; safe to run twice."""
    services.recalculate_due_dates(organization_id=organization_id)
    return services.generate_due_work_orders(organization_id=organization_id, at=timezone.now())


@shared_task
def remove_lost_files(**_: Any) -> None:
    """Fan out: one task for each organization."""
    for pk in organization_ids():
        remove_lost_files_of.delay(organization_id=pk)


@shared_task
def remove_lost_files_of(*, organization_id: int, **_: Any) -> int:
    return attachments.remove_lost_files(organization_id=organization_id, at=timezone.now())
