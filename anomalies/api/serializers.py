from typing import Any

from rest_framework import serializers

from anomalies.models import Anomaly
from assets.api.serializers import expanded_asset, expanded_sensor
from maintenance.api.recommendations import expanded_recommendation
from maintenance.models import Verdict
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.shape import Expansion


class ContributionSerializer(serializers.Serializer[Any]):
    """Of one sensor to what is unusual together, at the peak."""

    sensor = serializers.IntegerField()
    share = serializers.FloatField(help_text="Of all that is beyond the ordinary; 0 to 1.")
    value = serializers.FloatField(allow_null=True, help_text="Null: it had sent none.")
    expected = serializers.FloatField(help_text="What goes with the other sensors.")
    side = serializers.ChoiceField(
        choices=["higher", "lower", ""], help_text="Empty: as expected in height, but not in time."
    )


class AnomalySerializer(TenantSerializer[Anomaly]):
    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    sensor_key = serializers.CharField(source="sensor.key", read_only=True)
    unit = serializers.CharField(source="sensor.unit", read_only=True)
    contributions = ContributionSerializer(
        many=True, read_only=True, help_text="Of an anomaly of the whole machine, else empty."
    )

    class Meta:
        model = Anomaly
        fields = [
            "id",
            "asset",
            "asset_tag",
            "sensor",
            "sensor_key",
            "unit",
            "recommendation",
            "incident",
            "work_order",
            "method",
            "channel",
            "detector",
            "failure_mode",
            "severity",
            "confidence",
            "started_at",
            "ended_at",
            "peak_at",
            "peak_value",
            "expected_value",
            "score",
            "explanation",
            "contributions",
            "verdict",
            "closed_at",
            "closed_by",
        ]
        read_only_fields = fields

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {
            "asset": expanded_asset(),
            "sensor": expanded_sensor(),
            "recommendation": expanded_recommendation(),
        }


class ReviewSerializer(serializers.Serializer[None]):
    verdict = serializers.ChoiceField(choices=Verdict.choices, help_text="What was found.")
