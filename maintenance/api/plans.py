"""Job plans: what a kind of work consists of, with its checklist and its parts."""

from typing import Any

from django.db import transaction
from django.db.models import Prefetch
from django.utils import timezone
from django_filters.rest_framework import CharFilter, FilterSet, MultipleChoiceFilter
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from maintenance.api.serializers import WorkOrderSerializer
from maintenance.models import (
    MOST_MINUTES,
    JobPlan,
    JobPlanPart,
    JobPlanTask,
    MaintenanceType,
    Part,
    WorkOrder,
)
from maintenance.services import plans
from opssight.accounts.permissions import Permission
from opssight.core.api.fields import CharField
from opssight.core.api.filters import TrueFalseFilter
from opssight.core.api.problems import Conflict
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantRelatedField, TenantSerializer
from opssight.core.api.shape import Expansion
from opssight.core.api.viewsets import CrudTenantViewSet, edits

MOST_ROWS = 300
LISTS = ("tasks", "parts")
ROWS = JobPlan.objects.prefetch_related(
    "tasks", Prefetch("parts", JobPlanPart.objects.select_related("part"))
)
PLAN = OpenApiExample(
    "Inspection of a pump",
    value={
        "code": "PM-12",
        "title": "Inspect the pump",
        "maintenance_type": "inspection",
        "category": "pump",
        "estimated_minutes": 30,
        "skills": ["mechanical"],
        "tools": ["stethoscope"],
        "permits": [],
        "tasks": [
            {"text": "Is the coupling guard in place?", "kind": "pass_fail"},
            {"text": "Vibration, drive end", "kind": "reading", "sensor_key": "vibration_de",
             "high": 7.1, "opens_corrective": True},
        ],
        "parts": [{"part": 1, "quantity": "2.000"}],
    },
    request_only=True,
)  # fmt: skip
COPY = OpenApiExample("For another pump", value={"code": "PM-13"}, request_only=True)
APPLY = OpenApiExample("To an order", value={"work_order": 1}, request_only=True)


class JobPlanTaskSerializer(TenantSerializer[JobPlanTask]):
    """One task of the checklist; its place in the list is its place in the work."""

    class Meta:
        model = JobPlanTask
        fields = [
            "text",
            "kind",
            "unit",
            "low",
            "high",
            "sensor_key",
            "is_required",
            "opens_corrective",
        ]


class JobPlanPartSerializer(TenantSerializer[JobPlanPart]):
    """What the work takes at one asset."""

    part_number = serializers.CharField(source="part.number", read_only=True)
    part_name = serializers.CharField(source="part.name", read_only=True)
    unit = serializers.CharField(source="part.unit", read_only=True)

    class Meta:
        model = JobPlanPart
        fields = ["part", "part_number", "part_name", "unit", "quantity"]


