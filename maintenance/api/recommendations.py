"""Recommendations: their rows, and the bodies of what can be decided on them."""

from datetime import timedelta
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery
from django.utils import timezone
from rest_framework import serializers

from assets.api.serializers import OfAsset
from maintenance.api.people import TechnicianField
from maintenance.models import (
    Recommendation,
    Verdict,
    WorkOrder,
)
from maintenance.queries import advice
from maintenance.services.verdicts import Finding
from opssight.core.api.fields import CharField, ObjectField, UtcDateTimeField
from opssight.core.api.serializers import TenantRelatedField, TenantSerializer
from opssight.core.api.shape import Expansion

LONGEST_SNOOZE = timedelta(days=366)


def rows() -> QuerySet[Recommendation]:
    # Counted by row, so that only those of the page are counted.
    counted = Recommendation.objects.filter(pk=OuterRef("pk")).order_by()
    anomalies = Subquery(counted.values(count=Count("anomalies")), output_field=IntegerField())
    return Recommendation.objects.select_related("asset", "organization").annotate(
        anomaly_count=anomalies
    )


def expanded_recommendation() -> Expansion:
    return Expansion(RecommendationSerializer, rows())


class EvidenceSerializer(serializers.Serializer[Any]):
    """One thing that speaks for the advice."""

    about = serializers.CharField(help_text="A sensor, a schedule, an order, a part of the risk.")
    text = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    unit = serializers.CharField()
    url = serializers.CharField(help_text="The page that shows it.")


class RankPartSerializer(serializers.Serializer[Any]):
    """One part of the rank; the points of all parts add up to it."""

    name = serializers.CharField()
    value = serializers.FloatField(help_text="0 to 1.")
    weight = serializers.FloatField()
    points = serializers.FloatField(help_text="Of 100, after the certainty.")
    sentence = serializers.CharField()


class RecommendationSerializer(OfAsset, TenantSerializer[Recommendation]):
    moving = (
        "confidence",
        "cost_of_waiting",
        "cost_inputs",
        "waiting",
        "rank",
        "rank_parts",
        "evidence",
    )

    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    asset_name = serializers.CharField(source="asset.name", read_only=True)
    anomaly_count = serializers.IntegerField(read_only=True)
    evidence = EvidenceSerializer(many=True, read_only=True)
    rank_parts = RankPartSerializer(many=True, read_only=True)
    cost_inputs = ObjectField(
        read_only=True,
        help_text="What the cost of waiting was computed from, or under `missing` why it was not.",
    )

    waiting = serializers.SerializerMethodField(
        help_text="What waiting a week costs and how likely it fails meanwhile; empty: not known."
    )

    class Meta:
        model = Recommendation
        fields = [
            "id",
            "asset",
            "asset_tag",
            "asset_name",
            "failure_mode",
            "source",
            "detector",
            "reason",
            "evidence",
            "confidence",
            "cost_of_waiting",
            "cost_inputs",
            "waiting",
            "rank",
            "rank_parts",
            "urgency",
            "suggested_due_at",
            "expected_at",
            "job_plan",
            "status",
            "opened_at",
            "snoozed_until",
            "decided_at",
            "decided_by",
            "work_order",
            "dismiss_reason",
            "closed_at",
            "verdict",
            "found_failure_mode",
            "anomaly_count",
        ]
        read_only_fields = fields

    def get_waiting(self, row: Recommendation) -> str:
        return advice.waiting(row)


class AcceptSerializer(serializers.Serializer[None]):
    technician = TechnicianField(help_text="Id of the technician who is to do it.")
    due_at = UtcDateTimeField(
        required=False,
        help_text="Left out: the suggested due date, or earlier by the service level.",
    )
    merge_into = TenantRelatedField(
        queryset=WorkOrder.objects.all(),
        required=False,
        allow_null=True,
        default=None,
        help_text="Id of an open work order of this asset that is to deal with it too; it keeps"
        " its own date and technician.",
    )


class DismissSerializer(serializers.Serializer[None]):
    reason = CharField(max_length=300, help_text="Why no work is needed.")


class SnoozeSerializer(serializers.Serializer[None]):
    until = UtcDateTimeField(
        allow_null=True, help_text="When it comes back; null: it is to be decided now."
    )

    def validate_until(self, until: Any) -> Any:
        now = timezone.now()
        if until is not None and until <= now:
            raise serializers.ValidationError(
                "This time is past. Choose a later one, or null to bring it back.", code="past"
            )
        if until is not None and until > now + LONGEST_SNOOZE:
            raise serializers.ValidationError(
                "This is more than a year away. Dismiss the recommendation instead.", code="far"
            )
        return until


class JudgeSerializer(serializers.Serializer[None]):
    verdict = serializers.ChoiceField(
        choices=[choice for choice in Verdict.choices if choice[0] != Verdict.NOT_INSPECTED]
    )
    failure_mode = CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=100,
        help_text="The true one, when it was another than expected.",
    )

    def finding(self) -> Finding:
        values = self.validated_data
        return Finding(verdict=Verdict(values["verdict"]), failure_mode=values["failure_mode"])
