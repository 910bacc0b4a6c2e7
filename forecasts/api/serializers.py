from rest_framework import serializers

from assets.api.serializers import OfAsset
from forecasts.models import RiskScore
from opssight.core.api.fields import ObjectField
from opssight.core.api.serializers import TenantSerializer


class RiskScoreSerializer(OfAsset, TenantSerializer[RiskScore]):
    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    asset_name = serializers.CharField(source="asset.name", read_only=True)
    parts = serializers.ListField(
        child=serializers.DictField(),
        read_only=True,
        help_text="Name, value, weight and a sentence for each part.",
    )
    cost_inputs = ObjectField(
        read_only=True,
        help_text="What the cost was computed from, or under `missing` why it was not.",
    )
    relief = serializers.ListField(
        child=serializers.DictField(),
        read_only=True,
        help_text="Open work that would lower the score: kind, id, title, points and the score to.",
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
            "basis",
            "criticality",
            "consequence",
            "consequence_sentence",
            "cost_of_failure",
            "cost_inputs",
            "parts",
            "relief",
            "score_if_done",
            "computed_at",
        ]
        read_only_fields = fields
