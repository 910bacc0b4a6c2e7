from typing import Any

from django.core.exceptions import ValidationError as DjangoError
from rest_framework import serializers

from assets.models import Sensor
from opssight.core.api.fields import CharField
from opssight.core.api.serializers import TenantRelatedField, TenantSerializer
from telemetry.models import Signal, TelemetryPolicy, UnknownSignal
from telemetry.services.naming import UNIT_LENGTH
from telemetry.services.signals import check, map_name

MOST_REFUSALS = 100


class SignalSerializer(TenantSerializer[Signal]):
    create_only = ("name",)

    class Meta:
        model = Signal
        fields = ["id", "name", "sensor", "unit"]

    def organization_of(self, values: dict[str, Any]) -> int | None:
        sensor: Sensor | None = values.get("sensor")
        if self.instance is None and sensor is not None:
            return sensor.organization_id
        return super().organization_of(values)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        attrs = super().validate(attrs)
        row = self._candidate(attrs)
        if row.sensor is not None:
            try:
                check(row.sensor, row.unit)
            except DjangoError as error:
                raise serializers.ValidationError(error.message_dict, code="rule") from error
        return attrs

    def create(self, validated_data: dict[str, Any]) -> Signal:
        """What is held by the name goes to the sensor."""
        mapped = map_name(
            organization_id=validated_data["organization_id"],
            name=validated_data["name"],
            sensor=validated_data.get("sensor"),
            unit=validated_data.get("unit", ""),
            at=self.context["at"],
        )
        return mapped.signal


class UnknownSignalSerializer(TenantSerializer[UnknownSignal]):
    class Meta:
        model = UnknownSignal
        fields = [
            "id",
            "name",
            "way",
            "unit",
            "first_seen_at",
            "last_seen_at",
            "count",
            "last_time",
            "last_value",
        ]
        read_only_fields = fields


class MappingSerializer(serializers.Serializer[Any]):
    sensor = TenantRelatedField(queryset=Sensor.objects.select_related("asset"))
    unit = CharField(
        max_length=UNIT_LENGTH,
        required=False,
        allow_blank=True,
        help_text="The sender's unit, where it is another than the sensor's and the sender does "
        "not say it.",
    )


class RefusedHeldSerializer(serializers.Serializer[Any]):
    place = serializers.IntegerField(help_text="Among the held readings, by time, from 0.")
    reason = serializers.CharField()


class MappedSerializer(serializers.Serializer[Any]):
    signal = SignalSerializer()
    stored = serializers.IntegerField(help_text="Held readings that the sensor has now.")
    refused = serializers.IntegerField(help_text="Held readings that broke a rule, and are gone.")
    refusals = RefusedHeldSerializer(many=True, help_text=f"The first {MOST_REFUSALS}.")


class TelemetryPolicySerializer(TenantSerializer[TelemetryPolicy]):
    class Meta:
        model = TelemetryPolicy
        fields = ["id", "unknown", "naive_times", "readings_days", "hourly_days"]
