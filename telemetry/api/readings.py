"""`GET /api/readings`: several sensors of several assets in common buckets."""

from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from assets.api.windows import PARAMETERS, window_of
from assets.binary import Floats, Ints, texts_of
from assets.models import Sensor
from assets.queries import aligned_by_clock
from assets.queries.series import EPOCH, MICROSECOND
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission
from opssight.core.api.behavior import ApiBehavior
from opssight.core.api.viewsets import REFUSED
from opssight.core.lists import LARGEST_ID

MOST_SENSORS = 20


class _Values(serializers.ListField):
    child = serializers.FloatField(allow_null=True)


class AlignedSeries(serializers.Serializer[Any]):
    """One sensor; null where nothing came in a bucket."""

    sensor = serializers.IntegerField()
    asset = serializers.IntegerField()
    key = serializers.CharField()
    unit = serializers.CharField()
    mean = _Values()
    low = _Values()
    high = _Values()


class AlignedAnswer(serializers.Serializer[Any]):
    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    resolution = serializers.CharField(help_text="What buckets are made of: raw, hour or day.")
    bucket_seconds = serializers.FloatField()
    times = serializers.ListField(
        child=serializers.DateTimeField(), help_text="Where the buckets of all sensors begin."
    )
    sensors = AlignedSeries(many=True)


class AlignedReadings(ApiBehavior):
    """The reading half of `/api/readings`."""

    more_read_problems = (status.HTTP_403_FORBIDDEN,)

    @property
    def rate_class(self) -> str:
        return "expensive" if self.request.method in SAFE_METHODS else super().rate_class

    @extend_schema(
        summary="Read several sensors in common buckets",
        description=(
            f"The mean, lowest and highest values of up to {MOST_SENSORS} sensors, of any assets,"
            " in buckets of one width that begin at whole minutes, hours or days (UTC): at most"
            " `max_points` of them. No reading outside of [`from`, `to`) counts.\n\n"
            "Needs `view` (See assets, readings, anomalies, forecasts and maintenance)."
        ),
        parameters=[
            *(one for one in PARAMETERS if one.name != "resolution"),
            OpenApiParameter(
                "sensor",
                {
                    "type": "array",
                    "items": {"type": "integer", "minimum": 1},
                    "minItems": 1,
                    "maxItems": MOST_SENSORS,
                },
                required=True,
                description="Ids; repeat it.",
            ),
        ],
        responses={200: AlignedAnswer},
        examples=[
            OpenApiExample(
                "Two hours of two pumps",
                response_only=True,
                value={
                    "start": "2026-03-01T12:00:00Z",
                    "end": "2026-03-01T14:00:00Z",
                    "resolution": "hour",
                    "bucket_seconds": 3600.0,
                    "times": ["2026-03-01T12:00:00Z", "2026-03-01T13:00:00Z"],
                    "sensors": [
                        {
                            "sensor": 1,
                            "asset": 1,
                            "key": "vibration_de",
                            "unit": "mm/s",
                            "mean": [2.8, 2.9],
                            "low": [2.1, 2.2],
                            "high": [3.6, 3.5],
                        },
                        {
                            "sensor": 2,
                            "asset": 2,
                            "key": "vibration_de",
                            "unit": "mm/s",
                            "mean": [None, 1.4],
                            "low": [None, 1.1],
                            "high": [None, 1.9],
                        },
                    ],
                },
            )
        ],
        filters=False,
    )
    def get(self, request: Request) -> Response:
        """Read sensors side by side."""
        user: Any = request.user
        assert isinstance(user, User)  # noqa: S101 IsAuthenticated
        if not user.can_somewhere(Permission.VIEW):
            raise PermissionDenied(REFUSED)
        window = window_of(request, at=timezone.now())
        # No transaction is around what takes readings in: see IntakeView.
        with transaction.atomic():
            sensors = _sensors(request, user)
            found = aligned_by_clock(sensors, window.start, window.end, window.max_points)
        origin, end = ((time - EPOCH) // MICROSECOND for time in (found.origins[0], window.end))
        width = found.width // MICROSECOND
        marks: Ints = np.arange(origin, end, width)
        answer = {
            "start": window.start,
            "end": window.end,
            "resolution": found.resolution,
            "bucket_seconds": found.width.total_seconds(),
            "times": texts_of(marks.view("datetime64[us]")),
        }
        rows = []
        for sensor, series in zip(sensors, found.series, strict=True):
            places = (series.times.astype(np.int64) - origin) // width
            row = {"sensor": sensor.pk, "asset": sensor.asset_id, "key": sensor.key}
            values = {
                name: _spread(getattr(series, name), places, len(marks))
                for name in ("mean", "low", "high")
            }
            rows.append({**row, "unit": sensor.unit, **values})
        return Response({**answer, "sensors": rows})


def _spread(values: Floats, places: Ints, count: int) -> list[float | None]:
    """The values at their places, None elsewhere."""
    spread = np.full(count, None, dtype=object)
    spread[places] = values.tolist()
    found: list[float | None] = spread.tolist()
    return found


def _sensors(request: Request, user: User) -> list[Sensor]:
    """Those of the query string, in its order. Raises ValidationError."""
    texts = request.query_params.getlist("sensor")
    if not 1 <= len(texts) <= MOST_SENSORS:
        raise ValidationError({"sensor": [f"Give 1 to {MOST_SENSORS} ids: repeat `sensor`."]})
    wrong = [text for text in texts if not (text.isascii() and text.isdecimal())]
    if wrong:
        raise ValidationError({"sensor": [f"{wrong[0][:40]!r} is no id."]})
    ids = list(dict.fromkeys(int(text[:40]) for text in texts))
    possible = [pk for pk in ids if pk <= LARGEST_ID]
    found = Sensor.objects.for_user(user).in_bulk(possible)
    unknown = [pk for pk in ids if pk not in found]
    if unknown:
        message = f"Id {unknown[0]} does not exist in your organization."
        raise ValidationError({"sensor": [message]}, code="does_not_exist")
    return [found[pk] for pk in ids]
