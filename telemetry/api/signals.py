"""Names by which machines send, and what they stand for."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from opssight.accounts.permissions import Permission
from opssight.core.api.schema import describe
from opssight.core.api.viewsets import CrudTenantViewSet, TenantViewSet, edits
from telemetry.api import serializers
from telemetry.api.filters import SignalFilter, UnknownSignalFilter
from telemetry.models import Signal, UnknownSignal
from telemetry.services.signals import Mapped, drop_names, map_name

NEEDED = (Permission.INTEGRATION_EDIT,)


@extend_schema_view(**describe("signal", "signals", crud=True))
class SignalViewSet(CrudTenantViewSet):
    """Names by which machines send. A name without a sensor is dropped on purpose.

    A name without a row stands for a sensor when it is `<asset tag>/<sensor key>`.
    """

    queryset = Signal.objects.select_related("sensor__asset")
    serializer_class = serializers.SignalSerializer
    write_permissions = edits(Permission.INTEGRATION_EDIT)
    filterset_class = SignalFilter
    search_fields = ["name", "sensor__asset__tag", "sensor__key"]
    ordering_fields = ["name", "sensor"]

    @extend_schema(
        summary="Create a signal",
        description=(
            "Readings that are held by the name go to its sensor, by the rules for all readings;"
            " those that break one are gone. Without a sensor what is held is thrown away, and what"
            " comes by the name."
        ),
        examples=[
            OpenApiExample(
                "A topic in degrees Fahrenheit",
                value={"name": "plant1/P-101A/temp", "sensor": 1, "unit": "degF"},
                request_only=True,
            )
        ],
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().create(request, *args, **kwargs)


@extend_schema_view(
    list=extend_schema(summary="List unknown signals"),
    retrieve=extend_schema(summary="Read an unknown signal"),
)
class UnknownSignalViewSet(TenantViewSet):
    """Names that were sent and stand for nothing yet. Their newest 10,000 readings are held."""

    queryset = UnknownSignal.objects.all()
    serializer_class = serializers.UnknownSignalSerializer
    write_permissions = {"map": NEEDED, "drop": NEEDED}
    filterset_class = UnknownSignalFilter
    search_fields = ["name"]
    ordering_fields = ["name", "first_seen_at", "last_seen_at", "count"]

    @extend_schema(
        summary="Say which sensor a name stands for",
        description=(
            "Held readings go to the sensor, by the rules for all readings; those that break one"
            " are gone, and listed. The unknown signal is gone, too: from now on it is a signal."
        ),
        request=serializers.MappingSerializer,
        responses=serializers.MappedSerializer,
        examples=[
            OpenApiExample("A sensor", value={"sensor": 1}, request_only=True),
            OpenApiExample(
                "In another unit", value={"sensor": 1, "unit": "degF"}, request_only=True
            ),
        ],
    )
    @action(detail=True, methods=["post"])
    def map(self, request: Request, pk: str | None = None) -> Response:
        row = self.get_object()
        context = {**self.get_serializer_context(), "organization_id": row.organization_id}
        body = serializers.MappingSerializer(data=request.data, context=context)
        body.is_valid(raise_exception=True)
        mapped = map_name(
            organization_id=row.organization_id,
            name=row.name,
            at=timezone.now(),
            **body.validated_data,
        )
        return Response(serializers.MappedSerializer(_answer(mapped), context=context).data)

    @extend_schema(
        summary="Drop a name",
        description="What is held by it is thrown away, and what comes by it from now on.",
        request=None,
        responses={204: None},
    )
    @action(detail=True, methods=["post"])
    def drop(self, request: Request, pk: str | None = None) -> Response:
        row = self.get_object()
        drop_names(organization_id=row.organization_id, names=[row.name])
        return Response(status=status.HTTP_204_NO_CONTENT)


def _answer(mapped: Mapped) -> dict[str, Any]:
    refused = mapped.account.refused
    return {
        "signal": mapped.signal,
        "stored": mapped.account.accepted,
        "refused": len(refused),
        "refusals": refused[: serializers.MOST_REFUSALS],
    }
