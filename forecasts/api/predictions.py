"""Read-only: how long assets are said to live on, how likely they fail, and what came of it."""

from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers

from assets.api.serializers import OfAsset
from forecasts.api.filters import FailureChanceFilter, LifePredictionFilter
from forecasts.models import FailureChance, LifePrediction
from opssight.core.api.paging import Cursors
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.viewsets import TenantViewSet


def _drivers(effect: str) -> serializers.ListField:
    return serializers.ListField(
        child=serializers.DictField(),
        read_only=True,
        help_text=f"What it rests on, the strongest first: name, value, unit, {effect}, sentence.",
    )


class LifePredictionSerializer(OfAsset, TenantSerializer[LifePrediction]):
    """Days until failure, counted from `made_at`; without a number `missing` says why."""

    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    asset_name = serializers.CharField(source="asset.name", read_only=True)
    drivers = _drivers("effect_days")

    class Meta:
        model = LifePrediction
        fields = [
            "id",
            "asset",
            "asset_tag",
            "asset_name",
            "made_at",
            "day",
            "age_days",
            "median_days",
            "lower_days",
            "upper_days",
            "level",
            "quantiles",
            "is_open",
            "confidence",
            "method",
            "missing",
            "drivers",
            "came_at",
            "error_days",
            "inside",
            "scored_at",
        ]
        read_only_fields = fields


class FailureChanceSerializer(OfAsset, TenantSerializer[FailureChance]):
    """Chances from `made_at` on; a failure mode of "" means in any way."""

    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    asset_name = serializers.CharField(source="asset.name", read_only=True)
    drivers = _drivers("effect")

    class Meta:
        model = FailureChance
        fields = [
            "id",
            "asset",
            "asset_tag",
            "asset_name",
            "made_at",
            "day",
            "failure_mode",
            "p_24h",
            "p_7d",
            "p_30d",
            "confidence",
            "method",
            "drivers",
            "failed_24h",
            "failed_7d",
            "failed_30d",
            "scored_at",
        ]
        read_only_fields = fields


@extend_schema_view(**describe("life prediction", "life predictions"))
class LifePredictionViewSet(TenantViewSet):
    """How long each asset is said to run until it fails, day by day, and how right that was."""

    queryset = LifePrediction.objects.select_related("asset")
    serializer_class = LifePredictionSerializer
    pagination_class = Cursors
    filterset_class = LifePredictionFilter
    search_fields = ["asset__tag", "asset__name"]
    ordering_fields = ["day", "median_days", "made_at"]


@extend_schema_view(**describe("failure chance", "failure chances"))
class FailureChanceViewSet(TenantViewSet):
    """How likely each asset fails within 24 hours, 7 and 30 days, and whether it did."""

    queryset = FailureChance.objects.select_related("asset")
    serializer_class = FailureChanceSerializer
    pagination_class = Cursors
    filterset_class = FailureChanceFilter
    search_fields = ["asset__tag", "asset__name", "failure_mode"]
    ordering_fields = ["day", "p_24h", "p_7d", "p_30d", "made_at"]
