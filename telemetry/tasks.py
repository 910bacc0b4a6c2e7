from typing import Any

from celery import shared_task
from django.utils import timezone

from assets.services import aggregates
from assets.services.retention import drop_chunks
from opssight.core.walls import organization_ids
from telemetry.services import retention
from telemetry.services.quality_advice import advise
from telemetry.services.quality_silence import watch_silence

EXPIRES = 300
"""Seconds after which a task is dropped from a long queue: the next beat asks for it again."""
PRUNING_EXPIRES = 6 * 3600
"""The same for what a beat asks for once a day."""


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


@shared_task
def refresh_aggregates(**_: Any) -> int:
    """Keep the figures of hours and days whose readings changed; safe to run twice and at once."""
    return aggregates.refresh(at=timezone.now())


@shared_task
def remove_old_readings(**_: Any) -> None:
    """Fan out: one task for each organization."""
    for pk in organization_ids():
        prune_organization.apply_async(kwargs={"organization_id": pk}, expires=PRUNING_EXPIRES)


@shared_task
def prune_organization(*, organization_id: int, **_: Any) -> None:
    """One task per chunk of sensors, where readings are kept for a limited time."""
    for sensor_ids in retention.sensors_to_prune(organization_id):
        prune_chunk.apply_async(
            kwargs={"organization_id": organization_id, "sensor_ids": sensor_ids},
            expires=PRUNING_EXPIRES,
        )


@shared_task
def prune_chunk(*, organization_id: int, sensor_ids: list[int], **_: Any) -> None:
    """Safe to run twice, and to stop: what is left goes the next night."""
    retention.prune(organization_id=organization_id, sensors=sensor_ids, at=timezone.now())


@shared_task
def drop_old_chunks(**_: Any) -> int:
    """Where the server is a TimescaleDB: give back what nobody keeps readings in."""
    return drop_chunks()