class JobPlanSerializer(TenantSerializer[JobPlan]):
    tasks = JobPlanTaskSerializer(  # type: ignore[call-arg]
        many=True,
        required=False,
        max_length=MOST_ROWS,
        help_text="The checklist, in order. Given, it replaces the one there was.",
    )
    parts = JobPlanPartSerializer(  # type: ignore[call-arg]
        many=True,
        required=False,
        max_length=MOST_ROWS,
        help_text="What it takes at one asset. Given, it replaces what there was.",
    )

    class Meta:
        model = JobPlan
        fields = [
            "id",
            "code",
            "title",
            "description",
            "maintenance_type",
            "category",
            "failure_mode",
            "estimated_minutes",
            "skills",
            "tools",
            "permits",
            "safety_notes",
            "needs_signature",
            "needs_outage",
            "is_active",
            "tasks",
            "parts",
        ]
        extra_kwargs = {"estimated_minutes": {"max_value": MOST_MINUTES}}

    def validate_parts(self, parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Each part once, and of the organization of the plan."""
        owner = self.organization_of({})
        seen: set[int] = set()
        errors: dict[Any, Any] = {}
        for index, row in enumerate(parts):
            part: Part = row["part"]
            if part.organization_id != owner:
                text = f"Id {part.pk} does not exist in your organization."
                errors[index] = {"part": [serializers.ErrorDetail(text, "does_not_exist")]}
            elif part.pk in seen:
                text = "The job plan has this part. Give the whole quantity once."
                errors[index] = {"part": [serializers.ErrorDetail(text, "rule")]}
            seen.add(part.pk)
        if errors:
            raise serializers.ValidationError(errors)
        return parts

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        lists = {name: attrs[name] for name in LISTS if name in attrs}
        own = {name: value for name, value in attrs.items() if name not in lists}
        return super().validate(own) | lists

    def create(self, validated_data: dict[str, Any]) -> JobPlan:
        own, lists = _parted(validated_data)
        return self._listed(JobPlan.objects.create(**own), lists)

    def update(self, instance: JobPlan, validated_data: dict[str, Any]) -> JobPlan:
        own, lists = _parted(validated_data)
        return self._listed(super().update(instance, own), lists)

    def _listed(self, plan: JobPlan, lists: dict[str, list[dict[str, Any]]]) -> JobPlan:
        if "tasks" in lists:
            plans.replace_tasks(plan=plan, tasks=lists["tasks"])
        if "parts" in lists:
            parts = [(row["part"], row["quantity"]) for row in lists["parts"]]
            plans.replace_parts(plan=plan, parts=parts)
        return ROWS.get(pk=plan.pk)


def _parted(values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The plan's own columns, and its lists."""
    lists: dict[str, Any] = {name: values[name] for name in LISTS if name in values}
    return {name: value for name, value in values.items() if name not in lists}, lists


def expanded_job_plan() -> Expansion:
    return Expansion(JobPlanSerializer, ROWS)


class CopySerializer(serializers.Serializer[None]):
    code = CharField(max_length=50, help_text="Of the copy; unique in the organization.")
    title = CharField(
        max_length=200, required=False, allow_blank=True, default="", help_text="Empty: the same."
    )


class ApplySerializer(serializers.Serializer[None]):
    work_order = TenantRelatedField(
        queryset=WorkOrder.objects.all(), help_text="Id of an open work order without a job plan."
    )


class JobPlanFilter(FilterSet):  # type: ignore[misc]
    is_active = TrueFalseFilter()
    maintenance_type = MultipleChoiceFilter(choices=MaintenanceType.choices)
    category = CharFilter(lookup_expr="iexact", label="Category of assets, in any case.")
    failure_mode = CharFilter(lookup_expr="iexact", label="Failure mode, in any case.")

    class Meta:
        model = JobPlan
        fields: list[str] = []


@extend_schema_view(
    **describe("job plan", "job plans", crud=True)
    | {"create": extend_schema(summary="Create a job plan", examples=[PLAN])}
)
class JobPlanViewSet(CrudTenantViewSet):
    """What a kind of work consists of. One in use cannot be deleted: set `is_active` to false."""

    queryset = ROWS
    serializer_class = JobPlanSerializer
    write_permissions = edits(Permission.JOB_PLAN_EDIT) | {
        "copy": (Permission.JOB_PLAN_EDIT,),
        "apply": (Permission.WORK_ORDER_PLAN,),
    }
    filterset_class = JobPlanFilter
    search_fields = ["code", "title", "category", "failure_mode"]
    ordering_fields = ["code", "title", "estimated_minutes", "is_active"]

    @extend_schema(
        summary="Copy a job plan",
        description="The copy is active, and has the same tasks and parts.",
        request=CopySerializer,
        responses={201: JobPlanSerializer},
        examples=[COPY],
    )
    @action(detail=True, methods=["post"])
    def copy(self, request: Request, pk: str | None = None) -> Response:
        plan: JobPlan = self.get_object()
        body = CopySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        with transaction.atomic():
            twin = plans.copy(plan=plan, **body.validated_data)
        answer = self.get_serializer(ROWS.get(pk=twin.pk))
        return Response(answer.data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Give a work order this job plan",
        description=(
            "An open work order that has none gets the plan's checklist for each of its assets,"
            " reservations of its parts, and what the order does not say itself: labor, skills,"
            " tools, permits, safety notes."
        ),
        request=ApplySerializer,
        responses={200: WorkOrderSerializer},
        examples=[APPLY],
    )
    @action(detail=True, methods=["post"])
    def apply(self, request: Request, pk: str | None = None) -> Response:
        plan: JobPlan = self.get_object()
        context = {**self.get_serializer_context(), "organization_id": plan.organization_id}
        body = ApplySerializer(data=request.data, context=context)
        body.is_valid(raise_exception=True)
        try:
            order = plans.apply(
                work_order=body.validated_data["work_order"], plan=plan, at=timezone.now()
            )
        except plans.PlanRefused as refused:
            raise Conflict(str(refused)) from refused
        return Response(WorkOrderSerializer(order, context=context).data)
