from rest_framework import serializers

from assets.api.serializers import OfAsset, expanded_asset, expanded_sensor
from forecasts.models import Forecast, RiskScore
from opssight.core.api.fields import SecondsField
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.shape import Expansion


class ForecastSerializer(TenantSerializer[Forecast]):
    """Value i (from 0) is expected `step_seconds` times i after `starts_at`."""

    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    sensor_key = serializers.CharField(source="sensor.key", read_only=True)
    unit = serializers.CharField(source="sensor.unit", read_only=True)
    step_seconds = SecondsField(source="step", read_only=True)

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
            "method",
            "backtest_error",
        ]
        read_only_fields = fields

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"asset": expanded_asset(), "sensor": expanded_sensor()}


class RiskScoreSerializer(OfAsset, TenantSerializer[RiskScore]):
    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    asset_name = serializers.CharField(source="asset.name", read_only=True)
    parts = serializers.ListField(
        child=serializers.DictField(),
        read_only=True,
        help_text="Name, value, weight and a sentence for each part.",
    )

    class Meta:
        model = RiskScore
        fields = [
            "id",
            "asset",
            "asset_tag",
            "asset_name",
            "day",
            "score",
            "likelihood",
            "criticality",
            "consequence",
            "consequence_sentence",
            "parts",
            "computed_at",
        ]
        read_only_fields = fields
