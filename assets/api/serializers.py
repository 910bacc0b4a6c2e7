import json
from datetime import datetime
from typing import Any

from rest_framework import serializers

from assets.models import (
    Asset,
    AssetGroup,
    AssetGroupMember,
    AssetRelationship,
    Sensor,
    Site,
    UptimeEvent,
)
from opssight.core.api.fields import ObjectField, SecondsField
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.shape import Expansion


class SiteSerializer(TenantSerializer[Site]):
    class Meta:
        model = Site
        fields = ["id", "code", "name", "timezone"]


class AssetSerializer(TenantSerializer[Asset]):
    organization_from = "site"
    moving = ("last_maintenance_at", "next_due_at", "overdue", "current_risk")

    site_name = serializers.CharField(source="site.name", read_only=True)
    attributes = ObjectField(required=False, help_text="What else is known of the asset.")
    overdue = serializers.SerializerMethodField(help_text="Maintenance is past its due date.")

    class Meta:
        model = Asset
        fields = [
            "id",
            "tag",
            "name",
            "category",
            "site",
            "site_name",
            "parent",
            "criticality",
            "status",
            "manufacturer",
            "model",
            "serial_number",
            "installed_at",
            "attributes",
            "last_maintenance_at",
            "next_due_at",
            "overdue",
            "current_risk",
        ]
        read_only_fields = ["last_maintenance_at", "next_due_at", "current_risk"]

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {
            "site": Expansion(SiteSerializer, Site.objects.all()),
            "parent": expanded_asset(),
        }

    def get_overdue(self, asset: Asset) -> bool:
        at: datetime = self.context["at"]
        return asset.next_due_at is not None and asset.next_due_at < at

    def validate_attributes(self, value: dict[str, Any]) -> dict[str, Any]:
        if "\\u0000" in json.dumps(value):
            raise serializers.ValidationError(
                "Remove the NUL characters.", code="null_characters_not_allowed"
            )
        return value


def expanded_asset() -> Expansion:
    return Expansion(AssetSerializer, Asset.objects.select_related("site"))


def expanded_sensor() -> Expansion:
    return Expansion(SensorSerializer, Sensor.objects.select_related("asset"))


class OfAsset:
    """Rows whose `asset` can be expanded."""

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"asset": expanded_asset()}


class SensorSerializer(OfAsset, TenantSerializer[Sensor]):
    organization_from = "asset"
    create_only = ("asset",)
    moving = ("last_time", "last_value")

    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    expected_interval_seconds = SecondsField(
        source="expected_interval",
        required=False,
        allow_null=True,
        help_text="Usual time between two readings.",
    )

    class Meta:
        model = Sensor
        fields = [
            "id",
            "asset",
            "asset_tag",
            "key",
            "quantity",
            "unit",
            "kind",
            "low_limit",
            "high_limit",
            "physical_low",
            "physical_high",
            "rolls_over_at",
            "expected_interval_seconds",
            "is_active",
            "last_time",
            "last_value",
        ]
        read_only_fields = ["last_time", "last_value"]


class AssetGroupSerializer(TenantSerializer[AssetGroup]):
    member_count = serializers.IntegerField(read_only=True, default=0)

    class Meta:
        model = AssetGroup
        fields = ["id", "name", "description", "member_count"]


class AssetGroupMemberSerializer(OfAsset, TenantSerializer[AssetGroupMember]):
    """A member of the group in the path."""

    organization_from = "asset"

    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    asset_name = serializers.CharField(source="asset.name", read_only=True)

    class Meta:
        model = AssetGroupMember
        fields = ["asset", "asset_tag", "asset_name"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        return super().validate({**attrs, "group": self.context["group"]})


class AssetRelationshipSerializer(TenantSerializer[AssetRelationship]):
    organization_from = "source"

    source_tag = serializers.CharField(source="source.tag", read_only=True)
    target_tag = serializers.CharField(source="target.tag", read_only=True)

    class Meta:
        model = AssetRelationship
        fields = ["id", "source", "source_tag", "kind", "target", "target_tag"]

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"source": expanded_asset(), "target": expanded_asset()}


class UptimeEventSerializer(OfAsset, TenantSerializer[UptimeEvent]):
    organization_from = "asset"
    create_only = ("asset",)

    asset_tag = serializers.CharField(source="asset.tag", read_only=True)

    class Meta:
        model = UptimeEvent
        fields = [
            "id",
            "asset",
            "asset_tag",
            "state",
            "cause",
            "reason",
            "started_at",
            "ended_at",
        ]
