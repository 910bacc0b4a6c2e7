"""Readings of one asset, taken in as batches."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from assets.api.series import AssetReadingsMixin
from assets.models import Asset, Sensor
from assets.services.readings import ingest
from assets.services.rules import time_problem, value_problem

LARGEST_BATCH = 10_000


class BatchTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"The body is too large. Send at most {LARGEST_BATCH:,} readings at a time."
    default_code = "too_large"


READING = {
    "type": "object",
    "required": ["sensor", "time", "value"],
    "properties": {
        "sensor": {"type": "string", "description": "The sensor's key on this asset."},
        "time": {"type": "string", "format": "date-time", "description": "With a time zone."},
        "value": {"type": "number", "description": "A finite number, in the sensor's unit."},
    },
}


@extend_schema_field(
    {
        "type": "array",
        "maxItems": LARGEST_BATCH,
        "items": {"anyOf": [READING, {"description": "Anything else: it is listed as rejected."}]},
    }
)
class ReadingsField(serializers.ListField):
    """Readings; one that is wrong does not keep the others out."""


class ReadingBatch(serializers.Serializer[Any]):
    readings = ReadingsField(help_text=f"At most {LARGEST_BATCH:,}.")


class RejectedReading(serializers.Serializer[Any]):
    index = serializers.IntegerField(help_text="Place in the batch, from 0.")
    reason = serializers.CharField()


class BatchResult(serializers.Serializer[Any]):
    accepted = serializers.IntegerField(help_text="Readings that follow the rules.")
    inserted = serializers.IntegerField(help_text="New ones.")
    updated = serializers.IntegerField(help_text="Ones whose stored value was corrected.")
    rejected = RejectedReading(many=True)


class ReadingsMixin(AssetReadingsMixin):
    """`readings` of the asset viewset. Who may write them is in its `write_permissions`."""

    @extend_schema(
        summary="Store readings of an asset",
        description=(
            f"Up to {LARGEST_BATCH:,} readings. Those that follow the rules are stored, the others "
            "are listed with the reason: the answer is 200 in both cases. Sending a batch again "
            "changes nothing; a reading of a stored sensor and time corrects its value."
        ),
        request=ReadingBatch,
        responses={200: BatchResult},
        examples=[
            OpenApiExample(
                "Two readings",
                request_only=True,
                value={
                    "readings": [
                        {"sensor": "vibration_de", "time": "2026-03-01T12:00:00Z", "value": 2.8},
                        {"sensor": "temperature", "time": "2026-03-01T12:00:00Z", "value": 61.5},
                    ]
                },
            ),
            OpenApiExample(
                "One refused",
                response_only=True,
                value={
                    "accepted": 1,
                    "inserted": 1,
                    "updated": 0,
                    "rejected": [{"index": 1, "reason": "P-101A has no sensor 'temperature'."}],
                },
            ),
        ],
    )
    @AssetReadingsMixin.readings.mapping.post
    def store_readings(self, request: Request, pk: str | None = None) -> Response:
        """Store readings of this asset."""
        _check_size(request)
        asset = self.get_object()
        return Response(_store(asset, request.data, at=timezone.now()))


def _check_size(request: Request) -> None:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise BatchTooLarge


def _store(asset: Asset, body: Any, *, at: datetime) -> dict[str, Any]:
    batch = body.get("readings") if isinstance(body, Mapping) else None
    if not isinstance(batch, list):
        raise ValidationError({"readings": ["Send a list of readings."]})
    if len(batch) > LARGEST_BATCH:
        raise ValidationError(
            {"readings": [f"There are {len(batch):,} readings. Send at most {LARGEST_BATCH:,}."]}
        )
    sensors = dict(Sensor.objects.filter(asset=asset).values_list("key", "pk"))
    rows: list[tuple[int, datetime, float]] = []
    rejected: list[dict[str, Any]] = []
    for index, item in enumerate(batch):
        try:
            rows.append(_reading(item, asset, sensors, at=at))
        except ValueError as error:
            rejected.append({"index": index, "reason": str(error)})
    result = ingest(rows=rows)
    return {
        "accepted": len(rows),
        "inserted": result.inserted,
        "updated": result.updated,
        "rejected": rejected,
    }


def _reading(
    item: Any, asset: Asset, sensors: Mapping[str, int], *, at: datetime
) -> tuple[int, datetime, float]:
    """One entry of a batch. Raises ValueError with the reason for which it is refused."""
    if not isinstance(item, dict) or not {"sensor", "time", "value"} <= item.keys():
        raise ValueError("A reading needs sensor, time and value.")
    key = item["sensor"]
    sensor = sensors.get(key) if isinstance(key, str) else None
    if sensor is None:
        raise ValueError(f"{asset.tag} has no sensor {str(key)[:100]!r}.")
    time = _moment(item["time"])
    value = _number(item["value"])
    problem = time_problem(time, at=at) or value_problem(value)
    if problem is not None:
        raise ValueError(problem)
    return sensor, time, value


def _moment(text: Any) -> datetime:
    try:
        time = parse_datetime(text) if isinstance(text, str) else None
    except ValueError:
        time = None
    if time is None:
        raise ValueError(f"{str(text)[:40]!r} is not a time such as 2026-03-01T12:00:00Z.")
    return time


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{str(value)[:40]!r} is not a number.")  # noqa: TRY004 (one answer)
    try:
        return float(value)
    except OverflowError:
        raise ValueError("The number is too large.") from None
