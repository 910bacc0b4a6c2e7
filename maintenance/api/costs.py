"""What work orders cost besides labor and parts."""

from typing import Any

from django.utils import timezone
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins, serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from assets.api.serializers import expanded_asset
from maintenance.api.refusals import in_words
from maintenance.api.serializers import expanded_work_order
from maintenance.models import OtherCost
from maintenance.services import costs
from opssight.accounts.permissions import Permission
from opssight.core.api.bulk import BulkMixin
from opssight.core.api.filters import IdFilter, UtcDateTimeFilter
from opssight.core.api.paging import Cursors
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.shape import Expansion
from opssight.core.api.viewsets import TenantViewSet

WORK = (Permission.WORK_ORDER_EXECUTE, Permission.WORK_ORDER_PLAN)


class OtherCostSerializer(TenantSerializer[OtherCost]):
    organization_from = "work_order"
    create_only = ("work_order",)

    work_order_number = serializers.CharField(source="work_order.number", read_only=True)
    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    by_name = serializers.CharField(source="by.__str__", read_only=True)

    class Meta:
        model = OtherCost
        fields = [
            "id",
            "work_order",
            "work_order_number",
            "asset",
            "asset_tag",
            "what",
            "amount",
            "at",
            "by",
            "by_name",
        ]
        read_only_fields = ["asset", "at", "by"]
        extra_kwargs = {"amount": {"required": True}}

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"asset": expanded_asset(), "work_order": expanded_work_order()}


class OtherCostFilter(FilterSet):  # type: ignore[misc]
    work_order = IdFilter(label="Id of the work order.")
    asset = IdFilter(label="Id of the asset.")
    after = UtcDateTimeFilter("at", lookup_expr="gte")
    before = UtcDateTimeFilter("at", lookup_expr="lt")

    class Meta:
        model = OtherCost
        fields: list[str] = []


@extend_schema_view(**describe("cost", "other costs", crud=True))
class OtherCostViewSet(
    BulkMixin,
    mixins.CreateModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    TenantViewSet,
):
    """A contractor, a crane, freight. They can be changed until the order is done."""

    queryset = OtherCost.objects.select_related("asset", "work_order", "by")
    serializer_class = OtherCostSerializer
    pagination_class = Cursors
    write_permissions = dict.fromkeys(
        ("create", "update", "partial_update", "destroy", "bulk"), WORK
    )
    filterset_class = OtherCostFilter
    search_fields = ["what", "work_order__number"]
    ordering_fields = ["at", "amount"]

    @extend_schema(
        summary="Add a cost to a work order",
        responses={201: OtherCostSerializer},
        examples=[
            OpenApiExample(
                "A crane",
                value={"work_order": 1, "what": "Crane, half a day", "amount": "420.00"},
                request_only=True,
            )
        ],
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().create(request, *args, **kwargs)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        values = serializer.validated_data
        self.require_one(WORK, values["work_order"].organization_id)
        with in_words():
            serializer.instance = costs.add_other(by=self.user, at=timezone.now(), **values)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        cost, values = serializer.instance, serializer.validated_data
        assert isinstance(cost, OtherCost)  # noqa: S101
        what, amount = values.get("what", cost.what), values.get("amount", cost.amount)
        with in_words():
            costs.change_other(cost=cost, what=what, amount=amount)

    def perform_destroy(self, instance: OtherCost) -> None:
        with in_words():
            costs.remove_other(cost=instance)
