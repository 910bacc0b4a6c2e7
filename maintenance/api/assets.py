"""An asset as maintenance sees it: what is open, what is next, what was done last."""

from typing import Any

from django.db.models import Count
from drf_spectacular.utils import extend_schema_field, extend_schema_view
from rest_framework import serializers
from rest_framework.serializers import BaseSerializer

from assets.api import viewsets
from assets.api.serializers import AssetSerializer, SensorSerializer
from assets.models import Asset
from maintenance.api.recommendations import RecommendationSerializer
from maintenance.api.schedules import MaintenanceScheduleSerializer
from maintenance.api.serializers import (
    MaintenanceRecordSerializer,
    WorkOrderSerializer,
)
from maintenance.models import MaintenanceRecord, MaintenanceSchedule, Recommendation, WorkOrder
from opssight.core.api.schema import describe

ROWS = 10


class AssetMaintenanceSerializer(serializers.Serializer[Asset]):
    """At most ten rows of each kind; the lists of the API have them all."""

    open_work_orders = serializers.SerializerMethodField()
    next_schedules = serializers.SerializerMethodField()
    open_recommendations = serializers.SerializerMethodField()
    last_history = serializers.SerializerMethodField()

    @extend_schema_field(WorkOrderSerializer(many=True))
    def get_open_work_orders(self, asset: Asset) -> Any:
        rows = WorkOrder.objects.open().filter(asset=asset)
        return self._rows(WorkOrderSerializer, rows.select_related("asset", "technician__user"))

    @extend_schema_field(MaintenanceScheduleSerializer(many=True))
    def get_next_schedules(self, asset: Asset) -> Any:
        rows = MaintenanceSchedule.objects.filter(asset=asset, is_active=True)
        related = rows.select_related("asset", "technician__user")
        return self._rows(MaintenanceScheduleSerializer, related)

    @extend_schema_field(RecommendationSerializer(many=True))
    def get_open_recommendations(self, asset: Asset) -> Any:
        rows = Recommendation.objects.live().filter(asset=asset).select_related("asset")
        return self._rows(
            RecommendationSerializer,
            rows.annotate(anomaly_count=Count("anomalies")).order_by("-opened_at", "pk"),
        )

    @extend_schema_field(MaintenanceRecordSerializer(many=True))
    def get_last_history(self, asset: Asset) -> Any:
        rows = MaintenanceRecord.objects.filter(asset=asset).select_related(
            "asset", "work_order", "technician__user", "performed_by"
        )
        return self._rows(MaintenanceRecordSerializer, rows)

    def _rows(self, serializer: type[BaseSerializer[Any]], rows: Any) -> Any:
        return serializer(rows[:ROWS], many=True, context=self.context).data


class AssetDetailSerializer(AssetSerializer):
    sensors = SensorSerializer(many=True, read_only=True)
    maintenance = AssetMaintenanceSerializer(source="*", read_only=True)

    class Meta(AssetSerializer.Meta):
        fields = [*AssetSerializer.Meta.fields, "sensors", "maintenance"]


@extend_schema_view(**describe("asset", "assets", edit=True))
class AssetViewSet(viewsets.AssetViewSet):
    __doc__ = viewsets.AssetViewSet.__doc__

    def get_queryset(self) -> Any:
        rows = super().get_queryset()
        return rows.prefetch_related("sensors__asset") if self.action == "retrieve" else rows

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        if self.action == "retrieve":
            return AssetDetailSerializer
        return super().get_serializer_class()
