"""Work requests over the API."""

from typing import Any

from django.utils import timezone
from django_filters.rest_framework import FilterSet, MultipleChoiceFilter
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from assets.api.serializers import OfAsset, expanded_asset
from maintenance.api.people import WITHOUT_DATE, TechnicianField
from maintenance.api.serializers import WorkOrderSerializer
from maintenance.models import Urgency, WorkOrder, WorkRequest
from maintenance.services import requests as services
from maintenance.services.requests import Report
from opssight.accounts.permissions import Permission
from opssight.core.api.bulk import BulkMixin
from opssight.core.api.fields import CharField, UtcDateTimeField
from opssight.core.api.filters import IdFilter, UtcDateTimeFilter
from opssight.core.api.paging import Cursors
from opssight.core.api.problems import conflict_on
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantRelatedField, TenantSerializer
from opssight.core.api.shape import Expansion
from opssight.core.api.viewsets import TenantViewSet

DECIDED = "This request was accepted or declined before. Read it again."
NOT_OPEN = "The order is not open any more, or is of another asset. Choose another."


class WorkRequestSerializer(OfAsset, TenantSerializer[WorkRequest]):
    organization_from = "asset"

    asset_tag = serializers.CharField(source="asset.tag", read_only=True)

    class Meta:
        model = WorkRequest
        fields = [
            "id",
            "asset",
            "asset_tag",
            "title",
            "description",
            "urgency",
            "stands_still",
            "reporter",
            "contact",
            "email",
            "reported_at",
            "reported_by",
            "status",
            "decided_at",
            "decided_by",
            "decline_reason",
            "work_order",
        ]
        read_only_fields = [
            "reported_at",
            "reported_by",
            "status",
            "decided_at",
            "decided_by",
            "decline_reason",
            "work_order",
        ]

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"asset": expanded_asset()}


class AcceptRequestSerializer(serializers.Serializer[Any]):
    due_at = UtcDateTimeField(required=False, help_text=WITHOUT_DATE)
    technician = TechnicianField(help_text="Id of the technician who is to do it.")
    merge_into = TenantRelatedField(
        queryset=WorkOrder.objects.all(),
        required=False,
        allow_null=True,
        default=None,
        help_text="Id of an open work order of this asset that is to serve the request too.",
    )


class DeclineRequestSerializer(serializers.Serializer[Any]):
    reason = CharField(max_length=300, help_text="Whoever reported it reads this.")


class WorkRequestFilter(FilterSet):  # type: ignore[misc]
    asset = IdFilter(field_name="asset_id", label="Id of the asset.")
    status = MultipleChoiceFilter(choices=WorkRequest.Status.choices)
    urgency = MultipleChoiceFilter(choices=Urgency.choices)
    reported_after = UtcDateTimeFilter("reported_at", lookup_expr="gte")
    reported_before = UtcDateTimeFilter("reported_at", lookup_expr="lt")

    class Meta:
        model = WorkRequest
        fields: list[str] = []


@extend_schema_view(**describe("work request", "work requests"))
class WorkRequestViewSet(BulkMixin, mixins.CreateModelMixin, TenantViewSet):
    """What people ask for. Accept one, and it becomes a work order; or decline it."""

    queryset = WorkRequest.objects.select_related("asset")
    serializer_class = WorkRequestSerializer
    pagination_class = Cursors
    write_permissions = {
        "create": (Permission.REQUEST_MAKE,),
        "bulk": (Permission.REQUEST_MAKE,),
        "accept": (Permission.WORK_ORDER_PLAN,),
        "decline": (Permission.WORK_ORDER_PLAN,),
    }
    filterset_class = WorkRequestFilter
    search_fields = ["title", "description", "asset__tag", "asset__name"]
    ordering_fields = ["reported_at", "title", "status"]

    @extend_schema(
        summary="Ask for work",
        responses={201: WorkRequestSerializer},
        examples=[
            OpenApiExample(
                "A leak",
                request_only=True,
                value={"asset": 12, "title": "It drips oil", "stands_still": False},
            )
        ],
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().create(request, *args, **kwargs)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        values = dict(serializer.validated_data)
        asset = values.pop("asset")
        self.require(Permission.REQUEST_MAKE, asset.organization_id)
        serializer.instance, _ = services.submit(
            asset=asset, report=Report(**values), by=self.user, at=timezone.now()
        )

    @extend_schema(
        summary="Accept a work request: make its work order, or let an open one serve it",
        request=AcceptRequestSerializer,
        responses={201: WorkOrderSerializer},
        examples=[
            OpenApiExample(
                "A new order", request_only=True, value={"due_at": "2026-04-01T15:00:00Z"}
            )
        ],
    )
    @action(detail=True, methods=["post"])
    def accept(self, request: Request, pk: str | None = None) -> Response:
        row: WorkRequest = self.get_object()
        context = {**self.get_serializer_context(), "organization_id": row.organization_id}
        body = AcceptRequestSerializer(data=request.data, context=context)
        body.is_valid(raise_exception=True)
        values = body.validated_data
        order = values.pop("merge_into")
        with (
            conflict_on(services.RequestDecided, detail=DECIDED),
            conflict_on(services.OrderNotOpen, detail=NOT_OPEN),
        ):
            if order is not None:
                made = services.merge(request=row, order=order, by=self.user, at=timezone.now())
            else:
                made = services.accept(request=row, by=self.user, at=timezone.now(), **values)
        made = WorkOrder.objects.select_related("asset", "technician__user").get(pk=made.pk)
        answer = WorkOrderSerializer(made, context=context)
        return Response(answer.data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Decline a work request",
        request=DeclineRequestSerializer,
        responses=WorkRequestSerializer,
        examples=[
            OpenApiExample(
                "Not a fault", request_only=True, value={"reason": "The drain is meant to drip."}
            )
        ],
    )
    @action(detail=True, methods=["post"])
    def decline(self, request: Request, pk: str | None = None) -> Response:
        row: WorkRequest = self.get_object()
        body = DeclineRequestSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        with conflict_on(services.RequestDecided, detail=DECIDED):
            services.decline(
                request=row, by=self.user, at=timezone.now(), reason=body.validated_data["reason"]
            )
        return Response(self.get_serializer(self.get_object()).data)
