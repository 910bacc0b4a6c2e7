from rest_framework import serializers

from assets.api.serializers import OfAsset
from forecasts.models import RiskScore
from opssight.core.api.serializers import TenantSerializer


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
