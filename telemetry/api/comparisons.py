"""Saved comparisons of sensors, and what they show."""

from typing import Any

from django.db import transaction
from django.db.models import Model, Prefetch
from django_filters.rest_framework import FilterSet, MultipleChoiceFilter
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from opssight.accounts.permissions import Permission
from opssight.core.api.filters import TrueFalseFilter
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.viewsets import CrudTenantViewSet, edits
from telemetry.models import Comparison, ComparisonLine
from telemetry.queries.comparisons import lines_of, overlay
from telemetry.services.comparisons import MOST_LINES, Wanted, replace_lines

NOT_YOURS = "A colleague shares this comparison with you. Only its owner changes it: make your own."
COMPARISON = OpenApiExample(
    "Two pumps before a failure",
    value={
        "name": "Pumps before a failure",
        "is_shared": True,
        "scale": "range",
        "align": "event",
        "minutes_before": 2880,
        "minutes_after": 60,
        "lines": [
            {"sensor": 1, "anchor_at": "2026-03-01T12:00:00Z", "anchor_label": "Failure"},
        ],
    },
    request_only=True,
)


class ComparisonLineSerializer(TenantSerializer[ComparisonLine]):
    """One sensor; where the comparison aligns on events, the time and name of its event."""

    class Meta:
        model = ComparisonLine
        fields = ["sensor", "anchor_at", "anchor_label"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The whole comparison looks at its lines."""
        return attrs


class ComparisonSerializer(TenantSerializer[Comparison]):
    lines = ComparisonLineSerializer(  # type: ignore[call-arg]
        many=True,
        required=False,
        max_length=MOST_LINES,
        help_text=f"At most {MOST_LINES}. Given, they replace those there were.",
    )

    class Meta:
        model = Comparison
        fields = [
            "id",
            "name",
            "created_by",
            "is_shared",
            "scale",
            "align",
            "start",
            "end",
            "minutes_before",
            "minutes_after",
            "lines",
        ]
        read_only_fields = ["created_by"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        lines = attrs.get("lines")
        own = {name: value for name, value in attrs.items() if name != "lines"}
        attrs = super().validate(own)
        return attrs if lines is None else attrs | {"lines": self._checked(lines)}

    def create(self, validated_data: dict[str, Any]) -> Comparison:
        lines = validated_data.pop("lines", [])
        user = self.context["request"].user
        return self._with(Comparison.objects.create(**validated_data, created_by=user), lines)

    def update(self, instance: Comparison, validated_data: dict[str, Any]) -> Comparison:
        lines = validated_data.pop("lines", None)
        return self._with(super().update(instance, validated_data), lines)

    def _candidate(self, attrs: dict[str, Any]) -> Comparison:
        row = super()._candidate(attrs)
        if row.pk is None:
            row.created_by = self.context["request"].user
        return row

    def _checked(self, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Of the comparison's organization, and each once."""
        owner = self.organization_of({})
        seen: set[Any] = set()
        errors: dict[Any, Any] = {}
        for index, line in enumerate(lines):
            sensor = line["sensor"]
            key = (sensor.pk, line.get("anchor_at"))
            if sensor.organization_id != owner:
                text = f"Id {sensor.pk} does not exist in your organization."
                errors[index] = {"sensor": [serializers.ErrorDetail(text, "does_not_exist")]}
            elif key in seen:
                text = ComparisonLine.constraint_errors["comparison_line_once"][1]
                errors[index] = {"sensor": [serializers.ErrorDetail(text, "rule")]}
            seen.add(key)
        if errors:
            raise serializers.ValidationError({"lines": errors})
        return lines

    def _with(self, row: Comparison, lines: list[dict[str, Any]] | None) -> Comparison:
        if lines is not None:
            user = self.context["request"].user
            replace_lines(comparison=row, lines=[Wanted(**line) for line in lines], by=user)
            row.__dict__.pop("_prefetched_objects_cache", None)
        return row


class ComparisonFilter(FilterSet):  # type: ignore[misc]
    align = MultipleChoiceFilter(choices=Comparison.Align.choices)
    is_shared = TrueFalseFilter()

    class Meta:
        model = Comparison
        fields: list[str] = []


class _Point(serializers.ListField):
    child = serializers.FloatField(allow_null=True)


class OverlayLine(serializers.Serializer[Any]):
    line = serializers.IntegerField(source="line.pk")
    sensor = serializers.IntegerField(source="line.sensor_id")
    label = serializers.CharField()  # type: ignore[assignment]
    unit = serializers.CharField(help_text="Of `low`, `mean` and `high`.")
    count = serializers.IntegerField(help_text="Readings in the window.")
    low = serializers.FloatField(allow_null=True)
    mean = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    points = serializers.ListField(
        child=_Point(),
        help_text="[x, mean, lowest, highest] as scaled; [x, null] where the line breaks.",
    )


class OverlayAnswer(serializers.Serializer[Any]):
    around = serializers.BooleanField(
        help_text="Whether x is in seconds from the event of each line, else in ms since 1970."
    )
    bucket_seconds = serializers.FloatField(allow_null=True)
    unit = serializers.CharField(
        allow_null=True, help_text="Of all points once they are scaled; null: each in its own."
    )
    lines = OverlayLine(many=True)
    waiting = serializers.ListField(
        child=serializers.IntegerField(), help_text="Sensors of lines without an event."
    )


@extend_schema_view(**describe("comparison", "comparisons", crud=True))
class ComparisonViewSet(CrudTenantViewSet):
    """Sensors laid over each other, kept for another look: one's own, and what colleagues share.

    Lines of sensors outside of one's part of the plant are left out.
    """

    queryset = Comparison.objects.all()
    serializer_class = ComparisonSerializer
    write_permissions = edits(Permission.VIEW)
    rate_classes = {"data": "expensive"}
    filterset_class = ComparisonFilter
    search_fields = ["name"]
    ordering_fields = ["name"]

    def get_queryset(self) -> Any:
        rows: Any = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows
        seen = ComparisonLine.objects.for_user(self.user).order_by("pk")
        return rows.visible_to(self.user).prefetch_related(Prefetch("lines", seen))

    @extend_schema(summary="Create a comparison", examples=[COMPARISON])
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().create(request, *args, **kwargs)

    def perform_update(self, serializer: Any) -> None:
        self._require_owner(serializer.instance)
        super().perform_update(serializer)
        # As the reader sees it: without the lines of other parts of the plant.
        serializer.instance = self.get_queryset().get(pk=serializer.instance.pk)

    def perform_destroy(self, instance: Model) -> None:
        assert isinstance(instance, Comparison)  # noqa: S101
        self._require_owner(instance)
        super().perform_destroy(instance)

    @extend_schema(
        summary="Read what a comparison shows",
        responses={200: OverlayAnswer},
        examples=[
            OpenApiExample(
                "Around a failure",
                response_only=True,
                value={
                    "around": True,
                    "bucket_seconds": 300.0,
                    "unit": "%",
                    "lines": [
                        {
                            "line": 1,
                            "sensor": 1,
                            "label": "P-101A vibration_de, Failure",
                            "unit": "mm/s",
                            "count": 20,
                            "low": 2.1,
                            "mean": 2.8,
                            "high": 3.6,
                            "points": [[-300.0, 12.5, 0.0, 40.0], [0.0, 80.0, 60.0, 100.0]],
                        }
                    ],
                    "waiting": [],
                },
            )
        ],
        filters=False,
    )
    @action(detail=True, methods=["get"], filter_backends=[])
    def data(self, request: Request, pk: str | None = None) -> Response:
        """Its lines, scaled and aligned."""
        comparison: Comparison = self.get_object()
        with transaction.atomic():
            found = overlay(comparison, lines_of(comparison, self.user))
        answer = {
            "around": found.around,
            "bucket_seconds": found.width.total_seconds() if found.width else None,
            "unit": found.unit,
            "lines": found.lines,
            "waiting": [line.sensor_id for line in found.waiting],
        }
        return Response(OverlayAnswer(answer).data)

    def _require_owner(self, row: Comparison) -> None:
        if row.created_by_id != self.user.pk:
            raise PermissionDenied(NOT_YOURS)
