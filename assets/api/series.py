"""Readings out: as series that fit a chart, and as files of single readings."""

from collections.abc import Sequence
from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from assets.api.windows import PARAMETERS, Window, window_of
from assets.binary import texts_of
from assets.models import Asset, Sensor
from assets.queries import Series, series_of
from assets.services.exports import readings_file

FILES = (
    "`text/csv` and `application/x-ndjson` (in `Accept`, or `format=csv` and `format=ndjson`) give"
    " all single readings of the window, as a file that the audit trail tells of."
)
ENVELOPES = (
    "Readings in [`from`, `to`), oldest first. A sensor with more than `max_points` of them answers"
    " with the mean, lowest and highest value of equal buckets; `gaps` are where nothing came for"
    " three usual intervals."
)
SERIES = {
    "sensor": 1,
    "key": "vibration_de",
    "unit": "mm/s",
    "resolution": "hour",
    "bucket_seconds": 3600.0,
    "times": ["2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z"],
    "mean": [2.8, 2.9],
    "low": [2.1, 2.2],
    "high": [3.6, 3.5],
    "gaps": [],
}
WINDOW = {"start": "2026-03-01T12:00:00Z", "end": "2026-03-01T14:00:00Z"}


class CsvRenderer(JSONRenderer):
    """Names the media type; the answer is streamed, and an error is a problem document."""

    media_type = "text/csv"
    format = "csv"


class NdjsonRenderer(JSONRenderer):
    media_type = "application/x-ndjson"
    format = "ndjson"


class GapSerializer(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


class SensorSeries(serializers.Serializer[Any]):
    sensor = serializers.IntegerField()
    key = serializers.CharField()
    unit = serializers.CharField()
    resolution = serializers.CharField(help_text="What the points are made of: raw, hour or day.")
    bucket_seconds = serializers.FloatField(
        allow_null=True, help_text="Width of the buckets; null where each point is one reading."
    )
    times = serializers.ListField(child=serializers.DateTimeField())
    mean = serializers.ListField(child=serializers.FloatField())
    low = serializers.ListField(child=serializers.FloatField())
    high = serializers.ListField(child=serializers.FloatField())
    gaps = GapSerializer(many=True, help_text="From when to when nothing came.")


class AssetSeries(serializers.Serializer[Any]):
    asset = serializers.IntegerField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    sensors = SensorSeries(many=True)


class OneSeries(SensorSeries):
    asset = serializers.IntegerField()
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()


def responses(body: type[serializers.Serializer[Any]]) -> dict[Any, Any]:
    return {
        (200, "application/json"): body,
        (200, "text/csv"): OpenApiTypes.STR,
        (200, "application/x-ndjson"): OpenApiTypes.STR,
    }


class FileFormats(GenericViewSet[Any]):
    """The action `readings`, read, also answers with files."""

    def get_renderers(self) -> list[BaseRenderer]:
        is_read = self.action == "readings" and self.request.method in ("GET", "HEAD")
        files: list[BaseRenderer] = [CsvRenderer(), NdjsonRenderer()] if is_read else []
        return [*super().get_renderers(), *files]


class AssetReadingsMixin(FileFormats):
    """`readings` of the asset viewset, read."""

    @extend_schema(
        summary="Read an asset's readings",
        description=f"{ENVELOPES}\n\n{FILES}",
        parameters=[
            *PARAMETERS,
            OpenApiParameter(
                "sensor", str, many=True, description="Keys; repeat it. Default: all sensors."
            ),
        ],
        responses=responses(AssetSeries),
        examples=[
            OpenApiExample(
                "Two hours of one sensor",
                response_only=True,
                media_type="application/json",
                value={"asset": 1, **WINDOW, "sensors": [SERIES]},
            )
        ],
        filters=False,
    )
    @action(detail=True, methods=["get"], url_path="readings", filter_backends=[])
    def readings(self, request: Request, pk: str | None = None) -> Any:
        """Read the readings of this asset."""
        asset: Asset = self.get_object()
        window = window_of(request, at=timezone.now())
        sensors = _chosen(asset, request)
        if request.accepted_renderer.format != "json":
            return file_answer(request, sensors, window)
        answer = {"asset": asset.pk, "start": window.start, "end": window.end}
        return Response({**answer, "sensors": answers(sensors, window)})


class SensorReadingsMixin(FileFormats):
    """`readings` of the sensor viewset, read."""

    @extend_schema(
        summary="Read a sensor's readings",
        description=f"{ENVELOPES}\n\n{FILES}",
        parameters=PARAMETERS,
        responses=responses(OneSeries),
        examples=[
            OpenApiExample(
                "Two hours",
                response_only=True,
                media_type="application/json",
                value={"asset": 1, **WINDOW, **SERIES},
            )
        ],
        filters=False,
    )
    @action(detail=True, methods=["get"], url_path="readings", filter_backends=[])
    def readings(self, request: Request, pk: str | None = None) -> Any:
        """Read the readings of this sensor."""
        sensor: Sensor = self.get_object()
        window = window_of(request, at=timezone.now())
        if request.accepted_renderer.format != "json":
            return file_answer(request, [sensor], window)
        answer = {"asset": sensor.asset_id, "start": window.start, "end": window.end}
        return Response({**answer, **answers([sensor], window)[0]})


def answers(sensors: Sequence[Sensor], window: Window) -> list[dict[str, Any]]:
    ids = [sensor.pk for sensor in sensors]
    found = series_of(ids, window.start, window.end, window.max_points, window.resolution)
    return [_answer(sensor, found[sensor.pk]) for sensor in sensors]


def file_answer(
    request: Request, sensors: Sequence[Sensor], window: Window
) -> StreamingHttpResponse:
    """The single readings of the window, streamed. Raises ValidationError."""
    for name in ("max_points", "resolution"):
        if name in request.query_params:
            text = "A file holds every single reading of the window. Leave this out."
            raise ValidationError({name: [text]}, code="rule")
    kind: Any = request.accepted_renderer
    file = readings_file(
        sensors=sensors, start=window.start, end=window.end, file_format=kind.format
    )
    response = StreamingHttpResponse(file, content_type=f"{kind.media_type}; charset=utf-8")
    name = f"readings-{window.start:%Y%m%d}-{window.end:%Y%m%d}.{kind.format}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def _answer(sensor: Sensor, series: Series) -> dict[str, Any]:
    return {
        "sensor": sensor.pk,
        "key": sensor.key,
        "unit": sensor.unit,
        "resolution": series.resolution,
        "bucket_seconds": series.bucket.total_seconds() if series.bucket else None,
        "times": texts_of(series.times),
        "mean": series.mean.tolist(),
        "low": series.low.tolist(),
        "high": series.high.tolist(),
        "gaps": [{"start": start, "end": end} for start, end in series.gaps],
    }


def _chosen(asset: Asset, request: Request) -> list[Sensor]:
    sensors = list(Sensor.objects.filter(asset=asset).select_related("asset").order_by("key"))
    wanted = request.query_params.getlist("sensor")
    unknown = sorted(set(wanted) - {sensor.key for sensor in sensors})
    if unknown:
        message = f"{asset.tag} has no sensor {unknown[0][:100]!r}."
        raise ValidationError({"sensor": [message]}, code="does_not_exist")
    return [sensor for sensor in sensors if not wanted or sensor.key in wanted]
