from django.db.models import Count
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from maintenance import services
from maintenance.api import examples, filters, serializers
from maintenance.api.actions import AcceptSerializer, DismissSerializer
from maintenance.api.people import TechnicianSerializer
from maintenance.models import (
    MaintenanceRecord,
    Recommendation,
    Technician,
)
from opssight.accounts.permissions import Permission
from opssight.core.api.paging import Cursors
from opssight.core.api.problems import conflict_on
from opssight.core.api.schema import describe
from opssight.core.api.viewsets import CrudTenantViewSet, TenantViewSet, edits

DECIDED = "This recommendation was accepted or dismissed before. Read it again."


@extend_schema_view(**describe("technician", "technicians", crud=True))
class TechnicianViewSet(CrudTenantViewSet):
    """The people who do the work. One with work cannot be deleted: set `is_active` to false."""

    queryset = Technician.objects.select_related("user")
    serializer_class = TechnicianSerializer
    write_permissions = edits(Permission.TECHNICIAN_EDIT)
    filterset_class = filters.TechnicianFilter
    search_fields = ["user__username", "user__first_name", "user__last_name"]
    ordering_fields = ["hourly_cost", "weekly_capacity_hours", "is_active"]


@extend_schema_view(**describe("row of the history", "the maintenance history"))
class MaintenanceRecordViewSet(TenantViewSet):
    """What was done, when and by whom. Completing a work order adds a row; nothing changes one."""

    queryset = MaintenanceRecord.objects.select_related(
        "asset", "work_order", "technician__user", "performed_by"
    )
    serializer_class = serializers.MaintenanceRecordSerializer
    pagination_class = Cursors
    filterset_class = filters.MaintenanceRecordFilter
    search_fields = ["title", "notes", "work_order__number", "asset__tag", "asset__name"]
    ordering_fields = ["completed_at", "labor_minutes", "downtime_minutes", "labor_cost"]


@extend_schema_view(**describe("recommendation", "recommendations"))
class RecommendationViewSet(TenantViewSet):
    """Advice that anomalies support. Accept it, and it becomes a work order; or dismiss it."""

    queryset = (
        Recommendation.objects.select_related("asset")
        .annotate(anomaly_count=Count("anomalies"))
        .order_by("-opened_at", "pk")
    )
    serializer_class = serializers.RecommendationSerializer
    pagination_class = Cursors
    write_permissions = dict.fromkeys(("accept", "dismiss"), (Permission.RECOMMENDATION_DECIDE,))
    filterset_class = filters.RecommendationFilter
    search_fields = ["failure_mode", "reason", "asset__tag", "asset__name"]
    ordering_fields = ["opened_at", "suggested_due_at", "failure_mode", "status"]

    @extend_schema(
        summary="Accept a recommendation: make its work order",
        request=AcceptSerializer,
        responses={201: serializers.WorkOrderSerializer},
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
        values = {"due_at": recommendation.suggested_due_at, **body.validated_data}
        with conflict_on(services.RecommendationClosed, detail=DECIDED):
            work_order = services.accept(
                recommendation=recommendation, by=self.user, at=timezone.now(), **values
            )
        answer = serializers.WorkOrderSerializer(work_order, context=context)
        return Response(answer.data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Dismiss a recommendation: close it and its anomalies without work",
        request=DismissSerializer,
        responses=serializers.RecommendationSerializer,
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
        return Response(self.get_serializer(self.get_object()).data)
