"""The history over the API: rows to read, and all of them as a file."""

from typing import Any

from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request

from maintenance.api import filters, serializers
from maintenance.models import MaintenanceRecord
from maintenance.services.exports import history_file
from opssight.core.api.paging import Cursors
from opssight.core.api.schema import describe
from opssight.core.api.viewsets import TenantViewSet


@extend_schema_view(**describe("row of the history", "the maintenance history"))
class MaintenanceRecordViewSet(TenantViewSet):
    """What was done, when and by whom. Completing a work order adds a row; nothing changes one."""

    queryset = MaintenanceRecord.objects.select_related(
        "asset", "work_order", "technician__user", "performed_by"
    )
    serializer_class = serializers.MaintenanceRecordSerializer
    rate_classes = {"export": "expensive"}
    pagination_class = Cursors
    filterset_class = filters.MaintenanceRecordFilter
    search_fields = [
        "title",
        "notes",
        "failure_mode",
        "work_order__number",
        "asset__tag",
        "asset__name",
    ]
    ordering_fields = ["completed_at", "labor_minutes", "downtime_minutes", "labor_cost"]

    @extend_schema(
        summary="Export the maintenance history",
        description="The rows that the filters choose, newest first, as one CSV file. The export"
        " itself is recorded in the audit trail.",
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def export(self, request: Request) -> StreamingHttpResponse:
        rows: Any = self.filter_queryset(self.get_queryset())
        chosen = {name: request.query_params[name][:200] for name in request.query_params}
        response = StreamingHttpResponse(
            history_file(rows=rows, user=self.user, filters=chosen),
            content_type="text/csv; charset=utf-8",
        )
        name = f"maintenance-history-{timezone.now():%Y%m%d-%H%M}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response
