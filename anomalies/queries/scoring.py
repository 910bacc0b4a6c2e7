"""The sensors that have readings to be scored."""

from collections.abc import Iterable, Sequence

from django.db.models import F, Q

from assets.models import Sensor

CHUNK = 50
"""Sensors that one task scores."""


def sensors_to_score(organization_id: int) -> list[int]:
    """Ids of active sensors with readings that no detector has seen, asset by asset."""
    unseen = Q(detector_state=None) | Q(last_time__gt=F("detector_state__watermark"))
    sensors = Sensor.objects.filter(
        unseen, organization=organization_id, is_active=True, last_time__isnull=False
    )
    return list(sensors.order_by("asset_id", "pk").values_list("pk", flat=True))


def in_chunks(ids: Sequence[int], size: int = CHUNK) -> Iterable[list[int]]:
    """
    >>> list(in_chunks([1, 2, 3], size=2))
    [[1, 2], [3]]
    """
    for start in range(0, len(ids), size):
        yield list(ids[start : start + size])
