from collections.abc import Iterator
from typing import Any

from celery import shared_task
from django.utils import timezone

from assets.models import Asset
from forecasts import queries, services

EXPIRES = 900
"""Seconds after which a chunk is dropped from a long queue: the next beat asks for it again."""


@shared_task
def refresh_forecasts(**_: Any) -> None:
    """One task per chunk of assets, so that workers share the load."""
    for asset_ids in _chunks():
        forecast_assets.delay(asset_ids=asset_ids)


@shared_task
def forecast_assets(*, asset_ids: list[int], **_: Any) -> int:
    """Safe to run twice: one forecast per sensor and hour."""
    return services.refresh_forecasts(asset_ids=asset_ids, at=timezone.now())


@shared_task
def refresh_risk(**_: Any) -> None:
    """One task per chunk of assets, so that workers share the load."""
    for asset_ids in _chunks():
        rate_assets.apply_async(kwargs={"asset_ids": asset_ids}, expires=EXPIRES)


@shared_task
def rate_assets(*, asset_ids: list[int], **_: Any) -> int:
    """Safe to run twice: one score per asset and day."""
    return services.refresh_risk(asset_ids=asset_ids, at=timezone.now())


def _chunks() -> Iterator[list[int]]:
    assets = Asset.objects.exclude(status=Asset.Status.RETIRED).order_by("pk")
    ids = list(assets.values_list("pk", flat=True))
    for start in range(0, len(ids), queries.CHUNK):
        yield ids[start : start + queries.CHUNK]
