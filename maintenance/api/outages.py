"""Orders that can share an outage."""

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from maintenance.api.refusals import in_words
from maintenance.models import WorkOrder
from maintenance.queries.outages import MOST, together
from maintenance.services.outages import plan_together
from opssight.core.api.fields import IntegerField


class SharedSerializer(serializers.Serializer[Any]):
    work_order = serializers.IntegerField(source="order.pk", help_text="Id of the other order.")
    number = serializers.CharField(source="order.number")
    title = serializers.CharField(source="order.title")
    asset = serializers.IntegerField(source="order.asset_id")
    asset_tag = serializers.CharField(source="order.asset.tag")
    due_at = serializers.DateTimeField(source="order.due_at")
    planned_start = serializers.DateTimeField(source="order.planned_start", allow_null=True)
    reason = serializers.CharField(help_text="Why one outage serves both.")


class ShareSerializer(serializers.Serializer[Any]):
    work_orders = serializers.ListField(
        child=IntegerField(min_value=1),
        allow_empty=False,
        max_length=MOST,
        help_text="Ids of orders that are offered here.",
    )


class OutageMixin(GenericViewSet[Any]):
    """`outage` and `share-outage` of work orders."""

    @extend_schema(
        summary="List the orders that can share this order's outage",
        description=(
            "Open orders that need an outage, due within 60 days of this one: of the same asset, of"
            " one that stops with it, or of one whose outage stops it. Empty when this order needs"
            " no outage."
        ),
        responses=SharedSerializer(many=True),
        filters=False,
    )
    @action(detail=True, methods=["get"], pagination_class=None, filter_backends=[])
    def outage(self, request: Request, pk: str | None = None) -> Response:
        return Response(self._shared(self.get_object()))

    @extend_schema(
        summary="Plan orders for the outage of this one",
        description="They get its planned time. 409 when one was begun in the meantime.",
        request=ShareSerializer,
        responses=SharedSerializer(many=True),
        examples=[
            OpenApiExample("Two orders", request_only=True, value={"work_orders": [12, 15]}),
        ],
        filters=False,
    )
    @action(
        detail=True,
        methods=["post"],
        url_path="share-outage",
        pagination_class=None,
        filter_backends=[],
    )
    def share_outage(self, request: Request, pk: str | None = None) -> Response:
        row: WorkOrder = self.get_object()
        body = ShareSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        wanted = set(body.validated_data["work_orders"])
        unknown = wanted - {one["work_order"] for one in self._shared(row)}
        if unknown:
            names = ", ".join(map(str, sorted(unknown)))
            raise serializers.ValidationError(
                {"work_orders": f"Not among the orders that can share this outage: {names}."},
                code="rule",
            )
        with in_words():
            plan_together(work_order=row, others=wanted)
        return Response(self._shared(row))

    def _shared(self, row: WorkOrder) -> list[dict[str, Any]]:
        orders = WorkOrder.objects.for_user(self.request.user).filter(
            organization=row.organization_id
        )
        found = together(work_order=row, orders=orders)
        return list(SharedSerializer(found, many=True).data)
