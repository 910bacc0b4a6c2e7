"""`POST /api/assets/{id}/readings`: readings of one asset, by the rules for every way in."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import serializers, status
from rest_framework.exceptions import APIException, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from assets.api.series import AssetReadingsMixin
from assets.models import Asset
from maintenance.api import assets
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission
from opssight.core.api.schema import describe
from telemetry.api.intake import unavailable
from telemetry.formats.items import read_items
from telemetry.models import Way
from telemetry.services import pressure
from telemetry.services.intake import Batch, take

LARGEST_BATCH = 10_000
NEEDED = {"sensor", "time", "value"}


class BatchTooLarge(APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = f"The body is too large. Send at most {LARGEST_BATCH:,} readings at a time."
    default_code = "too_large"


READING = {
    "type": "object",
    "required": ["sensor", "time", "value"],
    "properties": {
        "sensor": {"type": "string", "description": "The sensor's key on this asset."},
        "time": {
            "type": ["string", "number"],
            "description": "ISO 8601 with a time zone, or since 1970 in s, ms, us or ns.",
        },
        "value": {"type": ["number", "boolean"]},
        "unit": {"type": "string", "description": "Where it is not the sensor's: it is converted."},
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
    accepted = serializers.IntegerField(help_text="Stored, held or dropped on purpose.")
    inserted = serializers.IntegerField(help_text="New ones.")
    updated = serializers.IntegerField(help_text="Ones whose stored value was corrected.")
    held = serializers.IntegerField(help_text="Held until somebody says which sensor they are of.")
    dropped = serializers.IntegerField(help_text="Of names whose readings nobody wants.")
    rejected = RejectedReading(many=True)


@extend_schema_view(**describe("asset", "assets", edit=True))
class AssetViewSet(assets.AssetViewSet):
    __doc__ = assets.AssetViewSet.__doc__
    write_permissions = {
        **assets.AssetViewSet.write_permissions,
        "store_readings": (Permission.READINGS_WRITE,),
    }
    rate_classes = {**assets.AssetViewSet.rate_classes, "store_readings": "expensive"}
    busy_actions = ("store_readings",)

    @extend_schema(
        summary="Store readings of an asset",
        description=(
            f"Up to {LARGEST_BATCH:,} readings. Those that follow the rules are stored, the others "
            "are listed with the reason: the answer is 200 in both cases. Sending a batch again "
            "changes nothing; a reading of a stored sensor and time corrects its value. What comes"
            " of a sensor that the asset does not have is treated by the telemetry policy."
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
                    "held": 0,
                    "dropped": 0,
                    "rejected": [{"index": 1, "reason": "nan is not a finite number."}],
                },
            ),
        ],
    )
    @AssetReadingsMixin.readings.mapping.post
    def store_readings(self, request: Request, pk: str | None = None) -> Response:
        """Store readings of this asset."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdecimal() or int(length) > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
            raise BatchTooLarge
        asset = self.get_object()
        items = _items(request.data)
        try:
            with pressure.slot(), pressure.bounded():
                return Response(_store(asset, items, by=self.user, at=timezone.now()))
        except pressure.Busy as busy:
            raise unavailable(busy) from busy


def _items(body: Any) -> list[Any]:
    batch = body.get("readings") if isinstance(body, Mapping) else None
    if not isinstance(batch, list):
        raise ValidationError({"readings": ["Send a list of readings."]})
    if len(batch) > LARGEST_BATCH:
        raise ValidationError(
            {"readings": [f"There are {len(batch):,} readings. Send at most {LARGEST_BATCH:,}."]}
        )
    return batch


def _store(asset: Asset, items: list[Any], *, by: User, at: datetime) -> dict[str, Any]:
    """Take the readings in by the names `<tag>/<sensor>`."""
    rejected = {
        index: "A reading needs sensor, time and value."
        for index, item in enumerate(items)
        if not isinstance(item, dict) or not item.keys() >= NEEDED
    }
    good = [index for index in range(len(items)) if index not in rejected]
    named = [
        {"asset": asset.tag, **{key: items[index].get(key) for key in (*NEEDED, "unit")}}
        for index in good
    ]
    columns = read_items(named)
    batch = Batch(
        known=columns.known,
        names=columns.names,
        times=columns.times,
        values=columns.values,
        units=columns.units,
        naive=columns.naive,
        places=columns.places,
    )
    account = take(organization_id=asset.organization_id, way=Way.JSON, batch=batch, by=by, at=at)
    rejected |= {good[item.place]: item.reason for item in columns.unread}
    rejected |= {good[item.place]: item.reason for item in account.refused}
    return {
        "accepted": account.accepted,
        "inserted": account.stored.inserted,
        "updated": account.stored.updated,
        "held": account.held,
        "dropped": account.dropped,
        "rejected": [{"index": index, "reason": rejected[index]} for index in sorted(rejected)],
    }
