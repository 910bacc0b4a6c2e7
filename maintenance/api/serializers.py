"""The rows of maintenance. The bodies of actions are in `actions`."""

from datetime import datetime
from typing import Any

from django.db.models import Count
from rest_framework import serializers

from assets.api.serializers import OfAsset, expanded_asset
from maintenance.models import (
    MOST_MINUTES,
    MaintenanceRecord,
    MaintenanceSchedule,
    Recommendation,
    Technician,
    WorkOrder,
)
from opssight.accounts.models import Membership, User
from opssight.core.api.fields import IdField, RelatedText
from opssight.core.api.serializers import TenantRelatedField, TenantSerializer
from opssight.core.api.shape import Expansion


class UserField(IdField):
    """A user who is a member of one of the caller's organizations."""

    default_error_messages = {
        "does_not_exist": "Id {pk_value} does not exist in your organization."
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"style": {"base_template": "input.html"}, **kwargs})

    def get_queryset(self) -> Any:
        if "request" not in self.context:
            return User.objects.none()
        caller = self.context["request"].user
        return User.objects.filter(
            pk__in=Membership.objects.filter(organization__in=list(caller.grants)).values("user")
        )


class TechnicianField(TenantRelatedField):
    """An active technician, or none."""

    default_error_messages = {
        "inactive": "This technician is not active. Choose another, or activate this one first."
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            **{"queryset": Technician.objects.all(), "required": False, "allow_null": True} | kwargs
        )

    def to_internal_value(self, data: Any) -> Technician:
        technician: Technician = super().to_internal_value(data)
        kept = getattr(self.root.instance, "technician_id", None) == technician.pk
        if not technician.is_active and not kept:
            self.fail("inactive")
        return technician


class TechnicianSerializer(TenantSerializer[Technician]):
    create_only = ("user",)

    user = UserField(queryset=User.objects.all())
    name = serializers.CharField(source="user.__str__", read_only=True)
    username = serializers.CharField(source="user.username", read_only=True)

    class Meta:
        model = Technician
        fields = [
            "id",
            "user",
            "name",
            "username",
            "skills",
            "hourly_cost",
            "weekly_capacity_hours",
            "is_active",
        ]

    def validate_user(self, user: User) -> User:
        owner = self.organization_of({})
        if not Membership.objects.filter(user=user, organization=owner).exists():
            raise serializers.ValidationError(
                f"Id {user.pk} does not exist in your organization.", code="does_not_exist"
            )
        return user


def expanded_technician() -> Expansion:
    return Expansion(TechnicianSerializer, Technician.objects.select_related("user"))


def expanded_work_order() -> Expansion:
    rows = WorkOrder.objects.select_related("asset", "technician__user")
    return Expansion(WorkOrderSerializer, rows)


def expanded_schedule() -> Expansion:
    rows = MaintenanceSchedule.objects.select_related("asset", "technician__user")
    return Expansion(MaintenanceScheduleSerializer, rows)


def expanded_recommendation() -> Expansion:
    rows = Recommendation.objects.select_related("asset")
    return Expansion(RecommendationSerializer, rows.annotate(anomaly_count=Count("anomalies")))


class MaintenanceScheduleSerializer(TenantSerializer[MaintenanceSchedule]):
    organization_from = "asset"
    create_only = ("asset",)
    moving = ("next_due_at", "last_completed_at")

    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    technician = TechnicianField()
    technician_name = RelatedText(source="technician.user.__str__")

    class Meta:
        model = MaintenanceSchedule
        fields = [
            "id",
            "asset",
            "asset_tag",
            "title",
            "instructions",
            "maintenance_type",
            "mode",
            "every",
            "unit",
            "starts_at",
            "next_due_at",
            "lead_days",
            "technician",
            "technician_name",
            "estimated_minutes",
            "is_active",
            "last_completed_at",
        ]
        read_only_fields = ["next_due_at", "last_completed_at"]
        extra_kwargs = {"estimated_minutes": {"max_value": MOST_MINUTES}}

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"asset": expanded_asset(), "technician": expanded_technician()}


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
