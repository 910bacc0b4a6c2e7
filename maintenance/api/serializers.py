"""The rows of maintenance. The bodies of actions are in `actions`."""

from datetime import datetime
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from assets.api.serializers import expanded_asset
from assets.models import Asset
from maintenance.api.people import WITHOUT_DATE, TechnicianField, expanded_technician
from maintenance.api.recommendations import expanded_recommendation
from maintenance.api.schedules import expanded_schedule
from maintenance.models import MOST_MINUTES, MaintenanceRecord, WorkOrder
from opssight.core.api.fields import BooleanField, RelatedText
from opssight.core.api.serializers import TenantRelatedField, TenantSerializer
from opssight.core.api.shape import Expansion

RESPONSES = [("due", "Due"), ("missed", "Missed"), ("met", "Met")]


def expanded_work_order() -> Expansion:
    rows = WorkOrder.objects.select_related("asset", "technician__user")
    return Expansion(WorkOrderSerializer, rows)


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
            "failure_cause",
            "failure_mechanism",
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
            "parts_cost",
            "other_cost",
            "parts",
            "readings",
        ]
        read_only_fields = fields

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {
            "asset": expanded_asset(),
            "work_order": expanded_work_order(),
            "technician": expanded_technician(),
        }


class WorkOrderSerializer(TenantSerializer[WorkOrder]):
    """A job. `number` is given by the database; `status` changes by the moves of its table."""

    organization_from = "asset"
    create_only = ("asset", "job_plan")
    moving = ("overdue", "response")

    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    asset_name = serializers.CharField(source="asset.name", read_only=True)
    technician = TechnicianField()
    technician_name = RelatedText(source="technician.user.__str__")
    response = serializers.SerializerMethodField(
        help_text="Of the service level: due, missed or met; empty where nothing is asked."
    )
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
            "waiting_for",
            "schedule",
            "occurrence_at",
            "recommendation",
            "job_plan",
            "parent",
            "follows",
            "technician",
            "technician_name",
            "skills",
            "tools",
            "permits",
            "safety_notes",
            "estimated_minutes",
            "needs_outage",
            "needs_signature",
            "planned_start",
            "planned_end",
            "respond_by",
            "response",
            "complete_by",
            "due_at",
            "overdue",
            "failure_mode",
            "failure_cause",
            "failure_mechanism",
            "signed_by",
            "signed_at",
            "created_at",
            "created_by",
            "started_at",
            "completed_at",
            "completed_by",
        ]
        read_only_fields = [
            "number",
            "status",
            "waiting_for",
            "schedule",
            "occurrence_at",
            "recommendation",
            "follows",
            "respond_by",
            "complete_by",
            "failure_mode",
            "failure_cause",
            "failure_mechanism",
            "signed_by",
            "signed_at",
            "created_at",
            "created_by",
            "started_at",
            "completed_at",
            "completed_by",
        ]
        extra_kwargs: ClassVar[dict[str, dict[str, Any]]] = {
            "estimated_minutes": {"max_value": MOST_MINUTES}
        }

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {
            "asset": expanded_asset(),
            "technician": expanded_technician(),
            "schedule": expanded_schedule(),
            "recommendation": expanded_recommendation(),
        }

    @extend_schema_field(serializers.ChoiceField(choices=RESPONSES, allow_blank=True))
    def get_response(self, work_order: WorkOrder) -> str:
        at: datetime = self.context["at"]
        return work_order.response(at)

    def get_overdue(self, work_order: WorkOrder) -> bool:
        at: datetime = self.context["at"]
        return work_order.is_open and work_order.due_at < at


class WorkOrderCreateSerializer(WorkOrderSerializer):
    """A new job, with what is only said when it is made."""

    assets = TenantRelatedField(
        many=True,
        required=False,
        write_only=True,
        queryset=Asset.objects.all(),
        help_text="Ids of further assets that the same job serves.",
    )
    is_draft = BooleanField(
        required=False, write_only=True, help_text="To be approved before work begins."
    )

    class Meta(WorkOrderSerializer.Meta):
        fields = [*WorkOrderSerializer.Meta.fields, "assets", "is_draft"]
        extra_kwargs: ClassVar[dict[str, dict[str, Any]]] = {
            **WorkOrderSerializer.Meta.extra_kwargs,
            "due_at": {"required": False, "help_text": WITHOUT_DATE},
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        plain = {name: attrs[name] for name in attrs if name not in ("assets", "is_draft")}
        super().validate(plain)
        return attrs


class WorkOrderDetailSerializer(WorkOrderSerializer):
    records = MaintenanceRecordSerializer(
        many=True, read_only=True, help_text="Its rows of the history, one for each asset."
    )

    class Meta(WorkOrderSerializer.Meta):
        fields = [*WorkOrderSerializer.Meta.fields, "records"]
