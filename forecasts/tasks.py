from collections.abc import Iterator
from typing import Any

from celery import shared_task
from django.utils import timezone

from assets.models import Asset
from forecasts import services
from forecasts.queries.lives import categories
from forecasts.services import outcomes
from opssight.core.walls import organization_ids

CHUNK = 25
"""Assets that one task forecasts or rates."""

PREDICTED = 200
"""Assets whose remaining life one task predicts."""

NIGHT = 6 * 3600
"""Seconds within which models are learned, or not before the next night."""

LONGEST = 45 * 60
"""Seconds that one training may take: less than the broker waits before it asks again."""

EXPIRES = 900
"""Seconds after which a chunk is dropped from a long queue: the next beat asks for it again."""


@shared_task
def judge_forecasts(**_: Any) -> None:
    """Fan out, each night: one task for each organization."""
    for pk in organization_ids():
        judge_organization.apply_async(kwargs={"organization_id": pk}, expires=NIGHT)


@shared_task
def judge_organization(*, organization_id: int, **_: Any) -> int:
    """Safe to run twice: past forecasts are compared with what came once; then the model is."""
    at = timezone.now()
    scored = services.score_forecasts(organization_id=organization_id, at=at)
    services.check_drift(organization_id=organization_id, at=at)
    return scored


@shared_task
def train_forecasts(**_: Any) -> None:
    """Fan out, each night: one task for each organization."""
    for pk in organization_ids():
        train_organization.apply_async(kwargs={"organization_id": pk}, expires=NIGHT)


@shared_task(time_limit=LONGEST)
def train_organization(*, organization_id: int, **_: Any) -> int | None:
    """Safe to run twice: the same hours are learned from once. Returns the model's id."""
    made = services.learn_forecasts(organization_id=organization_id, at=timezone.now())
    return None if made is None else made.pk


@shared_task
def refresh_forecasts(**_: Any) -> None:
    """Fan out: one task for each organization."""
    for pk in organization_ids():
        forecast_organization.delay(organization_id=pk)


@shared_task
def forecast_organization(*, organization_id: int, **_: Any) -> None:
    """One task per chunk of assets, so that workers share the load."""
    for asset_ids in _chunks(organization_id):
        forecast_assets.delay(organization_id=organization_id, asset_ids=asset_ids)


@shared_task
def forecast_assets(*, organization_id: int, asset_ids: list[int], **_: Any) -> int:
    """Safe to run twice: one forecast per sensor and hour, and advice where it is bad news."""
    at = timezone.now()
    made = services.refresh_forecasts(asset_ids=asset_ids, at=at)
    services.recommend_crossings(asset_ids=asset_ids, at=at)
    return made


@shared_task
def refresh_risk(**_: Any) -> None:
    """Fan out: one task for each organization."""
    for pk in organization_ids():
        rate_organization.apply_async(kwargs={"organization_id": pk}, expires=EXPIRES)


@shared_task
def rate_organization(*, organization_id: int, **_: Any) -> None:
    """One task per chunk of assets, so that workers share the load."""
    for asset_ids in _chunks(organization_id):
        rate_assets.apply_async(
            kwargs={"organization_id": organization_id, "asset_ids": asset_ids}, expires=EXPIRES
        )


@shared_task
def rate_assets(*, organization_id: int, asset_ids: list[int], **_: Any) -> int:
    """Safe to run twice: one score per asset and day, and advice where it is high and rising."""
    at = timezone.now()
    rated = services.refresh_risk(asset_ids=asset_ids, at=at)
    services.recommend_short_lives(asset_ids=asset_ids, at=at)
    services.recommend_rising_risk(asset_ids=asset_ids, at=at)
    services.expect_failures(asset_ids=asset_ids, at=at)
    return rated


@shared_task
def learn_lives(**_: Any) -> None:
    """Fan out: one task for each class of machines of each organization, every night."""
    for pk in organization_ids():
        learn_lives_of_organization.delay(organization_id=pk)


@shared_task
def learn_lives_of_organization(*, organization_id: int, **_: Any) -> None:
    for category in categories(organization_id):
        learn_class.delay(organization_id=organization_id, category=category)


@shared_task
def learn_class(*, organization_id: int, category: str, **_: Any) -> None:
    """Safe to run twice: with nothing new to learn it does nothing."""
    # With the compiler and the learning, which the web process is spared.
    from forecasts.services import chances, lives  # noqa: PLC0415

    at = timezone.now()
    lives.learn_class(organization_id=organization_id, category=category, at=at)
    chances.learn_chances(organization_id=organization_id, category=category, at=at)


@shared_task
def predict_lives(**_: Any) -> None:
    """Fan out: one task for each organization."""
    for pk in organization_ids():
        predict_organization.apply_async(kwargs={"organization_id": pk}, expires=EXPIRES)


@shared_task
def predict_organization(*, organization_id: int, **_: Any) -> None:
    for asset_ids in _chunks(organization_id, PREDICTED):
        predict_assets.apply_async(
            kwargs={"organization_id": organization_id, "asset_ids": asset_ids}, expires=EXPIRES
        )


@shared_task
def predict_assets(*, organization_id: int, asset_ids: list[int], **_: Any) -> int:
    """Safe to run twice: what was said is judged by what came, then one prediction a day."""
    # With the compiler, which the web process is spared.
    from forecasts.services import predicting  # noqa: PLC0415

    at = timezone.now()
    outcomes.score(asset_ids=asset_ids, at=at)
    return predicting.predict(asset_ids=asset_ids, at=at)


def _chunks(organization_id: int, size: int = CHUNK) -> Iterator[list[int]]:
    assets = Asset.objects.filter(organization=organization_id)
    kept = assets.exclude(status=Asset.Status.RETIRED).order_by("pk")
    ids = list(kept.values_list("pk", flat=True))
    for start in range(0, len(ids), size):
        yield ids[start : start + size]
