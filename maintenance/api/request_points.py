"""The forms behind the labels, over the API: made, opened, closed, given new keys, printed."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django_filters.rest_framework import FilterSet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    extend_schema,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from assets.api.serializers import OfAsset, expanded_asset
from assets.models import Asset
from maintenance.models import RequestPoint
from maintenance.services import requests as services
from maintenance.services.labels import MOST_LABELS, SHEETS, labels_pdf, url_of
from opssight.accounts.permissions import Permission
from opssight.core.api.filters import IdFilter, TrueFalseFilter
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantRelatedField, TenantSerializer
from opssight.core.api.shape import Expansion
from opssight.core.api.viewsets import EditableTenantViewSet, edits
from opssight.core.downloads import send_made

PLAN = Permission.WORK_ORDER_PLAN


class RequestPointSerializer(OfAsset, TenantSerializer[RequestPoint]):
    organization_from = "asset"
    create_only = ("asset",)

    # Without the check that an asset has one form only: to ask again gives the form that it has.
    asset = TenantRelatedField(queryset=Asset.objects.all())
    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    url = serializers.SerializerMethodField(
        help_text="Where the form is: what the QR code of the label says. Whoever has it reports."
    )

    class Meta:
        model = RequestPoint
        fields = ["id", "asset", "asset_tag", "url", "is_open"]

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"asset": expanded_asset()}

    def get_url(self, point: RequestPoint) -> str:
        return url_of(point)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if self.instance is None:
            return attrs
        return super().validate(attrs)


class RequestPointFilter(FilterSet):  # type: ignore[misc]
    asset = IdFilter(field_name="asset_id", label="Id of the asset.")
    site = IdFilter(field_name="asset__site", label="Id of the site.")
    group = IdFilter(field_name="asset__groups", label="Id of an asset group.")
    is_open = TrueFalseFilter()

    class Meta:
        model = RequestPoint
        fields: list[str] = []


@extend_schema_view(**describe("request form", "request forms", edit=True))
class RequestPointViewSet(EditableTenantViewSet):
    """The public form of an asset, behind the QR code on its label."""

    queryset = RequestPoint.objects.select_related("asset")
    serializer_class = RequestPointSerializer
    write_permissions = {**edits(PLAN), "new_key": (PLAN,)}
    rate_classes = {"labels": "expensive"}
    filterset_class = RequestPointFilter
    search_fields = ["asset__tag", "asset__name"]
    ordering_fields = ["is_open"]

    def permissions_for(self, request: Request) -> tuple[Permission, ...]:
        """The address of a form is for those who print it: to read asks for more than to view.

        An action without a permission of its own stays closed to everybody.
        """
        usual = super().permissions_for(request)
        return (PLAN,) if usual else ()

    def get_queryset(self) -> QuerySet[Any]:
        rows: Any = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows  # type: ignore[no-any-return]
        return rows.for_user(self.user, PLAN)  # type: ignore[no-any-return]

    @extend_schema(
        summary="Make the request form of an asset",
        description="An asset has one: to ask again gives the form that it has.",
        responses={201: RequestPointSerializer},
        examples=[OpenApiExample("Of a pump", request_only=True, value={"asset": 12})],
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().create(request, *args, **kwargs)

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        values = serializer.validated_data
        asset: Asset = values["asset"]
        self.require(PLAN, asset.organization_id)
        point = services.open_point(asset=asset)
        if "is_open" in values:
            point = services.switch(point=point, is_open=values["is_open"])
        serializer.instance = self.get_queryset().get(pk=point.pk)

    @extend_schema(
        summary="Give a request form a new key",
        description="Its address changes: every label that was printed before leads nowhere.",
        request=None,
        responses=RequestPointSerializer,
    )
    @action(detail=True, methods=["post"])
    def new_key(self, request: Request, pk: str | None = None) -> Response:
        point: RequestPoint = self.get_object()
        services.change_key(point=point)
        return Response(self.get_serializer(self.get_object()).data)

    @extend_schema(
        summary="Print the labels of request forms",
        description=(
            "The forms that the filters choose, by tag, as a PDF to be printed at its actual size;"
            f" at most {MOST_LABELS}. Closed forms and those of retired assets have no label."
        ),
        parameters=[
            OpenApiParameter(
                "sheet",
                str,
                enum=list(SHEETS),
                description="; ".join(f"{key}: {sheet.name}" for key, sheet in SHEETS.items())
                + ". a4 unless given.",
            )
        ],
        responses={(200, "application/pdf"): OpenApiTypes.BINARY},
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def labels(self, request: Request) -> HttpResponse:
        sheet = request.query_params.get("sheet", "a4")
        if sheet not in SHEETS:
            raise ValidationError({"sheet": f"Choose one of: {', '.join(SHEETS)}."})
        rows = self.filter_queryset(self.get_queryset()).filter(is_open=True)
        rows = rows.exclude(asset__status=Asset.Status.RETIRED).select_related("asset__site")
        points = list(rows.order_by("asset__tag", "pk")[: MOST_LABELS + 1])
        if not points or len(points) > MOST_LABELS:
            text = (
                f"More than {MOST_LABELS} forms are chosen. Choose fewer, such as those of a site."
                if points
                else "No open form is chosen. Make the forms of the assets first, or open them."
            )
            raise ValidationError({"non_field_errors": [text]}, code="rule")
        content = labels_pdf(points=points, sheet=SHEETS[sheet], at=timezone.now())
        return send_made(content, name="labels.pdf", content_type="application/pdf")
