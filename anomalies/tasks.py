from datetime import datetime
from typing import Any

from celery import shared_task
from django.utils import timezone

from anomalies import queries, services
from anomalies.queries import machines
from anomalies.queries import trends as trend_queries
from anomalies.queries.scoring import in_chunks
from anomalies.services import limits, scores, trends
from anomalies.services.lag import note_waiting, tell_of_lag
from anomalies.services.late import machines_with_late, sensors_with_late
from opssight.core.walls import organization_ids
from telemetry.services.quality import look

EXPIRES = 300
"""Seconds after which a chunk is dropped from a long queue: the next beat asks for it again."""

LATE_CHUNK = 20
"""Sensors or machines that one task scores again, each from its own past."""

WATCH_EXPIRES = 60
"""The same of watching, which the next beat does anew."""

REFIT_EXPIRES = 6 * 3600
"""The same of fitting machines, which has the night."""


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
    for asset_ids in in_chunks(machines.machines_to_score(organization_id), machines.SCORE_CHUNK):
        score_machines.apply_async(
            kwargs={"organization_id": organization_id, "asset_ids": asset_ids}, expires=EXPIRES
        )
    for sensor_ids in in_chunks(sensors_with_late(organization_id, timezone.now()), LATE_CHUNK):
        score_late_readings.apply_async(
            kwargs={"organization_id": organization_id, "sensor_ids": sensor_ids}, expires=EXPIRES
        )
    for asset_ids in in_chunks(machines_with_late(organization_id, timezone.now()), LATE_CHUNK):
        score_late_machines.apply_async(
            kwargs={"organization_id": organization_id, "asset_ids": asset_ids}, expires=EXPIRES
        )
    services.end_silent(organization_id=organization_id, at=timezone.now())
    limits.end_silent_alarms(organization_id=organization_id, at=timezone.now())


@shared_task
def watch_scoring(**_: Any) -> None:
    """Fan out: one task for each organization, in another queue than what it watches."""
    for pk in organization_ids():
        watch_scoring_of.apply_async(kwargs={"organization_id": pk}, expires=WATCH_EXPIRES)


@shared_task
def watch_scoring_of(*, organization_id: int, **_: Any) -> None:
    """Note what waits for scoring, and tell admins when it is too long. Safe to run twice."""
    at = timezone.now()
    note_waiting(organization_id, at)
    tell_of_lag(organization_id, at)


@shared_task
def score_chunk(*, organization_id: int, sensor_ids: list[int], **_: Any) -> int:
    """Safe to run twice and at once: each sensor goes on from its own watermark.

    First the data is looked at: what cannot be trusted says nothing of a machine.
    """
    at = timezone.now()
    look(sensor_ids=sensor_ids, at=at)
    return services.score_sensors(sensor_ids=sensor_ids, at=at)


@shared_task
def score_late_readings(*, organization_id: int, sensor_ids: list[int], **_: Any) -> int:
    """Score again where readings came late; returns for how many sensors. Safe to run twice."""
    return sum(services.score_late(sensor_id=pk, at=timezone.now()) for pk in sensor_ids)


@shared_task
def score_late_machines(*, organization_id: int, asset_ids: list[int], **_: Any) -> int:
    """The same of machines, by the models of today. Safe to run twice."""
    return sum(services.score_late_machine(asset_id=pk, at=timezone.now()) for pk in asset_ids)


@shared_task
def score_machines(*, organization_id: int, asset_ids: list[int], **_: Any) -> int:
    """Safe to run twice and at once: each asset goes on from its own watermark."""
    at = timezone.now()
    look(sensor_ids=machines.judged_sensors(asset_ids), at=at)
    return services.score_machines(asset_ids=asset_ids, at=at)


@shared_task
def refit_machines(**_: Any) -> None:
    """Fan out, each night: one task for each organization."""
    for pk in organization_ids():
        refit_organization.apply_async(kwargs={"organization_id": pk}, expires=REFIT_EXPIRES)


@shared_task
def refit_organization(*, organization_id: int, **_: Any) -> None:
    """One task per chunk of assets, so that workers share the load."""
    since = timezone.now() - machines.KNOWN
    for asset_ids in in_chunks(machines.assets_to_fit(organization_id, since), machines.FIT_CHUNK):
        refit_chunk.apply_async(
            kwargs={"organization_id": organization_id, "asset_ids": asset_ids},
            expires=REFIT_EXPIRES,
        )


@shared_task
def refit_chunk(*, organization_id: int, asset_ids: list[int], **_: Any) -> int:
    """Safe to run twice: the same readings give the same model."""
    return services.refit_machines(asset_ids=asset_ids, at=timezone.now())


@shared_task
def look_for_trends(**_: Any) -> None:
    """Fan out: one task for each organization."""
    for pk in organization_ids():
        look_for_trends_in.delay(organization_id=pk)


@shared_task
def look_for_trends_in(*, organization_id: int, **_: Any) -> None:
    """One task per chunk of sensors, so that workers share the load."""
    ids = trend_queries.sensors_with_days(organization_id, timezone.now())
    for sensor_ids in in_chunks(ids, trend_queries.CHUNK):
        look_for_trends_of.delay(organization_id=organization_id, sensor_ids=sensor_ids)


@shared_task
def look_for_trends_of(*, organization_id: int, sensor_ids: list[int], **_: Any) -> int:
    """Safe to run twice: a change that goes on stays the anomaly that it was."""
    return trends.look_for_trends(sensor_ids=sensor_ids, at=timezone.now())


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


@shared_task
def prune_scores(**_: Any) -> None:
    """Fan out: one task for each organization."""
    for pk in organization_ids():
        prune_scores_of.delay(organization_id=pk)


@shared_task
def prune_scores_of(*, organization_id: int, **_: Any) -> int:
    """Scores are kept as long as the readings that they are of. Safe to run twice."""
    return scores.prune(organization_id=organization_id, at=timezone.now())
