"""Forecasts: values, intervals, and the chances that limits are reached."""

import math
from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from assets.api.serializers import expanded_asset, expanded_sensor
from forecasts import queries
from forecasts.forecasters.base import INNER
from forecasts.models import Forecast
from opssight.core.api.fields import SecondsField, UtcDateTimeField
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.shape import Expansion


class StepsField(serializers.ListField):
    """A figure for each step; null where nothing is expected."""

    child = serializers.FloatField(allow_null=True)

    def __init__(self, **options: Any) -> None:
        super().__init__(read_only=True, **options)

    def to_representation(self, data: Sequence[float]) -> list[float | None]:
        return known(data)


def known(values: Sequence[float]) -> list[float | None]:
    """
    >>> known([1.0, math.nan])
    [1.0, None]
    """
    return [None if math.isnan(value) else value for value in values]


class ForecastBandSerializer(serializers.Serializer[Any]):
    """An interval that holds a share of the future."""

    level = serializers.FloatField(read_only=True, help_text="The share, such as 0.8.")
    lower = StepsField()
    upper = StepsField()


class LimitAheadSerializer(serializers.Serializer[queries.Crossing]):
    """A limit of the sensor that the forecast may reach, and when.

    Judged are means of steps; a single reading may touch it before.
    """

    name = serializers.ChoiceField(
        choices=["high", "high-high", "low", "low-low"], read_only=True, help_text="Which limit."
    )
    limit = serializers.FloatField(read_only=True)
    chance = serializers.FloatField(
        read_only=True, min_value=0, max_value=1, help_text="That it is reached in the horizon."
    )
    possible_at = UtcDateTimeField(
        source="possible", read_only=True, help_text="By then with a chance of 10 %."
    )
    likely_at = UtcDateTimeField(
        source="likely", read_only=True, allow_null=True, help_text="By then with 50 %."
    )
    latest_at = UtcDateTimeField(
        source="latest", read_only=True, allow_null=True, help_text="By then with 90 %."
    )
    chances = serializers.ListField(
        child=serializers.FloatField(min_value=0, max_value=1),
        read_only=True,
        help_text="The chance that it has been reached by the end of each step.",
    )


class UnusualTimeSerializer(serializers.Serializer[dict[str, Any]]):
    """A time that is no ordinary one for the forecast."""

    kind = serializers.ChoiceField(choices=["holiday", "shutdown"], read_only=True)
    start = UtcDateTimeField(read_only=True)
    end = UtcDateTimeField(read_only=True)
    sentence = serializers.CharField(read_only=True)


class ForecastSerializer(TenantSerializer[Forecast]):
    """Value i (from 0) is expected `step_seconds` times i after `starts_at`."""

    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    sensor_key = serializers.CharField(source="sensor.key", read_only=True)
    unit = serializers.CharField(source="sensor.unit", read_only=True)
    step_seconds = SecondsField(source="step", read_only=True)
    values = StepsField()
    lower = StepsField()
    upper = StepsField()
    bands = serializers.SerializerMethodField(help_text="The narrower intervals, the widest first.")
    calendar = UnusualTimeSerializer(many=True, read_only=True)
    limits = serializers.SerializerMethodField(
        help_text="Limits that are reached with a chance of 10 % or more."
    )
    in_words = serializers.CharField(read_only=True, help_text="The method, and how good it was.")

    class Meta:
        model = Forecast
        fields = [
            "id",
            "asset",
            "asset_tag",
            "sensor",
            "sensor_key",
            "unit",
            "made_at",
            "starts_at",
            "step_seconds",
            "values",
            "lower",
            "upper",
            "level",
            "bands",
            "limits",
            "calendar",
            "method",
            "backtest_error",
            "in_words",
        ]
        read_only_fields = fields

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"asset": expanded_asset(), "sensor": expanded_sensor()}

    @extend_schema_field(ForecastBandSerializer(many=True))
    def get_bands(self, forecast: Forecast) -> list[dict[str, Any]]:
        ends = forecast.inner
        return [
            {"level": level, "lower": known(lower), "upper": known(upper)}
            for level, lower, upper in zip(INNER, ends[::2], ends[1::2], strict=True)
        ]

    @extend_schema_field(LimitAheadSerializer(many=True))
    def get_limits(self, forecast: Forecast) -> list[dict[str, Any]]:
        found = queries.crossings(forecast, forecast.sensor)
        return [dict(LimitAheadSerializer(one).data) for one in found]
