"""Time of technicians on work orders, measured or typed."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.utils import timezone
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from assets.api.serializers import expanded_asset
from maintenance.api.people import TechnicianField, expanded_technician
from maintenance.api.refusals import in_words
from maintenance.api.serializers import expanded_work_order
from maintenance.models import MOST_MINUTES, LaborEntry, Technician, WorkOrder
from maintenance.services import labor, timesheets
from opssight.accounts.permissions import Permission
from opssight.core.api.bulk import BulkMixin
from opssight.core.api.fields import CharField, DecimalField, IntegerField, UtcDateTimeField
from opssight.core.api.filters import IdFilter, TrueFalseFilter, UtcDateTimeFilter
from opssight.core.api.paging import Cursors
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantRelatedField, TenantSerializer
from opssight.core.api.shape import Expansion
from opssight.core.api.viewsets import REFUSED, TenantViewSet

WORK = (Permission.WORK_ORDER_EXECUTE, Permission.WORK_ORDER_PLAN)


class LaborEntrySerializer(TenantSerializer[LaborEntry]):
    """Time of one technician; `minutes` is null while the timer runs."""

    work_order_number = serializers.CharField(source="work_order.number", read_only=True)
    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    technician_name = serializers.CharField(source="technician.user.__str__", read_only=True)
    cost = DecimalField(
        max_digits=14,
        decimal_places=2,
        read_only=True,
        allow_null=True,
        help_text="Minutes / 60 x hourly cost, to the cent; null while the timer runs.",
    )

    class Meta:
        model = LaborEntry
        fields = [
            "id",
            "work_order",
            "work_order_number",
            "asset",
            "asset_tag",
            "technician",
            "technician_name",
            "started_at",
            "minutes",
            "hourly_cost",
            "cost",
            "note",
        ]
        read_only_fields = fields

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {
            "asset": expanded_asset(),
            "work_order": expanded_work_order(),
            "technician": expanded_technician(),
        }


class StartSerializer(serializers.Serializer[None]):
    work_order = TenantRelatedField(
        queryset=WorkOrder.objects.all(), help_text="Id of the work order."
    )
    technician = TechnicianField(
        allow_null=False, help_text="Id of the technician. Left out: you yourself."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        organization = attrs["work_order"].organization_id
        technician: Technician | None = attrs.get("technician")
        if technician is None:
            own = Technician.objects.filter(
                organization=organization, user=self.context["request"].user, is_active=True
            )
            technician = own.first()
        elif technician.organization_id != organization:
            text = f"Id {technician.pk} does not exist in the organization of the work order."
            raise serializers.ValidationError({"technician": text}, code="does_not_exist")
        if technician is None:
            text = "You are no technician of this organization. Say whose time it is."
            raise serializers.ValidationError({"technician": text}, code="rule")
        return {**attrs, "technician": technician}


class WriteSerializer(StartSerializer):
    minutes = IntegerField(min_value=1, max_value=MOST_MINUTES)
    started_at = UtcDateTimeField(
        required=False, help_text="Left out: so that the minutes end at this moment."
    )
    note = CharField(required=False, default="", allow_blank=True, max_length=300)


class ChangeSerializer(serializers.Serializer[None]):
    minutes = IntegerField(required=False, min_value=1, max_value=MOST_MINUTES)
    note = CharField(required=False, allow_blank=True, max_length=300)


class StopSerializer(serializers.Serializer[None]):
    minutes = IntegerField(
        required=False,
        min_value=1,
        max_value=MOST_MINUTES,
        help_text="In place of what the timer measured; needed once it ran for over 16 hours.",
    )


class LaborEntryFilter(FilterSet):  # type: ignore[misc]
    work_order = IdFilter(label="Id of the work order.")
    asset = IdFilter(label="Id of the asset.")
    technician = IdFilter(label="Id of the technician.")
    running = TrueFalseFilter("minutes", lookup_expr="isnull", label="The timer runs.")
    after = UtcDateTimeFilter("started_at", lookup_expr="gte")
    before = UtcDateTimeFilter("started_at", lookup_expr="lt")

    class Meta:
        model = LaborEntry
        fields: list[str] = []


def _example(name: str, **value: Any) -> list[OpenApiExample]:
    return [OpenApiExample(name, value=value, request_only=True)]


@extend_schema_view(**describe("labor entry", "labor entries"))
class LaborEntryViewSet(BulkMixin, mixins.DestroyModelMixin, TenantViewSet):
    """Who worked how long on which order, and what that cost. One's own; planners: everybody's."""

    queryset = labor.with_cost(
        LaborEntry.objects.select_related("asset", "work_order", "technician__user")
    )
    serializer_class = LaborEntrySerializer
    pagination_class = Cursors
    write_permissions = dict.fromkeys(
        ("create", "start", "stop", "partial_update", "destroy", "bulk"), WORK
    )
    filterset_class = LaborEntryFilter
    search_fields = ["work_order__number", "note"]
    ordering_fields = ["started_at", "minutes"]

    @extend_schema(
        summary="Write down time",
        description="Begins an order that is not in progress, if it may be begun.",
        request=WriteSerializer,
        responses={201: LaborEntrySerializer},
        examples=_example("Half an hour", work_order=1, minutes=30, note="Greased both bearings."),
    )
    def create(self, request: Request) -> Response:
        values = self._body(WriteSerializer)
        self._require_time_of(values["technician"])
        with in_words():
            entry = timesheets.write(by=self.user, at=timezone.now(), **values)
        return self._answer(entry, status.HTTP_201_CREATED)

    @extend_schema(
        summary="Start a timer",
        description=(
            "Of one technician at most one runs. Begins an order that is not in progress, if it"
            " may be begun. Timers stop when their order waits or is completed."
        ),
        request=StartSerializer,
        responses={201: LaborEntrySerializer},
        examples=_example("My timer", work_order=1),
    )
    @action(detail=False, methods=["post"])
    def start(self, request: Request) -> Response:
        values = self._body(StartSerializer)
        self._require_time_of(values["technician"])
        with in_words():
            entry = timesheets.start(by=self.user, at=timezone.now(), **values)
        return self._answer(entry, status.HTTP_201_CREATED)

    @extend_schema(
        summary="Stop a timer",
        request=StopSerializer,
        responses=LaborEntrySerializer,
        examples=_example("Forgotten overnight", minutes=95),
    )
    @action(detail=True, methods=["post"])
    def stop(self, request: Request, pk: str | None = None) -> Response:
        entry = self._own_entry()
        minutes = self._body(StopSerializer).get("minutes")
        with in_words():
            timesheets.stop(entry=entry, at=timezone.now(), minutes=minutes)
        return self._answer(entry)

    @extend_schema(
        summary="Correct a labor entry",
        description="Its minutes and note, until the order is done.",
        request=ChangeSerializer,
        responses=LaborEntrySerializer,
        examples=_example("It was less", minutes=25),
    )
    def partial_update(self, request: Request, pk: str | None = None) -> Response:
        entry = self._own_entry()
        values = self._body(ChangeSerializer)
        with in_words():
            timesheets.change(entry=entry, **values)
        return self._answer(entry)

    @extend_schema(summary="Delete a labor entry", description="Until the order is done.")
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().destroy(request, *args, **kwargs)

    def perform_destroy(self, instance: LaborEntry) -> None:
        self._require_time_of(instance.technician)
        with in_words():
            timesheets.remove(entry=instance)

    def _own_entry(self) -> LaborEntry:
        entry: LaborEntry = self.get_object()
        self._require_time_of(entry.technician)
        return entry

    def _require_time_of(self, technician: Technician) -> None:
        if not timesheets.may_write(user=self.user, technician=technician):
            raise PermissionDenied(REFUSED)

    def _body(self, kind: type[serializers.Serializer[Any]]) -> dict[str, Any]:
        body = kind(data=self.request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        return dict(body.validated_data)

    def _answer(self, entry: LaborEntry, code: int = status.HTTP_200_OK) -> Response:
        row = self.get_queryset().get(pk=entry.pk)
        return Response(self.get_serializer(row).data, status=code)
