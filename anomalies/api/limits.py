"""Limits of sensors, and templates of limits for many."""

from datetime import timedelta
from typing import Any, ClassVar

from django.utils import timezone
from django_filters.rest_framework import CharFilter, FilterSet
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from anomalies.api.watching import OfSensor
from anomalies.limits.standards import STANDARDS
from anomalies.models import LimitTemplate, SensorLimits
from anomalies.queries import limits as queries
from anomalies.services import limit_templates
from assets.models import Sensor
from opssight.accounts.permissions import Permission
from opssight.core.api.fields import LONGEST_DURATION, SecondsField
from opssight.core.api.filters import IdFilter
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantRelatedField, TenantSerializer
from opssight.core.api.viewsets import CrudTenantViewSet, edits

MOST_AT_ONCE = 500
RULE = [
    "low_low",
    "high_high",
    "severity",
    "outer_severity",
    "deadband",
    "on_delay_seconds",
    "off_delay_seconds",
    "rise_per_hour",
    "fall_per_hour",
    "rate_window_seconds",
    "rate_severity",
]
PUMPS = OpenApiExample(
    "Vibration of pumps",
    value={
        "name": "Vibration of cooling water pumps",
        "quantity": "vibration",
        "unit": "mm/s",
        "category": "pump",
        "high": 4.5,
        "high_high": 7.1,
        "on_delay_seconds": 300,
    },
    request_only=True,
)
CHOSEN = OpenApiExample("Two sensors", value={"sensors": [11, 12]}, request_only=True)


@extend_schema_field({"type": "number", "minimum": 0, "maximum": LONGEST_DURATION})
class DelayField(SecondsField):
    """A duration as seconds, which may be none."""

    default_error_messages = {"range": f"Give seconds from 0 to {LONGEST_DURATION} (366 days)."}

    def to_internal_value(self, data: Any) -> timedelta:  # type: ignore[override]
        if data == 0 and not isinstance(data, bool):
            return timedelta()
        return super().to_internal_value(data)


class _RuleSerializer(TenantSerializer[Any]):
    """The fields that limits of a sensor and a template have alike."""

    on_delay_seconds = DelayField(
        source="on_delay", required=False, help_text="So long beyond a limit before it is an alarm."
    )
    off_delay_seconds = DelayField(
        source="off_delay", required=False, help_text="So long back inside before the alarm ends."
    )
    rate_window_seconds = SecondsField(
        source="rate_window", required=False, help_text="A change is that over so long."
    )


class SensorLimitsSerializer(OfSensor, _RuleSerializer):
    low_limit = serializers.FloatField(
        source="sensor.low_limit", read_only=True, allow_null=True, help_text="Set on the sensor."
    )
    high_limit = serializers.FloatField(
        source="sensor.high_limit", read_only=True, allow_null=True, help_text="Set on the sensor."
    )

    class Meta:
        model = SensorLimits
        fields = [
            "id",
            "asset",
            "asset_tag",
            "sensor",
            "sensor_key",
            "low_limit",
            "high_limit",
            *RULE,
            "template",
        ]
        read_only_fields: ClassVar = ["asset", "template"]


class LimitTemplateSerializer(_RuleSerializer):
    class Meta:
        model = LimitTemplate
        fields = [
            "id",
            "name",
            "quantity",
            "unit",
            "category",
            "group",
            "low",
            "high",
            *RULE,
            "standard",
            "note",
        ]
        read_only_fields: ClassVar = ["standard"]


class LimitChangeSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="Of the figure, such as high.")
    now = serializers.CharField(allow_null=True)
    then = serializers.CharField(allow_null=True)


class FittingSensorSerializer(serializers.Serializer[Any]):
    sensor = serializers.IntegerField(source="sensor.pk")
    sensor_key = serializers.CharField(source="sensor.key")
    asset_tag = serializers.CharField(source="sensor.asset.tag")
    follows = serializers.BooleanField(help_text="Its limits were taken from the template.")
    changes = LimitChangeSerializer(many=True, help_text="What applying the template would change.")
    days_beyond = serializers.IntegerField(
        help_text="Days of the last 30 with a reading beyond the template's high or low limit."
    )


class ChosenSensorsSerializer(serializers.Serializer[Any]):
    sensors = serializers.ListField(
        child=TenantRelatedField(queryset=Sensor.objects.all()),
        min_length=1,
        max_length=MOST_AT_ONCE,
        help_text="Ids of sensors that the template fits.",
    )


