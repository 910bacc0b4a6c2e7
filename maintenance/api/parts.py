"""Spare parts, and what is kept of them for orders."""

from typing import Any

from django.db.models import F, QuerySet
from django.utils import timezone
from django_filters.rest_framework import CharFilter, FilterSet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from assets.api.serializers import expanded_asset
from maintenance.api.part_files import PartFilesMixin
from maintenance.api.refusals import in_words
from maintenance.api.serializers import expanded_work_order
from maintenance.models import Part, PartQuerySet, PartReservation
from maintenance.services import store
from opssight.accounts.permissions import Permission
from opssight.core.api.bulk import BulkMixin
from opssight.core.api.fields import DecimalField
from opssight.core.api.filters import IdFilter, TrueFalseFilter
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantRelatedField, TenantSerializer
from opssight.core.api.shape import Expansion
from opssight.core.api.viewsets import CrudTenantViewSet, TenantViewSet, edits

KEEP = (Permission.WORK_ORDER_PLAN, Permission.WORK_ORDER_EXECUTE, Permission.STORE_EDIT)


class PartSerializer(TenantSerializer[Part]):
    moving = ("on_hand", "reserved", "free")

    reserved = DecimalField(
        max_digits=14, decimal_places=3, read_only=True, help_text="Kept for open orders."
    )
    free = DecimalField(
        max_digits=14,
        decimal_places=3,
        read_only=True,
        help_text="In stock and not reserved; below 0 when more is reserved than there is.",
    )

    class Meta:
        model = Part
        fields = [
            "id",
            "number",
            "name",
            "unit",
            "bin",
            "unit_cost",
            "min_level",
            "on_hand",
            "reserved",
            "free",
            "is_active",
        ]


def expanded_part() -> Expansion:
    return Expansion(PartSerializer, Part.objects.with_free())


class PartFilter(FilterSet):  # type: ignore[misc]
    number = CharFilter(lookup_expr="iexact", label="Number, in any case.")
    is_active = TrueFalseFilter()
    low = TrueFalseFilter(
        method="filter_low", label="Low (true, false): fewer are free than its minimum."
    )

    class Meta:
        model = Part
        fields: list[str] = []

    def filter_low(self, queryset: PartQuerySet, name: str, value: bool) -> PartQuerySet:  # noqa: FBT001
        low = {"free__lt": F("min_level")}
        return queryset.filter(**low) if value else queryset.exclude(**low)


@extend_schema_view(**describe("part", "parts", crud=True))
class PartViewSet(PartFilesMixin, CrudTenantViewSet):
    """Spare parts. Stock changes by movements alone; a part that has moved cannot be deleted."""

    queryset = Part.objects.with_free()
    serializer_class = PartSerializer
    write_permissions = {
        **edits(Permission.STORE_EDIT),
        "import_file": (Permission.STORE_EDIT,),
    }
    filterset_class = PartFilter
    search_fields = ["number", "name", "bin"]
    ordering_fields = ["number", "name", "on_hand", "min_level", "unit_cost"]

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        super().perform_create(serializer)
        assert serializer.instance is not None  # noqa: S101 just saved
        serializer.instance = self.get_queryset().get(pk=serializer.instance.pk)


class PartReservationSerializer(TenantSerializer[PartReservation]):
    organization_from = "work_order"
    create_only = ("work_order", "part")
    moving = ("available",)

    work_order_number = serializers.CharField(source="work_order.number", read_only=True)
    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    part = TenantRelatedField(queryset=Part.objects.filter(is_active=True))
    part_number = serializers.CharField(source="part.number", read_only=True)
    available = DecimalField(
        max_digits=14,
        decimal_places=3,
        read_only=True,
        help_text="What of it is in stock: who reserved first has it. The rest is missing.",
    )

    class Meta:
        model = PartReservation
        fields = [
            "id",
            "work_order",
            "work_order_number",
            "asset",
            "asset_tag",
            "part",
            "part_number",
            "quantity",
            "available",
        ]
        read_only_fields = ["asset"]

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {
            "asset": expanded_asset(),
            "work_order": expanded_work_order(),
            "part": expanded_part(),
        }


class PartReservationFilter(FilterSet):  # type: ignore[misc]
    work_order = IdFilter(label="Id of the work order.")
    part = IdFilter(label="Id of the part.")
    missing = TrueFalseFilter(
        method="filter_missing", label="Missing (true, false): not all of it is in stock."
    )

    class Meta:
        model = PartReservation
        fields: list[str] = []

    def filter_missing(
        self,
        queryset: QuerySet[PartReservation],
        name: str,
        value: bool,  # noqa: FBT001
    ) -> QuerySet[PartReservation]:
        some = {"available__lt": F("quantity")}
        return queryset.filter(**some) if value else queryset.exclude(**some)


@extend_schema_view(**describe("reservation", "reservations", crud=True))
class PartReservationViewSet(
    BulkMixin,
    mixins.CreateModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    TenantViewSet,
):
    """Parts kept for work orders, until they are used or the order is done."""

    queryset = PartReservation.objects.with_available().select_related(
        "asset", "work_order", "part"
    )
    serializer_class = PartReservationSerializer
    write_permissions = dict.fromkeys(
        ("create", "update", "partial_update", "destroy", "bulk"), KEEP
    )
    filterset_class = PartReservationFilter
    search_fields = ["part__number", "part__name", "work_order__number"]
    ordering_fields = ["quantity"]

    @extend_schema(
        summary="Reserve parts for a work order",
        description="More than there is can be reserved: the rest is missing, and to be ordered.",
        responses={201: PartReservationSerializer},
        examples=[
            OpenApiExample(
                "Two seals",
                value={"work_order": 1, "part": 1, "quantity": "2"},
                request_only=True,
            )
        ],
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().create(request, *args, **kwargs)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        self._reserve(serializer, **serializer.validated_data)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        row = serializer.instance
        assert isinstance(row, PartReservation)  # noqa: S101
        quantity = serializer.validated_data.get("quantity", row.quantity)
        self._reserve(serializer, work_order=row.work_order, part=row.part, quantity=quantity)

    def perform_destroy(self, instance: PartReservation) -> None:
        store.release(work_order=instance.work_order, part=instance.part)

    def _reserve(self, serializer: BaseSerializer[Any], **values: Any) -> None:
        self.require_one(KEEP, values["work_order"].organization_id)
        with in_words():
            row = store.reserve(at=timezone.now(), **values)
        serializer.instance = self.get_queryset().get(pk=row.pk)
