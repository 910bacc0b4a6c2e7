from typing import Any

from django.db import transaction
from django.db.models import Count
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from assets.api import filters, serializers
from assets.api.corrections import CorrectionsMixin
from assets.api.impact import ImpactMixin
from assets.api.series import AssetReadingsMixin
from assets.models import (
    Asset,
    AssetGroup,
    AssetGroupMember,
    AssetRelationship,
    Sensor,
    Site,
    UptimeEvent,
)
from assets.services.readings import SensorHasReadings, remove_sensor
from opssight.accounts.permissions import Permission
from opssight.core.api.paging import Cursors
from opssight.core.api.problems import conflict_on
from opssight.core.api.schema import describe
from opssight.core.api.viewsets import (
    CrudTenantViewSet,
    EditableTenantViewSet,
    edits,
)

HAS_READINGS = "This sensor has readings, which are a record. Set its `is_active` to false instead."


@extend_schema_view(**describe("site", "sites", crud=True))
class SiteViewSet(CrudTenantViewSet):
    """Places with machines. A site with assets cannot be deleted."""

    queryset = Site.objects.all()
    serializer_class = serializers.SiteSerializer
    write_permissions = edits(Permission.SITE_EDIT)
    filterset_class = filters.SiteFilter
    search_fields = ["code", "name"]
    ordering_fields = ["code", "name"]


@extend_schema_view(**describe("asset", "assets", edit=True))
class AssetViewSet(AssetReadingsMixin, ImpactMixin, EditableTenantViewSet):
    """The items that are maintained. Nothing deletes one: set its status to `retired`."""

    queryset = Asset.objects.select_related("site")
    serializer_class = serializers.AssetSerializer
    write_permissions = edits(Permission.ASSET_EDIT)
    rate_classes = {"readings": "expensive"}
    filterset_class = filters.AssetFilter
    search_fields = ["tag", "name", "category", "site__name", "site__code"]
    ordering_fields = [
        "tag",
        "name",
        "category",
        "criticality",
        "current_risk",
        "next_due_at",
        "last_maintenance_at",
    ]


@extend_schema_view(**describe("sensor", "sensors", crud=True))
class SensorViewSet(CorrectionsMixin, CrudTenantViewSet):
    """The measured quantities of assets. One with readings cannot be deleted: deactivate it."""

    queryset = Sensor.objects.select_related("asset").order_by("asset__tag", "key", "pk")
    serializer_class = serializers.SensorSerializer
    write_permissions = {
        **edits(Permission.ASSET_EDIT),
        "correct_reading": (Permission.ASSET_EDIT,),
        "delete_readings": (Permission.ASSET_EDIT,),
    }
    rate_classes = {"readings": "expensive", "delete_readings": "expensive"}
    filterset_class = filters.SensorFilter
    search_fields = ["key", "quantity", "asset__tag", "asset__name"]
    ordering_fields = ["key", "quantity", "last_time"]

    def perform_destroy(self, instance: Any) -> None:
        with conflict_on(SensorHasReadings, detail=HAS_READINGS):
            remove_sensor(sensor=instance)


@extend_schema_view(**describe("asset group", "asset groups", crud=True))
class AssetGroupViewSet(CrudTenantViewSet):
    """Named sets of assets."""

    queryset = AssetGroup.objects.annotate(member_count=Count("members")).order_by("name", "pk")
    serializer_class = serializers.AssetGroupSerializer
    write_permissions = {
        **edits(Permission.SITE_EDIT),
        "members": (Permission.SITE_EDIT,),
        "remove_member": (Permission.SITE_EDIT,),
    }
    filterset_class = filters.AssetGroupFilter
    search_fields = ["name", "description"]
    ordering_fields = ["name"]

    @extend_schema(
        methods=["GET"],
        summary="List the members of an asset group",
        responses=serializers.AssetGroupMemberSerializer(many=True),
    )
    @extend_schema(
        methods=["POST"],
        summary="Add an asset to an asset group",
        request=serializers.AssetGroupMemberSerializer,
        responses={201: serializers.AssetGroupMemberSerializer},
    )
    @action(detail=True, methods=["get", "post"], search_fields=[], ordering_fields=[])
    def members(self, request: Request, pk: str | None = None) -> Response:
        group: AssetGroup = self.get_object()
        if request.method == "POST":
            return self._add_member(group, request)
        rows = AssetGroupMember.objects.filter(group=group).select_related("asset")
        page = self.paginate_queryset(rows.order_by("asset__tag", "pk"))
        body = serializers.AssetGroupMemberSerializer(
            page or [], many=True, context=self.get_serializer_context()
        )
        return self.get_paginated_response(body.data)

    def _add_member(self, group: AssetGroup, request: Request) -> Response:
        context = {
            **self.get_serializer_context(),
            "group": group,
            "organization_id": group.organization_id,
        }
        body = serializers.AssetGroupMemberSerializer(data=request.data, context=context)
        body.is_valid(raise_exception=True)
        with transaction.atomic():
            body.save(organization_id=group.organization_id)
        return Response(body.data, status=status.HTTP_201_CREATED)

    @extend_schema(
        summary="Remove an asset from an asset group",
        parameters=[OpenApiParameter("asset", int, OpenApiParameter.PATH, description="Its id.")],
        responses={204: None},
    )
    @action(detail=True, methods=["delete"], url_path=r"members/(?P<asset>[0-9]+)")
    def remove_member(
        self, request: Request, pk: str | None = None, asset: str | None = None
    ) -> Response:
        get_object_or_404(AssetGroupMember, group=self.get_object(), asset=asset).delete()
        return Response(status=status.HTTP_204_NO_CONTENT)


@extend_schema_view(**describe("asset relationship", "asset relationships", crud=True))
class AssetRelationshipViewSet(CrudTenantViewSet):
    """Typed arrows between assets: what feeds, powers, backs up or controls what."""

    queryset = AssetRelationship.objects.select_related("source", "target")
    serializer_class = serializers.AssetRelationshipSerializer
    write_permissions = edits(Permission.ASSET_EDIT)
    filterset_class = filters.AssetRelationshipFilter
    search_fields = ["source__tag", "source__name", "target__tag", "target__name"]
    ordering_fields = ["kind"]


@extend_schema_view(**describe("uptime event", "uptime events", crud=True))
class UptimeEventViewSet(CrudTenantViewSet):
    """The ledger of states (EN 13306): intervals that never overlap on one asset."""

    queryset = UptimeEvent.objects.select_related("asset")
    serializer_class = serializers.UptimeEventSerializer
    pagination_class = Cursors
    write_permissions = edits(Permission.UPTIME_EDIT)
    filterset_class = filters.UptimeEventFilter
    search_fields = ["reason", "asset__tag", "asset__name"]
    ordering_fields = ["started_at", "ended_at", "state"]
