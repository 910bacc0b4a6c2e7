"""What can be decided on recommendations, and how right they were."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from maintenance.api import examples, filters
from maintenance.api.recommendations import (
    AcceptSerializer,
    DismissSerializer,
    JudgeSerializer,
    RecommendationSerializer,
    SnoozeSerializer,
    rows,
)
from maintenance.api.serializers import WorkOrderSerializer
from maintenance.models import Recommendation
from maintenance.queries import verdicts as queries
from maintenance.services import recommendations as services
from maintenance.services import verdicts
from opssight.accounts.permissions import Permission
from opssight.core.api.behavior import ApiBehavior
from opssight.core.api.paging import Cursors
from opssight.core.api.problems import Conflict, conflict_on
from opssight.core.api.schema import describe
from opssight.core.api.viewsets import TenantViewSet

DECIDED = "This recommendation was accepted or dismissed before. Read it again."
NOT_COMPLETED = "The work of this recommendation is not completed. Complete its work order first."
DECISIONS = ("accept", "dismiss", "snooze", "judge")
USUAL_DAYS, MOST_DAYS = 365, 36_500


@extend_schema_view(**describe("recommendation", "recommendations"))
class RecommendationViewSet(TenantViewSet):
    """Advice, the most pressing first: accept it as work, snooze it, or dismiss it."""

    queryset = rows().order_by("-rank", "pk")
    serializer_class = RecommendationSerializer
    pagination_class = Cursors
    write_permissions = dict.fromkeys(DECISIONS, (Permission.RECOMMENDATION_DECIDE,))
    filterset_class = filters.RecommendationFilter
    search_fields = ["failure_mode", "reason", "asset__tag", "asset__name"]
    ordering_fields = ["rank", "opened_at", "suggested_due_at", "failure_mode", "status"]

    @extend_schema(
        summary="Accept a recommendation: make its work order, or add it to an open one",
        request=AcceptSerializer,
        responses={201: WorkOrderSerializer},
        examples=[examples.ACCEPT],
    )
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str | None = None) -> Response:
        recommendation: Recommendation = self.get_object()
        context = {
            **self.get_serializer_context(),
            "organization_id": recommendation.organization_id,
        }
        body = AcceptSerializer(data=request.data, context=context)
        body.is_valid(raise_exception=True)
        values = body.validated_data
        try:
            with conflict_on(services.RecommendationClosed, detail=DECIDED):
                work_order = services.accept(
                    recommendation=recommendation, by=self.user, at=timezone.now(), **values
                )
        except services.MergeRefused as refused:
            raise Conflict(str(refused), field="merge_into") from refused
        answer = WorkOrderSerializer(work_order, context=context)
        return Response(answer.data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Dismiss a recommendation: close it and its anomalies without work",
        request=DismissSerializer,
        responses=RecommendationSerializer,
        examples=[examples.DISMISS],
    )
    @action(detail=True, methods=["post"])
    def dismiss(self, request: Request, pk: str | None = None) -> Response:
        recommendation: Recommendation = self.get_object()
        body = DismissSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        with conflict_on(services.RecommendationClosed, detail=DECIDED):
            services.dismiss(
                recommendation=recommendation,
                by=self.user,
                at=timezone.now(),
                **body.validated_data,
            )
        return self._answer()

    @extend_schema(
        summary="Snooze a recommendation until a time, or bring it back",
        description="It stays open, comes back by itself, and earlier when it becomes more urgent.",
        request=SnoozeSerializer,
        responses=RecommendationSerializer,
        examples=[examples.SNOOZE],
    )
    @action(detail=True, methods=["post"])
    def snooze(self, request: Request, pk: str | None = None) -> Response:
        recommendation: Recommendation = self.get_object()
        body = SnoozeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        with conflict_on(services.RecommendationClosed, detail=DECIDED):
            services.snooze(recommendation=recommendation, at=timezone.now(), **body.validated_data)
        return self._answer()

    @extend_schema(
        summary="Say what was found, after the work was completed",
        description="Takes the place of the verdict that was given at completion, if any.",
        request=JudgeSerializer,
        responses=RecommendationSerializer,
        examples=[examples.JUDGE],
    )
    @action(detail=True, methods=["post"])
    def judge(self, request: Request, pk: str | None = None) -> Response:
        recommendation: Recommendation = self.get_object()
        body = JudgeSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        with conflict_on(verdicts.NotCompleted, detail=NOT_COMPLETED):
            verdicts.judge(recommendation=recommendation, finding=body.finding())
        return self._answer()

    def _answer(self) -> Response:
        return Response(self.get_serializer(self.get_object()).data)


class TrackRecordSerializer(serializers.Serializer[queries.Line]):
    """How right advice of one source, detector and failure mode was."""

    source = serializers.ChoiceField(choices=Recommendation.Source.choices)  # type: ignore[assignment]
    detector = serializers.CharField()
    failure_mode = serializers.CharField(help_text="In lower case.")
    decided = serializers.IntegerField(help_text="Completed, or dismissed by a person.")
    dismissed = serializers.IntegerField()
    confirmed = serializers.IntegerField()
    other_mode = serializers.IntegerField(help_text="Confirmed, but another failure mode.")
    false_alarms = serializers.IntegerField()
    not_inspected = serializers.IntegerField()
    precision = serializers.FloatField(
        allow_null=True, help_text="Confirmed / (confirmed + false alarms); null: too few data."
    )
    precision_low = serializers.SerializerMethodField(
        help_text="Lower end of its 90 % interval (Wilson)."
    )
    precision_high = serializers.SerializerMethodField(help_text="Upper end.")
    hours_to_work = serializers.FloatField(
        allow_null=True, help_text="Median from the first anomaly to the start of the work."
    )
    hours_to_failure = serializers.FloatField(
        allow_null=True, help_text="Median to a recorded failure before the case was closed."
    )
    failures = serializers.IntegerField(help_text="Cases with such a failure.")
    saved_hours = serializers.FloatField(
        allow_null=True, help_text="Downtime avoided, estimated where all inputs are recorded."
    )
    saved_cost = serializers.FloatField(allow_null=True, help_text="Cost avoided, estimated.")
    valued = serializers.IntegerField(help_text="Cases with all inputs of the estimate.")

    def get_precision_low(self, line: queries.Line) -> float | None:
        return line.interval[0] if line.interval else None

    def get_precision_high(self, line: queries.Line) -> float | None:
        return line.interval[1] if line.interval else None


class PeriodSerializer(serializers.Serializer[Any]):
    days = serializers.IntegerField(
        required=False,
        default=USUAL_DAYS,
        min_value=1,
        max_value=MOST_DAYS,
        help_text="Closed within so many days until now.",
    )


class Verdicts(ApiBehavior):
    """How right advice was: what was found, by source, detector and failure mode."""

    permission_classes = [IsAuthenticated]

    @extend_schema(
        summary="List how right advice was, by source, detector and failure mode",
        parameters=[PeriodSerializer],
        responses=TrackRecordSerializer(many=True),
        filters=False,
    )
    def get(self, request: Request) -> Response:
        wanted = PeriodSerializer(data=request.query_params.dict())
        wanted.is_valid(raise_exception=True)
        since = timezone.now() - timedelta(days=wanted.validated_data["days"])
        own = Recommendation.objects.for_user(request.user)
        found = queries.tally(own, since=since).lines
        answer = TrackRecordSerializer(found, many=True)  # type: ignore[arg-type]
        return Response(answer.data)
