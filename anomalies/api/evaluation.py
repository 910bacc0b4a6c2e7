"""How right the detectors were."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from anomalies.queries import evaluation
from opssight.accounts.models import User
from opssight.core.api.behavior import ApiBehavior

USUAL_DAYS, MOST_DAYS = 90, 3650
USUAL_LEAD, LONGEST_LEAD = 7, 365


class WantedSerializer(serializers.Serializer[Any]):
    days = serializers.IntegerField(
        required=False,
        default=USUAL_DAYS,
        min_value=1,
        max_value=MOST_DAYS,
        help_text="What began within so many days until now.",
    )
    lead_days = serializers.IntegerField(
        required=False,
        default=USUAL_LEAD,
        min_value=1,
        max_value=LONGEST_LEAD,
        help_text="An anomaly that was over for longer before a failure was no warning of it.",
    )
    by = serializers.ChoiceField(
        required=False,
        default="detector",
        choices=list(evaluation.BY),
        help_text="What a line is of.",
    )


class LabeledSerializer(serializers.Serializer[Any]):
    anomalies = serializers.IntegerField(help_text="Spans that were labeled as anomaly.")
    found = serializers.IntegerField(help_text="Those that an anomaly of the sensor overlaps.")
    normal = serializers.IntegerField(help_text="Spans that were labeled as normal operation.")
    disturbed = serializers.IntegerField(help_text="Those that an anomaly overlaps.")


class EvaluationLineSerializer(serializers.Serializer[Any]):
    key = serializers.CharField(
        allow_null=True, help_text="Detector, failure mode or id of the sensor; null: all together."
    )
    name = serializers.CharField()
    anomalies = serializers.IntegerField(help_text="That began in the period, not during work.")
    confirmed = serializers.IntegerField()
    false_alarms = serializers.IntegerField()
    not_inspected = serializers.IntegerField()
    unanswered = serializers.IntegerField(help_text="Nobody has said yet what was found.")
    precision = serializers.FloatField(
        allow_null=True,
        help_text="confirmed / (confirmed + false alarms); null: fewer than 5 verdicts.",
    )
    failures = serializers.IntegerField(
        allow_null=True, help_text="That the line could have warned of; null: not known."
    )
    warned = serializers.IntegerField(help_text="Failures with one of its anomalies before them.")
    recall = serializers.FloatField(
        allow_null=True, help_text="warned / failures; null: fewer than 5 failures."
    )
    lead_hours = serializers.FloatField(
        allow_null=True, help_text="Median from the first warning to the failure."
    )
    alarms_per_week = serializers.FloatField()
    labels = LabeledSerializer(
        allow_null=True, help_text="Spans that the line could have found; null: not known."
    )


class FailureSerializer(serializers.Serializer[Any]):
    asset = serializers.IntegerField(source="asset.pk")
    asset_tag = serializers.CharField(source="asset.tag")
    at = serializers.DateTimeField()
    text = serializers.CharField(help_text="The recorded reason, or the note of the label.")
    anomaly = serializers.IntegerField(
        source="first.pk", allow_null=True, default=None, help_text="The first warning, if any."
    )
    lead_hours = serializers.FloatField(allow_null=True)


class EvaluationSerializer(serializers.Serializer[Any]):
    total = EvaluationLineSerializer()
    lines = EvaluationLineSerializer(many=True)
    labels = LabeledSerializer()
    failures = FailureSerializer(many=True)


class DetectorEvaluation(ApiBehavior):
    """How right the detectors were, against verdicts, recorded failures and labels."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        summary="Read how right the detectors were",
        parameters=[WantedSerializer],
        responses=EvaluationSerializer,
        filters=False,
    )
    def get(self, request: Request) -> Response:
        wanted = WantedSerializer(data=request.query_params.dict())
        wanted.is_valid(raise_exception=True)
        given, now = wanted.validated_data, timezone.now()
        assert isinstance(request.user, User)  # noqa: S101
        found = evaluation.evaluate(
            request.user,
            evaluation.Period(
                now - timedelta(days=given["days"]), now, timedelta(days=given["lead_days"])
            ),
            by=given["by"],
        )
        return Response(EvaluationSerializer(found).data)
