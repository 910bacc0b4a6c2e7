"""What the dispatch of work orders takes and answers over the API."""

from collections.abc import Iterable
from typing import Any

from rest_framework import serializers

from maintenance.models import WorkOrder
from maintenance.services import dispatch
from opssight.core.api.fields import CharField, IntegerField, UtcDateTimeField

STATE = "As `suggest` gave it: refused when the order was planned otherwise since."


def refuse_twice(ids: Iterable[int]) -> None:
    rows = list(ids)
    if len(rows) != len(set(rows)):
        raise serializers.ValidationError("Name each work order once.", code="twice")


def _ids(help_text: str) -> Any:
    return serializers.ListField(
        child=IntegerField(min_value=1),
        allow_empty=False,
        max_length=dispatch.MOST,
        help_text=help_text,
    )


class AssignmentSerializer(serializers.Serializer[Any]):
    work_order = IntegerField(min_value=1, help_text="Id of the work order.")
    technician = IntegerField(
        min_value=1, allow_null=True, help_text="Id of the technician; null: given to nobody."
    )
    planned_start = UtcDateTimeField(
        required=False, allow_null=True, help_text="Left out: the planned time stays."
    )
    planned_end = UtcDateTimeField(
        required=False,
        allow_null=True,
        help_text="Left out: as long as planned before, or as the estimated labor takes in the"
        " technician's shifts.",
    )
    state = CharField(required=False, default="", allow_blank=True, max_length=200, help_text=STATE)


class AssignSerializer(serializers.Serializer[Any]):
    assignments = serializers.ListField(
        child=AssignmentSerializer(), allow_empty=False, max_length=dispatch.MOST
    )

    def validate_assignments(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        refuse_twice(row["work_order"] for row in rows)
        return rows


class OrdersSerializer(serializers.Serializer[Any]):
    work_orders = _ids("Ids of the work orders.")

    def validate_work_orders(self, ids: list[int]) -> list[int]:
        refuse_twice(ids)
        return ids


class RescheduleSerializer(OrdersSerializer):
    due_at = UtcDateTimeField(required=False, help_text="Due then, all of them.")
    planned_start = UtcDateTimeField(required=False, help_text="Planned from then, all of them.")
    shift_days = IntegerField(
        required=False,
        min_value=-dispatch.MOST_DAYS,
        max_value=dispatch.MOST_DAYS,
        help_text="Due and planned so many days later (less than 0: earlier), at the same time of"
        " day on the organization's clock.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not {"due_at", "planned_start", "shift_days"} & set(attrs):
            raise serializers.ValidationError(
                "Say what is to change: due_at, planned_start or shift_days.", code="nothing"
            )
        return attrs


class ResultSerializer(serializers.Serializer[Any]):
    work_order = serializers.IntegerField(help_text="Id of the work order.")
    done = serializers.BooleanField()
    reason = serializers.CharField(help_text="Why it was refused, in words.")
    clashes = serializers.ListField(
        child=serializers.CharField(),
        help_text="What speaks against what was done: skills, shifts, other work at that time.",
    )
    number = serializers.CharField(required=False)
    status = serializers.ChoiceField(choices=WorkOrder.Status.choices, required=False)
    technician = serializers.IntegerField(allow_null=True, required=False)
    planned_start = serializers.DateTimeField(allow_null=True, required=False)
    planned_end = serializers.DateTimeField(allow_null=True, required=False)
    due_at = serializers.DateTimeField(required=False)


class DispatchAnswer(serializers.Serializer[Any]):
    succeeded = serializers.IntegerField()
    failed = serializers.IntegerField()
    results = ResultSerializer(many=True, help_text="In the order of the request.")


class CandidateSerializer(serializers.Serializer[Any]):
    technician = serializers.IntegerField(help_text="Id.")
    name = serializers.CharField()
    score = serializers.FloatField(help_text="0 to 100; 0 for who does not fit.")
    fits = serializers.BooleanField(help_text="Has all that the order needs.")
    in_time = serializers.BooleanField(help_text="Free before it is due, or at its planned time.")
    reasons = serializers.ListField(child=serializers.CharField(), help_text="In words.")
    first_free = serializers.DateTimeField(allow_null=True, help_text="When it could begin.")
    first_free_end = serializers.DateTimeField(allow_null=True, help_text="And end.")
    load_minutes = serializers.IntegerField(help_text="Booked in that week.")
    capacity_minutes = serializers.IntegerField(help_text="Of what can be given in that week.")


class ProposalSerializer(serializers.Serializer[Any]):
    work_order = serializers.IntegerField(help_text="Id of the work order.")
    technician = serializers.IntegerField(allow_null=True, help_text="Null: see `reason`.")
    planned_start = serializers.DateTimeField(allow_null=True)
    planned_end = serializers.DateTimeField(allow_null=True)
    state = serializers.CharField(help_text="To send along with `assign`.")
    reason = serializers.CharField(help_text="Why nobody is proposed; else empty.")
    candidates = CandidateSerializer(many=True, help_text="Everybody, the best first.")


class ProposalsSerializer(serializers.Serializer[Any]):
    assignments = ProposalSerializer(many=True, help_text="In the order of the request.")
