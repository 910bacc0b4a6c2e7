"""The rows of maintenance. The bodies of actions are in `actions`."""

from datetime import datetime

from django.db.models import Count
from rest_framework import serializers

from assets.api.serializers import OfAsset, expanded_asset
from maintenance.api.people import TechnicianField, expanded_technician
from maintenance.api.schedules import expanded_schedule
from maintenance.models import MaintenanceRecord, Recommendation, WorkOrder
from opssight.core.api.fields import RelatedText
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.shape import Expansion


def expanded_work_order() -> Expansion:
    rows = WorkOrder.objects.select_related("asset", "technician__user")
    return Expansion(WorkOrderSerializer, rows)


def expanded_recommendation() -> Expansion:
    rows = Recommendation.objects.select_related("asset")
    return Expansion(RecommendationSerializer, rows.annotate(anomaly_count=Count("anomalies")))


class MaintenanceRecordSerializer(TenantSerializer[MaintenanceRecord]):
    """What was done. History is only ever added to, by completing a work order."""

    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    work_order_number = serializers.CharField(source="work_order.number", read_only=True)
    technician_name = RelatedText(source="technician.user.__str__")
    performed_by_name = serializers.CharField(source="performed_by.__str__", read_only=True)

    class Meta:
        model = MaintenanceRecord
        fields = [
            "id",
            "asset",
            "asset_tag",
            "work_order",
            "work_order_number",
            "title",
            "maintenance_type",
            "failure_mode",
            "verdict",
            "started_at",
            "completed_at",
            "technician",
            "technician_name",
            "performed_by",
            "performed_by_name",
            "notes",
            "labor_minutes",
            "downtime_minutes",
            "labor_cost",
        ]
        read_only_fields = fields

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {
            "asset": expanded_asset(),
            "work_order": expanded_work_order(),
            "technician": expanded_technician(),
        }


class RecommendationSerializer(OfAsset, TenantSerializer[Recommendation]):
    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    asset_name = serializers.CharField(source="asset.name", read_only=True)
    anomaly_count = serializers.IntegerField(read_only=True)

    class Meta:
        model = Recommendation
        fields = [
            "id",
            "asset",
            "asset_tag",
            "asset_name",
            "failure_mode",
            "reason",
            "urgency",
            "suggested_due_at",
            "status",
            "opened_at",
            "decided_at",
            "decided_by",
            "dismiss_reason",
            "closed_at",
            "verdict",
            "anomaly_count",
        ]
        read_only_fields = fields


class WorkOrderSerializer(TenantSerializer[WorkOrder]):
    """A job. `number` is given by the database; `status` changes by start, complete and cancel."""

    organization_from = "asset"
    create_only = ("asset",)
    moving = ("overdue",)

    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    asset_name = serializers.CharField(source="asset.name", read_only=True)
    technician = TechnicianField()
    technician_name = RelatedText(source="technician.user.__str__")
    overdue = serializers.SerializerMethodField(help_text="Open past its due date.")

    class Meta:
        model = WorkOrder
        fields = [
            "id",
            "number",
            "asset",
            "asset_tag",
            "asset_name",
            "title",
            "description",
            "maintenance_type",
            "priority",
            "status",
            "schedule",
            "occurrence_at",
            "recommendation",
            "technician",
            "technician_name",
            "due_at",
            "overdue",
            "created_at",
            "created_by",
            "started_at",
            "completed_at",
            "completed_by",
        ]
        read_only_fields = [
            "number",
            "status",
            "schedule",
            "occurrence_at",
            "recommendation",
            "created_at",
            "created_by",
            "started_at",
            "completed_at",
            "completed_by",
        ]

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {
            "asset": expanded_asset(),
            "technician": expanded_technician(),
            "schedule": expanded_schedule(),
            "recommendation": expanded_recommendation(),
        }

    def get_overdue(self, work_order: WorkOrder) -> bool:
        at: datetime = self.context["at"]
        return work_order.is_open and work_order.due_at < at


class WorkOrderDetailSerializer(WorkOrderSerializer):
    records = MaintenanceRecordSerializer(
        many=True, read_only=True, help_text="Its rows of the history, one for each asset."
    )

    class Meta(WorkOrderSerializer.Meta):
        fields = [*WorkOrderSerializer.Meta.fields, "records"]
