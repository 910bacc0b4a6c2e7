"""The bodies of what can be done to recommendations and work orders."""

from typing import Any

from rest_framework import serializers

from maintenance.api.people import TechnicianField
from maintenance.api.serializers import WorkOrderSerializer
from maintenance.models import LONGEST_NOTES, MOST_MINUTES, Verdict, WorkOrder
from maintenance.services import Outcome
from opssight.core.api.fields import CharField, IntegerField, UtcDateTimeField

# The browsable API preselects the first: nobody confirms a fault by overlooking a field.
VERDICTS = sorted(Verdict.choices, key=lambda choice: choice[0] != Verdict.NOT_INSPECTED)


class AcceptSerializer(serializers.Serializer[None]):
    technician = TechnicianField(help_text="Id of the technician who is to do it.")
    due_at = UtcDateTimeField(
        required=False, help_text="Left out: the suggested due date of the recommendation."
    )


class DismissSerializer(serializers.Serializer[None]):
    reason = CharField(max_length=300, help_text="Why no work is needed.")


class CompleteSerializer(serializers.Serializer[None]):
    notes = CharField(required=False, default="", allow_blank=True, max_length=LONGEST_NOTES)
    labor_minutes = IntegerField(required=False, default=0, min_value=0, max_value=MOST_MINUTES)
    downtime_minutes = IntegerField(required=False, default=0, min_value=0, max_value=MOST_MINUTES)
    verdict = serializers.ChoiceField(
        choices=VERDICTS,
        required=False,
        default=Verdict.NOT_INSPECTED,
        help_text="What was found, of an order that came from a recommendation.",
    )

    def outcome(self) -> Outcome:
        values = self.validated_data
        return Outcome(**{**values, "verdict": Verdict(values["verdict"])})


class WorkOrderUpdateSerializer(WorkOrderSerializer):
    """Plain fields of an open order, and a status to move it to.

    With `completed`, the body is that of `complete`, and the plain fields are left as they are.
    """

    status = serializers.ChoiceField(
        choices=WorkOrder.Status.choices,
        required=False,
        help_text="`in_progress` starts, `completed` completes, `cancelled` cancels.",
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


class WorkOrderReplaceSerializer(WorkOrderUpdateSerializer):
    """As a whole: title and due_at are required, unless the status is `completed`."""

    class Meta(WorkOrderUpdateSerializer.Meta):
        extra_kwargs = {
            name: {"required": False, "help_text": "Required, unless the status is `completed`."}
            for name in NEEDED
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        missing = [name for name in NEEDED if name not in attrs]
        if missing and attrs.get("status") != WorkOrder.Status.COMPLETED:
            raise serializers.ValidationError(
                dict.fromkeys(missing, "This field is required, unless the status is completed."),
                code="required_unless_completed",
            )
        return super().validate(attrs)


PLAIN_FIELDS = ("title", "description", "maintenance_type", "priority", "technician", "due_at")
