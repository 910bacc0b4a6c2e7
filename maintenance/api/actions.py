"""The bodies of what can be done to recommendations and work orders."""

from typing import Any, ClassVar

from rest_framework import serializers

from assets.models import Asset
from maintenance.api.serializers import WorkOrderSerializer
from maintenance.models import (
    LONGEST_NOTES,
    MOST_MINUTES,
    FailureCause,
    FailureMechanism,
    Recommendation,
    Verdict,
    WorkOrder,
    WorkOrderAsset,
)
from maintenance.services import Outcome
from maintenance.services.completion import LineOutcome
from maintenance.services.verdicts import Finding
from opssight.core.api.fields import CharField, IntegerField, UtcDateTimeField
from opssight.core.api.serializers import TenantRelatedField

# The browsable API preselects the first: nobody confirms a fault by overlooking a field.
VERDICTS = sorted(Verdict.choices, key=lambda choice: choice[0] != Verdict.NOT_INSPECTED)


class LineOutcomeSerializer(serializers.Serializer[None]):
    asset = TenantRelatedField(queryset=Asset.objects.all(), help_text="One that it serves.")
    result = serializers.ChoiceField(choices=WorkOrderAsset.Result.choices)
    notes = CharField(required=False, default="", allow_blank=True, max_length=LONGEST_NOTES)


class FindingSerializer(serializers.Serializer[None]):
    recommendation = TenantRelatedField(
        queryset=Recommendation.objects.all(), help_text="One that the order serves."
    )
    verdict = serializers.ChoiceField(choices=VERDICTS)
    failure_mode = CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=100,
        help_text="The true one, of a confirmed one where it was another than expected.",
    )


class CompleteSerializer(serializers.Serializer[None]):
    notes = CharField(required=False, default="", allow_blank=True, max_length=LONGEST_NOTES)
    labor_minutes = IntegerField(
        required=False,
        default=0,
        min_value=0,
        max_value=MOST_MINUTES,
        help_text="Besides the labor entries of the order.",
    )
    downtime_minutes = IntegerField(
        required=False,
        default=0,
        min_value=0,
        max_value=MOST_MINUTES,
        help_text="Of the leading asset until now, where no downtime is linked.",
    )
    verdict = serializers.ChoiceField(
        choices=VERDICTS,
        required=False,
        default=Verdict.NOT_INSPECTED,
        help_text="What was found, of an order that serves a recommendation.",
    )
    failure_mode = CharField(
        required=False, default="", allow_blank=True, max_length=100, help_text="How it failed."
    )
    failure_cause = serializers.ChoiceField(
        choices=FailureCause.choices, required=False, default="", allow_blank=True
    )
    failure_mechanism = serializers.ChoiceField(
        choices=FailureMechanism.choices, required=False, default="", allow_blank=True
    )
    signed_by = CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=200,
        help_text="Name of whoever accepts the work.",
    )
    lines = LineOutcomeSerializer(
        many=True, required=False, help_text="What came of it at each asset, where it has several."
    )

    findings = FindingSerializer(
        many=True,
        required=False,
        help_text="What was found for each of several recommendations, where not `verdict`.",
    )
    happened_at = UtcDateTimeField(
        required=False,
        help_text="When it was completed, if not now; see `start`. Labor and downtime end then.",
    )

    def outcome(self) -> Outcome:
        values = dict(self.validated_data)
        values.pop("happened_at", None)
        lines = {
            line["asset"].pk: LineOutcome(
                result=WorkOrderAsset.Result(line["result"]), notes=line["notes"]
            )
            for line in values.pop("lines", [])
        }
        findings = {
            one["recommendation"].pk: Finding(
                verdict=Verdict(one["verdict"]), failure_mode=one["failure_mode"]
            )
            for one in values.pop("findings", [])
        }
        verdict = Verdict(values["verdict"])
        return Outcome(**{**values, "verdict": verdict, "lines": lines, "findings": findings})


class WorkOrderUpdateSerializer(WorkOrderSerializer):
    """Plain fields of an open order, and a status to move it to.

    With `completed`, the body is that of `complete`, and the plain fields are left as they are.
    """

    status = serializers.ChoiceField(
        choices=WorkOrder.Status.choices,
        required=False,
        help_text="To move it to, by the table of transitions.",
    )
    notes = CharField(required=False, allow_blank=True, max_length=LONGEST_NOTES, write_only=True)
    labor_minutes = IntegerField(
        required=False, min_value=0, max_value=MOST_MINUTES, write_only=True
    )
    downtime_minutes = IntegerField(
        required=False, min_value=0, max_value=MOST_MINUTES, write_only=True
    )
    verdict = serializers.ChoiceField(choices=VERDICTS, required=False, write_only=True)

    class Meta(WorkOrderSerializer.Meta):
        fields = [
            *WorkOrderSerializer.Meta.fields,
            "notes",
            "labor_minutes",
            "downtime_minutes",
            "verdict",
        ]
        read_only_fields = [
            "asset",
            *(name for name in WorkOrderSerializer.Meta.read_only_fields if name != "status"),
        ]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        plain = {name: attrs[name] for name in PLAIN_FIELDS if name in attrs}
        super().validate(plain)
        return attrs

    def changes(self) -> dict[str, Any]:
        """Plain fields whose value differs from the row's."""
        values = self.validated_data
        return {
            name: values[name]
            for name in PLAIN_FIELDS
            if name in values and values[name] != getattr(self.instance, name)
        }


NEEDED = ("title", "due_at")
UNLESS_COMPLETED = "Required, unless the status is `completed`."


class WorkOrderReplaceSerializer(WorkOrderUpdateSerializer):
    """As a whole: title and due_at are required, unless the status is `completed`."""

    class Meta(WorkOrderUpdateSerializer.Meta):
        extra_kwargs: ClassVar[dict[str, dict[str, Any]]] = {
            **WorkOrderUpdateSerializer.Meta.extra_kwargs,
            **{name: {"required": False, "help_text": UNLESS_COMPLETED} for name in NEEDED},
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        missing = [name for name in NEEDED if name not in attrs]
        if missing and attrs.get("status") != WorkOrder.Status.COMPLETED:
            raise serializers.ValidationError(
                dict.fromkeys(missing, "This field is required, unless the status is completed."),
                code="required_unless_completed",
            )
        return super().validate(attrs)


PLAIN_FIELDS = (
    "title",
    "description",
    "maintenance_type",
    "priority",
    "technician",
    "due_at",
    "parent",
    "skills",
    "tools",
    "permits",
    "safety_notes",
    "estimated_minutes",
    "needs_outage",
    "needs_signature",
    "planned_start",
    "planned_end",
)
