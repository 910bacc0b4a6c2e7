from typing import Any

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from opssight.core.walls import organization_ids
from opssight.demo import live


@shared_task
def append_readings(**_: Any) -> None:
    """Fan out: one of the organizations is the demo plant."""
    if settings.DEMO:
        for pk in organization_ids():
            append_readings_of.apply_async(kwargs={"organization_id": pk}, expires=60)


@shared_task
def append_readings_of(*, organization_id: int, **_: Any) -> int:
    """Safe to run twice: a reading is a function of its sensor and time."""
    return live.append_readings(at=timezone.now())
