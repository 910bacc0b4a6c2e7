"""What belongs to a work order: its assets, what blocks it, its course and its downtime."""

from typing import Any

from django_filters.rest_framework import FilterSet, MultipleChoiceFilter
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from assets.api.serializers import expanded_asset
from maintenance.api.refusals import in_words
from maintenance.api.serializers import expanded_work_order
from maintenance.models import WorkOrder, WorkOrderAsset, WorkOrderBlock, WorkOrderTransition
from maintenance.services import lines, links
from opssight.accounts.permissions import Permission
from opssight.core.api.bulk import BulkMixin
from opssight.core.api.fields import RelatedText
from opssight.core.api.filters import IdFilter, UtcDateTimeFilter
from opssight.core.api.paging import Cursors
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.shape import Expansion
from opssight.core.api.viewsets import TenantViewSet

PLAN, EXECUTE = (Permission.WORK_ORDER_PLAN,), (Permission.WORK_ORDER_EXECUTE,)


class WorkOrderAssetSerializer(TenantSerializer[WorkOrderAsset]):
    organization_from = "work_order"
    create_only = ("work_order", "asset")

    work_order_number = serializers.CharField(source="work_order.number", read_only=True)
    asset_tag = serializers.CharField(source="asset.tag", read_only=True)

    class Meta:
        model = WorkOrderAsset
        fields = [
            "id",
            "work_order",
            "work_order_number",
            "asset",
            "asset_tag",
            "position",
            "result",
            "notes",
        ]
        read_only_fields = ["position"]

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"asset": expanded_asset(), "work_order": expanded_work_order()}


class WorkOrderAssetFilter(FilterSet):  # type: ignore[misc]
    work_order = IdFilter(label="Id of the work order.")
    asset = IdFilter(label="Id of the asset.")
    result = MultipleChoiceFilter(choices=WorkOrderAsset.Result.choices)

    class Meta:
        model = WorkOrderAsset
        fields: list[str] = []


@extend_schema_view(**describe("asset of a work order", "assets of work orders", crud=True))
class WorkOrderAssetViewSet(
    BulkMixin,
    mixins.CreateModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    TenantViewSet,
):
    """The assets that an order serves, each with its result, until it is completed."""

    queryset = WorkOrderAsset.objects.select_related("asset", "work_order")
    serializer_class = WorkOrderAssetSerializer
    pagination_class = Cursors
    write_permissions = {
        "create": PLAN,
        "destroy": PLAN,
        "update": EXECUTE,
        "partial_update": EXECUTE,
        "bulk": (*PLAN, *EXECUTE),
    }
    filterset_class = WorkOrderAssetFilter
    search_fields = ["work_order__number", "asset__tag", "asset__name", "notes"]
    ordering_fields = ["id", "result"]

    @extend_schema(
        summary="Add an asset to a work order",
        description="With the checklist of the order's job plan.",
        responses={201: WorkOrderAssetSerializer},
        examples=[
            OpenApiExample("Serve one more", value={"work_order": 1, "asset": 2}, request_only=True)
        ],
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().create(request, *args, **kwargs)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        order: WorkOrder = serializer.validated_data["work_order"]
        self.require(Permission.WORK_ORDER_PLAN, order.organization_id)
        with in_words():
            line = lines.add(work_order=order, asset=serializer.validated_data["asset"])
        serializer.instance = line

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        line, values = serializer.instance, serializer.validated_data
        assert isinstance(line, WorkOrderAsset)  # noqa: S101
        result, notes = values.get("result", line.result), values.get("notes", line.notes)
        with in_words():
            lines.decide(line=line, result=result, notes=notes)

    def perform_destroy(self, instance: WorkOrderAsset) -> None:
        with in_words():
            lines.remove(line=instance)


class WorkOrderBlockSerializer(TenantSerializer[WorkOrderBlock]):
    organization_from = "work_order"
    create_only = ("work_order", "blocker")

    work_order_number = serializers.CharField(source="work_order.number", read_only=True)
    blocker_number = serializers.CharField(source="blocker.number", read_only=True)
    blocker_status = serializers.CharField(source="blocker.status", read_only=True)

    class Meta:
        model = WorkOrderBlock
        fields = [
            "id",
            "work_order",
            "work_order_number",
            "blocker",
            "blocker_number",
            "blocker_status",
        ]

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"work_order": expanded_work_order(), "blocker": expanded_work_order()}


class WorkOrderBlockFilter(FilterSet):  # type: ignore[misc]
    work_order = IdFilter(label="Id of the work order that waits.")
    blocker = IdFilter(label="Id of the work order that it waits for.")

    class Meta:
        model = WorkOrderBlock
        fields: list[str] = []


@extend_schema_view(**describe("block", "what blocks work orders", made_once=True))
class WorkOrderBlockViewSet(
    BulkMixin, mixins.CreateModelMixin, mixins.DestroyModelMixin, TenantViewSet
):
    """An order cannot be begun before the orders that block it are done."""

    queryset = WorkOrderBlock.objects.select_related("work_order", "blocker")
    serializer_class = WorkOrderBlockSerializer
    pagination_class = Cursors
    write_permissions = dict.fromkeys(("create", "destroy", "bulk"), PLAN)
    filterset_class = WorkOrderBlockFilter
    search_fields = ["work_order__number", "blocker__number"]
    ordering_fields = ["id"]

    @extend_schema(
        summary="Let a work order wait for another",
        description="Refused (409) where one of them is not open, or the other waits for this one.",
        responses={201: WorkOrderBlockSerializer},
        examples=[
            OpenApiExample(
                "Scaffold first", value={"work_order": 1, "blocker": 2}, request_only=True
            )
        ],
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().create(request, *args, **kwargs)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        order: WorkOrder = serializer.validated_data["work_order"]
        self.require(Permission.WORK_ORDER_PLAN, order.organization_id)
        with in_words():
            made = links.block(work_order=order, blocker=serializer.validated_data["blocker"])
        serializer.instance = made


class WorkOrderTransitionSerializer(TenantSerializer[WorkOrderTransition]):
    work_order_number = serializers.CharField(source="work_order.number", read_only=True)
    by_name = RelatedText(source="by.__str__")

    class Meta:
        model = WorkOrderTransition
        fields = [
            "id",
            "work_order",
            "work_order_number",
            "asset",
            "from_status",
            "to_status",
            "at",
            "by",
            "by_name",
            "note",
        ]
        read_only_fields = fields

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"asset": expanded_asset(), "work_order": expanded_work_order()}


class WorkOrderTransitionFilter(FilterSet):  # type: ignore[misc]
    work_order = IdFilter(label="Id of the work order.")
    asset = IdFilter(label="Id of the leading asset.")
    to_status = MultipleChoiceFilter(choices=WorkOrder.Status.choices)
    after = UtcDateTimeFilter("at", lookup_expr="gte")
    before = UtcDateTimeFilter("at", lookup_expr="lt")

    class Meta:
        model = WorkOrderTransition
        fields: list[str] = []


@extend_schema_view(**describe("transition", "transitions of work orders"))
class WorkOrderTransitionViewSet(TenantViewSet):
    """Every change of status that there was: from what to what, when, by whom and why."""

    queryset = WorkOrderTransition.objects.select_related("work_order", "by")
    serializer_class = WorkOrderTransitionSerializer
    pagination_class = Cursors
    filterset_class = WorkOrderTransitionFilter
    search_fields = ["work_order__number", "note"]
    ordering_fields = ["at", "id"]
