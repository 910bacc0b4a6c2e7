"""`GET /api/sensors/{id}/scores`: how strange the readings were."""

from typing import Any

import numpy as np
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from anomalies.queries.scores import scores_of
from assets.api import viewsets as assets
from assets.api.windows import PARAMETERS, window_of
from assets.binary import Floats, texts_of
from assets.models import Sensor
from opssight.core.api.schema import describe

DIGITS = 7
"""Scores are kept with four bytes."""


class SensorScores(serializers.Serializer[Any]):
    """Arrays of one length, oldest first."""

    sensor = serializers.IntegerField()
    asset = serializers.IntegerField()
    unit = serializers.CharField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    bucket_seconds = serializers.FloatField(
        allow_null=True, help_text="Width of the buckets; null where each point is one reading."
    )
    times = serializers.ListField(child=serializers.DateTimeField())
    score = serializers.ListField(
        child=serializers.FloatField(), help_text="1 is the alarm line; the highest of a bucket."
    )
    expected = serializers.ListField(
        child=serializers.FloatField(), help_text="Of a counter its rise per hour."
    )
    scale = serializers.ListField(
        child=serializers.FloatField(), help_text="The typical distance from what is expected."
    )


@extend_schema_view(**describe("sensor", "sensors", crud=True))
class SensorViewSet(assets.SensorViewSet):
    __doc__ = assets.SensorViewSet.__doc__
    rate_classes = {**assets.SensorViewSet.rate_classes, "scores": "expensive"}

    @extend_schema(
        summary="Read a sensor's scores",
        description=(
            "How strange its readings in [`from`, `to`) were, and what was expected. More than"
            " `max_points` of them come as equal buckets, with the highest score of each. Readings"
            " that were not judged have none: those it learns from, and those of a machine that"
            " does not run or of data that is not to be trusted."
        ),
        parameters=[one for one in PARAMETERS if one.name != "resolution"],
        responses=SensorScores,
        examples=[
            OpenApiExample(
                "Two readings",
                response_only=True,
                value={
                    "sensor": 1,
                    "asset": 1,
                    "unit": "mm/s",
                    "start": "2026-03-01T12:00:00Z",
                    "end": "2026-03-01T14:00:00Z",
                    "bucket_seconds": None,
                    "times": ["2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z"],
                    "score": [0.2, 1.4],
                    "expected": [2.8, 2.8],
                    "scale": [0.1, 0.1],
                },
            )
        ],
        filters=False,
    )
    @action(detail=True, methods=["get"], url_path="scores", filter_backends=[])
    def scores(self, request: Request, pk: str | None = None) -> Response:
        """Read the scores of this sensor."""
        sensor: Sensor = self.get_object()
        window = window_of(request, at=timezone.now())
        found = scores_of(sensor.pk, window.start, window.end, window.max_points)
        answer = {
            "sensor": sensor.pk,
            "asset": sensor.asset_id,
            "unit": sensor.unit,
            "start": window.start,
            "end": window.end,
            "bucket_seconds": found.bucket.total_seconds() if found.bucket else None,
            "times": texts_of(found.times),
        }
        columns = {name: _shown(getattr(found, name)) for name in ("score", "expected", "scale")}
        return Response({**answer, **columns})


def _shown(values: Floats) -> list[float]:
    """What four bytes hold, without the digits that they do not."""
    return [float(np.format_float_scientific(value, precision=DIGITS - 1)) for value in values]
