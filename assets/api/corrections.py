"""Readings of one sensor that are put right: a value corrected, a time deleted."""

from datetime import datetime
from typing import Any

from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from assets.api.series import SensorReadingsMixin
from assets.api.windows import time_of
from assets.models import Sensor
from assets.services import corrections
from opssight.core.api.fields import FloatField, UtcDateTimeField
from opssight.core.api.problems import conflict_on

TOO_MANY = (
    f"There are more than {corrections.MOST_AT_ONCE:,} readings in this time."
    " Delete them in shorter parts."
)
TIME = "2026-03-01T12:00:00Z"


class CorrectionSerializer(serializers.Serializer[Any]):
    time = UtcDateTimeField(help_text="Of the reading; it stays as it is.")
    value = FloatField(help_text="What it should have been, in the sensor's unit.")


class CorrectedSerializer(CorrectionSerializer):
    before = FloatField(help_text="The value until now.")


class DeletedSerializer(serializers.Serializer[Any]):
    deleted = serializers.IntegerField(help_text="Readings that were there.")


class CorrectionsMixin(SensorReadingsMixin):
    """`readings` of the sensor viewset, written. `write_permissions` says who may."""

    @extend_schema(
        summary="Correct a reading",
        description=(
            "Gives the reading of this very time another value. Figures of its hour and day follow,"
            " and the audit trail tells of it. To store readings, send them to the asset."
        ),
        request=CorrectionSerializer,
        responses={200: CorrectedSerializer},
        examples=[
            OpenApiExample("A wrong value", request_only=True, value={"time": TIME, "value": 61.5}),
            OpenApiExample(
                "Corrected",
                response_only=True,
                value={"time": TIME, "value": 61.5, "before": 6150.0},
            ),
        ],
    )
    @SensorReadingsMixin.readings.mapping.put
    def correct_reading(self, request: Request, pk: str | None = None) -> Response:
        """Correct one reading of this sensor."""
        sensor: Sensor = self.get_object()
        body = CorrectionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            before = corrections.correct(sensor=sensor, **body.validated_data)
        except corrections.NoSuchReading:
            raise NotFound("The sensor has no reading of this time.") from None
        except corrections.ImpossibleValue as error:
            raise ValidationError({"value": [str(error)]}, code="rule") from None
        return Response(CorrectedSerializer({**body.validated_data, "before": before}).data)

    @extend_schema(
        summary="Delete readings",
        description=(
            "Deletes the sensor's readings in [`from`, `to`). Figures of hours and days follow, and"
            f" the audit trail tells of it. At most {corrections.MOST_AT_ONCE:,} at once."
        ),
        parameters=[
            OpenApiParameter("from", datetime, required=True),
            OpenApiParameter("to", datetime, required=True),
        ],
        request=None,
        responses={200: DeletedSerializer},
        examples=[OpenApiExample("One hour", response_only=True, value={"deleted": 60})],
        filters=False,
    )
    @SensorReadingsMixin.readings.mapping.delete
    def delete_readings(self, request: Request, pk: str | None = None) -> Response:
        """Delete readings of this sensor."""
        sensor: Sensor = self.get_object()
        start, end = (_required(request, name) for name in ("from", "to"))
        if start >= end:
            raise ValidationError({"from": ["It must lie before `to`."]}, code="rule")
        with conflict_on(corrections.TooManyReadings, detail=TOO_MANY):
            count = corrections.delete(sensor=sensor, start=start, end=end)
        return Response({"deleted": count})


def _required(request: Request, name: str) -> Any:
    moment = time_of(request, name)
    if moment is None:
        raise ValidationError({name: ["Say from when to when readings are to be deleted."]})
    return moment