class AppliedLimitsSerializer(serializers.Serializer[Any]):
    applied = serializers.IntegerField(help_text="Sensors that have these limits now.")


class LimitStandardSerializer(serializers.Serializer[Any]):
    standard = serializers.ChoiceField(choices=[(one.code, one.name) for one in STANDARDS])


class SensorLimitsFilter(FilterSet):  # type: ignore[misc]
    asset = IdFilter(label="Id of the asset.")
    sensor = IdFilter(label="Id of the sensor.")
    template = IdFilter(label="Id of the template that they were taken from.")

    class Meta:
        model = SensorLimits
        fields: list[str] = []


class LimitTemplateFilter(FilterSet):  # type: ignore[misc]
    quantity = CharFilter(lookup_expr="iexact", label="Quantity, in any case.")

    class Meta:
        model = LimitTemplate
        fields: list[str] = []


@extend_schema_view(**describe("sensor's limits", "limits of sensors", crud=True))
class SensorLimitsViewSet(CrudTenantViewSet):
    """What there is to the limits of a sensor besides its `low_limit` and `high_limit`.

    A sensor without a row: these two with a deadband of 2 % and no delay.
    """

    queryset = SensorLimits.objects.select_related("asset", "sensor")
    serializer_class = SensorLimitsSerializer
    write_permissions = edits(Permission.ASSET_EDIT)
    filterset_class = SensorLimitsFilter
    search_fields = ["sensor__key", "asset__tag", "asset__name"]
    ordering_fields = ["low_low", "high_high"]


@extend_schema_view(
    **describe("limit template", "limit templates", crud=True)
    | {"create": extend_schema(summary="Create a limit template", examples=[PUMPS])}
)
class LimitTemplateViewSet(CrudTenantViewSet):
    """Limits for many sensors. A change of a template changes no sensor until it is applied."""

    queryset = LimitTemplate.objects.all()
    serializer_class = LimitTemplateSerializer
    write_permissions = edits(Permission.SITE_EDIT) | {
        "apply": (Permission.ASSET_EDIT,),
        "from_standard": (Permission.SITE_EDIT,),
    }
    filterset_class = LimitTemplateFilter
    search_fields = ["name", "quantity", "category", "note"]
    ordering_fields = ["name", "quantity"]

    @extend_schema(
        summary="Preview a limit template",
        description="The sensors that it fits and the caller may change, at most 500, with what"
        " applying it would change of each.",
        responses={200: FittingSensorSerializer(many=True)},
    )
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def preview(self, request: Request, pk: str | None = None) -> Response:
        found = queries.candidates(self.get_object(), self.user, timezone.now())
        return Response(FittingSensorSerializer(found, many=True).data)

    @extend_schema(
        summary="Apply a limit template",
        description="The sensors get its limits; what they had is replaced.",
        request=ChosenSensorsSerializer,
        responses={200: AppliedLimitsSerializer},
        examples=[CHOSEN],
    )
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, pk: str | None = None) -> Response:
        template: LimitTemplate = self.get_object()
        context = {
            **self.get_serializer_context(),
            "organization_id": template.organization_id,
        }
        body = ChosenSensorsSerializer(data=request.data, context=context)
        body.is_valid(raise_exception=True)
        chosen = {sensor.pk for sensor in body.validated_data["sensors"]}
        fitting = [one for one in queries.fitting(template, self.user) if one.pk in chosen]
        others = sorted(chosen - {one.pk for one in fitting})
        if others:
            text = f"The template does not fit these sensors, or you may not change them: {others}."
            raise serializers.ValidationError({"sensors": f"{text} See the preview."})
        applied = limit_templates.apply(template=template, sensors=fitting)
        return Response({"applied": applied})

    @extend_schema(
        summary="Take a standard's limits as a template",
        description="Made once: where the organization has it, that one is answered.",
        request=LimitStandardSerializer,
        responses={201: LimitTemplateSerializer},
    )
    @action(detail=False, methods=["post"], url_path="from-standard")
    def from_standard(self, request: Request) -> Response:
        body = LimitStandardSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        organization = self.user.organization_with(Permission.SITE_EDIT)
        if organization is None:
            raise serializers.ValidationError("You belong to no organization.")
        template = limit_templates.from_standard(
            organization_id=organization.pk, code=body.validated_data["standard"]
        )
        answer = self.get_serializer(template)
        return Response(answer.data, status=status.HTTP_201_CREATED)
