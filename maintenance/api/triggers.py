"""What makes a schedule due besides its calendar: counters that run, and limits that are passed."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.serializers import BaseSerializer

from assets.api.serializers import expanded_asset, expanded_sensor
from assets.models import Sensor
from maintenance.api.schedules import expanded_schedule
from maintenance.models import ConditionTrigger, MeterTrigger
from maintenance.services import schedules
from opssight.accounts.permissions import Permission
from opssight.core.api.fields import RelatedText
from opssight.core.api.filters import IdFilter
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.shape import Expansion
from opssight.core.api.viewsets import CrudTenantViewSet, edits


class OfSchedule:
    """A row of a schedule, which gives it its asset and its organization."""

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {
            "schedule": expanded_schedule(),
            "asset": expanded_asset(),
            "sensor": expanded_sensor(),
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "schedule" in attrs:
            attrs["asset"] = attrs["schedule"].asset
        return super().validate(attrs)  # type: ignore[misc,no-any-return]

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        """Another sensor counts from what it shows, unless the request says from what."""
        if validated_data.get("sensor", instance.sensor) != instance.sensor:
            validated_data = {**dict.fromkeys(instance.READ), **validated_data}
        return super().update(instance, validated_data)  # type: ignore[misc]


class MeterTriggerSerializer(OfSchedule, TenantSerializer[MeterTrigger]):
    organization_from = "schedule"
    create_only = ("schedule",)
    moving = ("counts_from", "daily_use", "due_at", "earliest_at", "latest_at", "reached_at")

    sensor_key = serializers.CharField(source="sensor.key", read_only=True)
    unit = serializers.CharField(source="sensor.unit", read_only=True)

    class Meta:
        model = MeterTrigger
        fields = [
            "id",
            "schedule",
            "asset",
            "sensor",
            "sensor_key",
            "unit",
            "every",
            "counts_from",
            "daily_use",
            "due_at",
            "earliest_at",
            "latest_at",
            "reached_at",
        ]
        read_only_fields = [
            "asset",
            "daily_use",
            "due_at",
            "earliest_at",
            "latest_at",
            "reached_at",
        ]

    def validate_sensor(self, sensor: Sensor) -> Sensor:
        if sensor.kind != Sensor.Kind.COUNTER:
            raise serializers.ValidationError(
                f"{sensor.key} is no counter. Choose a sensor that only ever counts up.",
                code="not_a_counter",
            )
        return sensor


class ConditionTriggerSerializer(OfSchedule, TenantSerializer[ConditionTrigger]):
    organization_from = "schedule"
    create_only = ("schedule",)
    moving = ("since", "met_at")

    sensor_key = RelatedText(source="sensor.key")
    unit = RelatedText(source="sensor.unit")

    class Meta:
        model = ConditionTrigger
        fields = [
            "id",
            "schedule",
            "asset",
            "sensor",
            "sensor_key",
            "unit",
            "above",
            "below",
            "for_minutes",
            "since",
            "met_at",
        ]
        read_only_fields = ["asset", "since", "met_at"]


class TriggerFilter(FilterSet):  # type: ignore[misc]
    schedule = IdFilter(label="Id of the schedule.")
    asset = IdFilter(label="Id of the asset of the schedule.")
    sensor = IdFilter(label="Id of the sensor.")


class TriggerViewSet(CrudTenantViewSet):
    """Each write counts the next due date of its schedule anew."""

    write_permissions = edits(Permission.SCHEDULE_EDIT)
    filterset_class = TriggerFilter
    search_fields = ["schedule__title", "asset__tag", "sensor__key"]

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        with transaction.atomic():
            super().perform_create(serializer)
            self._refresh(serializer)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        with transaction.atomic():
            super().perform_update(serializer)
            self._refresh(serializer)

    def perform_destroy(self, instance: Any) -> None:
        with transaction.atomic():
            super().perform_destroy(instance)
            schedules.refresh(schedules=[instance.schedule_id], at=timezone.now())

    def _refresh(self, serializer: BaseSerializer[Any]) -> None:
        trigger: Any = serializer.instance
        schedules.refresh(schedules=[trigger.schedule_id], at=timezone.now())
        trigger.refresh_from_db()


@extend_schema_view(**describe("meter of a schedule", "meters of schedules", crud=True))
class MeterTriggerViewSet(TriggerViewSet):
    """Due every so many hours or cycles of a counter.

    `due_at` is projected from recent use: its days of the week, holidays, planned shutdowns. It
    lies between `earliest_at` and `latest_at` with 80 %; both are empty where too little is known.
    """

    queryset = MeterTrigger.objects.select_related("schedule", "asset", "sensor")
    serializer_class = MeterTriggerSerializer
    ordering_fields = ["due_at", "every"]


@extend_schema_view(**describe("condition of a schedule", "conditions of schedules", crud=True))
class ConditionTriggerViewSet(TriggerViewSet):
    """Due once a sensor stays beyond a limit, or the risk of the asset is above a level."""

    queryset = ConditionTrigger.objects.select_related("schedule", "asset", "sensor")
    serializer_class = ConditionTriggerSerializer
    ordering_fields = ["met_at", "for_minutes"]
