from typing import Any

from celery import shared_task
from django.utils import timezone

from anomalies import queries, services

EXPIRES = 300
"""Seconds after which a chunk is dropped from a long queue: the next beat asks for it again."""


@shared_task
def score_new_readings(**_: Any) -> None:
    """One task per chunk of sensors with unread readings, so that workers share the load."""
    for sensor_ids in queries.in_chunks(queries.sensors_to_score()):
        score_chunk.apply_async(kwargs={"sensor_ids": sensor_ids}, expires=EXPIRES)
    end_silent.apply_async(expires=EXPIRES)


@shared_task
def score_chunk(*, sensor_ids: list[int], **_: Any) -> int:
    """Safe to run twice and at once: each sensor goes on from its own watermark."""
    return services.score_sensors(sensor_ids=sensor_ids, at=timezone.now())


@shared_task
def end_silent(**_: Any) -> int:
    """Anomalies of sensors that send nothing any more come to their end."""
    return services.end_silent(at=timezone.now())
