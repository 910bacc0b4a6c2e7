from datetime import datetime
from typing import Any

from celery import shared_task
from django.utils import timezone

from anomalies import queries, services
from anomalies.services import limits
from opssight.core.walls import organization_ids
from telemetry.services.quality import look

EXPIRES = 300
"""Seconds after which a chunk is dropped from a long queue: the next beat asks for it again."""


@shared_task
def score_new_readings(**_: Any) -> None:
    """Fan out: one task for each organization."""
    for pk in organization_ids():
        score_organization.apply_async(kwargs={"organization_id": pk}, expires=EXPIRES)


@shared_task
def score_organization(*, organization_id: int, **_: Any) -> None:
    """One task per chunk of sensors with unread readings, so that workers share the load."""
    for sensor_ids in queries.chunks_to_score(organization_id):
        score_chunk.apply_async(
            kwargs={"organization_id": organization_id, "sensor_ids": sensor_ids}, expires=EXPIRES
        )
    services.end_silent(organization_id=organization_id, at=timezone.now())
    limits.end_silent_alarms(organization_id=organization_id, at=timezone.now())


@shared_task
def score_chunk(*, organization_id: int, sensor_ids: list[int], **_: Any) -> int:
    """Safe to run twice and at once: each sensor goes on from its own watermark.

    First the data is looked at: what cannot be trusted says nothing of a machine.
    """
    at = timezone.now()
    look(sensor_ids=sensor_ids, at=at)
    return services.score_sensors(sensor_ids=sensor_ids, at=at)


@shared_task
def rescore_sensors(
    *, organization_id: int, sensor_ids: list[int], start: str, end: str, **_: Any
) -> int:
    """Score a range again, sensor by sensor; returns the anomalies found. Safe to run twice.

    start, end: ISO 8601 with an offset.
    """
    found = 0
    for pk in sensor_ids:
        one = services.rescore(
            sensor_id=pk,
            start=datetime.fromisoformat(start),
            end=datetime.fromisoformat(end),
            at=timezone.now(),
        )
        found += one.new + one.again
    return found
