"""The downtime of work orders: intervals of the uptime ledger, chosen or entered."""

from typing import Any

from django.utils import timezone
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from assets.api.serializers import expanded_asset
from assets.models import Asset, UptimeEvent
from maintenance.api.refusals import in_words
from maintenance.api.serializers import expanded_work_order
from maintenance.models import Downtime, WorkOrder
from maintenance.services import downtimes
from opssight.accounts.permissions import Permission
from opssight.core.api.bulk import BulkMixin
from opssight.core.api.fields import UtcDateTimeField
from opssight.core.api.filters import IdFilter
from opssight.core.api.paging import Cursors
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantRelatedField, TenantSerializer
from opssight.core.api.shape import Expansion
from opssight.core.api.viewsets import TenantViewSet

EXECUTE = (Permission.WORK_ORDER_EXECUTE,)
ENTERED = ("asset", "started_at", "ended_at")


class DowntimeSerializer(TenantSerializer[Downtime]):
    work_order_number = serializers.CharField(source="work_order.number", read_only=True)
    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    started_at = UtcDateTimeField(source="event.started_at", read_only=True)
    ended_at = UtcDateTimeField(source="event.ended_at", read_only=True, allow_null=True)
    cause = serializers.CharField(source="event.cause", read_only=True)
    reason = serializers.CharField(source="event.reason", read_only=True)

    class Meta:
        model = Downtime
        fields = [
            "id",
            "work_order",
            "work_order_number",
            "asset",
            "asset_tag",
            "event",
            "started_at",
            "ended_at",
            "cause",
            "reason",
        ]
        read_only_fields = ["asset"]

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"asset": expanded_asset(), "work_order": expanded_work_order()}


class AddDowntimeSerializer(serializers.Serializer[None]):
    """Either an event of the ledger, or an asset of the order with a time from and until."""

    work_order = TenantRelatedField(queryset=WorkOrder.objects.all())
    event = TenantRelatedField(
        queryset=UptimeEvent.objects.all(), required=False, help_text="Of the uptime ledger."
    )
    asset = TenantRelatedField(queryset=Asset.objects.all(), required=False)
    started_at = UtcDateTimeField(required=False)
    ended_at = UtcDateTimeField(required=False)
    cause = serializers.ChoiceField(
        choices=UptimeEvent.Cause.choices,
        required=False,
        help_text="Left out: failure for corrective and emergency work, else planned.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "event" in attrs:
            return attrs
        missing = [name for name in ENTERED if name not in attrs]
        if missing:
            text = "Give this, or else the event of the uptime ledger."
            raise serializers.ValidationError(dict.fromkeys(missing, text), code="one_of_two")
        return attrs


class DowntimeFilter(FilterSet):  # type: ignore[misc]
    work_order = IdFilter(label="Id of the work order.")
    asset = IdFilter(label="Id of the asset.")
    event = IdFilter(label="Id of the uptime event.")

    class Meta:
        model = Downtime
        fields: list[str] = []


@extend_schema_view(
    **describe("downtime of a work order", "downtime of work orders", made_once=True)
)
class DowntimeViewSet(BulkMixin, mixins.CreateModelMixin, mixins.DestroyModelMixin, TenantViewSet):
    """What a job caused or ended: each is an interval of the one uptime ledger."""

    queryset = Downtime.objects.select_related("asset", "work_order", "event")
    serializer_class = DowntimeSerializer
    pagination_class = Cursors
    write_permissions = dict.fromkeys(("create", "destroy", "bulk"), EXECUTE)
    filterset_class = DowntimeFilter
    search_fields = ["work_order__number", "asset__tag", "asset__name"]
    ordering_fields = ["id"]

    @extend_schema(
        summary="Add downtime to a work order",
        description=(
            "Links an event of the uptime ledger, or writes one from a time until another into it:"
            " time in which the ledger has the asset running is cut out of that. Refused where the"
            " ledger has the asset down already; then link that event."
        ),
        request=AddDowntimeSerializer,
        responses={201: DowntimeSerializer},
        examples=[
            OpenApiExample(
                "What the ledger has", value={"work_order": 1, "event": 1}, request_only=True
            ),
            OpenApiExample(
                "From until",
                value={
                    "work_order": 1,
                    "asset": 1,
                    "started_at": "2026-03-01T10:00:00Z",
                    "ended_at": "2026-03-01T11:30:00Z",
                    "cause": "failure",
                },
                request_only=True,
            ),
        ],
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        context = self.get_serializer_context()
        body = AddDowntimeSerializer(data=request.data, context=context)
        body.is_valid(raise_exception=True)
        values = dict(body.validated_data)
        order: WorkOrder = values["work_order"]
        self.require(Permission.WORK_ORDER_EXECUTE, order.organization_id)
        with in_words():
            if "event" in values:
                made = downtimes.link(work_order=order, event=values["event"])
            else:
                made = downtimes.enter(**values, at=timezone.now())
        answer = DowntimeSerializer(made, context=context)
        return Response(answer.data, status=status.HTTP_201_CREATED)

    def perform_destroy(self, instance: Downtime) -> None:
        with in_words():
            downtimes.unlink(downtime=instance)
