"""Limits are set on a sensor, or taken from a template by many."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from anomalies.limits.standards import BY_CODE
from anomalies.models import LIMIT_RULE, LimitTemplate, SensorLimits
from assets.models import Sensor


@transaction.atomic
def set_limits(*, limits: SensorLimits, low: float | None, high: float | None) -> None:
    """Keep what somebody set on one sensor, as validated. New readings are judged by it."""
    sensor = limits.sensor
    sensor.low_limit, sensor.high_limit = low, high
    sensor.save(update_fields=["low_limit", "high_limit"])
    _keep([limits])


@transaction.atomic
def apply(*, template: LimitTemplate, sensors: Iterable[Sensor]) -> int:
    """Give sensors the limits of the template; returns how many. What they had is replaced."""
    followers = list(sensors)
    for sensor in followers:
        sensor.low_limit, sensor.high_limit = template.low, template.high
    Sensor.objects.bulk_update(followers, ["low_limit", "high_limit"], batch_size=500)
    figures = {name: getattr(template, name) for name in LIMIT_RULE}
    _keep(
        [
            SensorLimits(
                organization_id=sensor.organization_id,
                asset_id=sensor.asset_id,
                sensor=sensor,
                template=template,
                **figures,
            )
            for sensor in followers
        ]
    )
    return len(followers)


def _keep(rows: list[SensorLimits]) -> None:
    SensorLimits.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["sensor"],
        update_fields=[*LIMIT_RULE, "template"],
        batch_size=500,
    )


def from_standard(*, organization_id: int, code: str) -> LimitTemplate:
    """The organization's template with the figures of a standard; made where there is none.

    Raises `KeyError` for an unknown code.
    """
    zones = BY_CODE[code]
    figures: dict[str, Any] = {
        "standard": zones.code,
        "quantity": zones.quantity,
        "unit": zones.unit,
        "category": zones.category,
        "high": zones.b_c,
        "high_high": zones.c_d,
        "note": zones.note,
    }
    known = LimitTemplate.objects.filter(organization=organization_id, standard=code).first()
    if known is not None:
        return known
    template, _ = LimitTemplate.objects.get_or_create(
        organization_id=organization_id, name=zones.name, defaults=figures
    )
    return template
