"""How sensors are watched, and what people say of spans of their readings."""

from typing import Any

from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers

from anomalies.api.filters import SensorLabelFilter, SensorWatchFilter
from anomalies.models import SensorLabel, SensorWatch
from assets.api.serializers import expanded_asset, expanded_sensor
from opssight.accounts.permissions import Permission
from opssight.core.api.paging import Cursors
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.shape import Expansion
from opssight.core.api.viewsets import CrudTenantViewSet, edits


class OfSensor(TenantSerializer[Any]):
    """A row of a sensor, which says of which asset it is."""

    organization_from = "sensor"
    create_only = ("sensor",)

    sensor_key = serializers.CharField(source="sensor.key", read_only=True)
    asset_tag = serializers.CharField(source="asset.tag", read_only=True)

    def create(self, validated_data: dict[str, Any]) -> Any:
        sensor = validated_data["sensor"]
        return super().create({**validated_data, "asset_id": sensor.asset_id})

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"asset": expanded_asset(), "sensor": expanded_sensor()}


class SensorWatchSerializer(OfSensor):
    class Meta:
        model = SensorWatch
        fields = [
            "id",
            "asset",
            "asset_tag",
            "sensor",
            "sensor_key",
            "sensitivity",
            "alarms_per_week",
            "is_setting",
        ]
        read_only_fields = ["asset"]


class SensorLabelSerializer(OfSensor):
    class Meta:
        model = SensorLabel
        fields = [
            "id",
            "asset",
            "asset_tag",
            "sensor",
            "sensor_key",
            "kind",
            "started_at",
            "ended_at",
            "note",
            "created_by",
        ]
        read_only_fields = ["asset", "created_by"]

    def create(self, validated_data: dict[str, Any]) -> Any:
        by = self.context["request"].user
        return super().create({**validated_data, "created_by": by})


@extend_schema_view(**describe("watch", "watches", crud=True))
class SensorWatchViewSet(CrudTenantViewSet):
    """How closely sensors are watched. A sensor without a row: normal, as many alarms as come."""

    queryset = SensorWatch.objects.select_related("asset", "sensor")
    serializer_class = SensorWatchSerializer
    write_permissions = edits(Permission.ASSET_EDIT)
    filterset_class = SensorWatchFilter
    search_fields = ["sensor__key", "asset__tag", "asset__name"]
    ordering_fields = ["sensitivity", "alarms_per_week"]


@extend_schema_view(**describe("label", "labels", crud=True))
class SensorLabelViewSet(CrudTenantViewSet):
    """Spans of readings that a person calls an anomaly, normal or a failure."""

    queryset = SensorLabel.objects.select_related("asset", "sensor")
    serializer_class = SensorLabelSerializer
    pagination_class = Cursors
    write_permissions = edits(Permission.ANOMALY_REVIEW)
    filterset_class = SensorLabelFilter
    search_fields = ["note", "sensor__key", "asset__tag", "asset__name"]
    ordering_fields = ["started_at", "ended_at"]
