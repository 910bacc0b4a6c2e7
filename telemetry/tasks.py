from typing import Any

from celery import shared_task
from django.utils import timezone

from opssight.core.walls import organization_ids
from telemetry.services.quality_advice import advise
from telemetry.services.quality_silence import watch_silence

EXPIRES = 300
"""Seconds after which a task is dropped from a long queue: the next beat asks for it again."""


@shared_task
def watch_data_quality(**_: Any) -> None:
    """Fan out: one task for each organization."""
    for pk in organization_ids():
        watch_organization.apply_async(kwargs={"organization_id": pk}, expires=EXPIRES)


@shared_task
def watch_organization(*, organization_id: int, **_: Any) -> int:
    """Safe to run twice: one open fault of a kind per sensor, one recommendation per asset."""
    at = timezone.now()
    watch_silence(organization_id=organization_id, at=at)
    return advise(organization_id=organization_id, at=at)
