"""Files of work orders and of assets."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.core.exceptions import ValidationError
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django_filters.rest_framework import CharFilter, FilterSet, MultipleChoiceFilter
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import exceptions, mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from assets.api.serializers import expanded_asset
from assets.models import Asset
from maintenance.api.serializers import expanded_work_order
from maintenance.models import Attachment, WorkOrder
from maintenance.services import attachments
from opssight.accounts.permissions import Permission
from opssight.core.api.fields import RelatedText
from opssight.core.api.filters import IdFilter, UtcDateTimeFilter
from opssight.core.api.paging import Cursors
from opssight.core.api.parsers import BoundedJSONParser
from opssight.core.api.problems import Conflict
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantRelatedField, TenantSerializer
from opssight.core.api.shape import Expansion
from opssight.core.api.viewsets import REFUSED, TenantViewSet
from opssight.core.downloads import StorageUnavailable, send_file

WORK = (Permission.WORK_ORDER_PLAN, Permission.WORK_ORDER_EXECUTE)
# Refusals that are the order's fault, not the file's.
OF_ORDER = {"work_order_done", "too_many"}
OF_ASSET = {"too_many_at_asset": "asset"}
DIGITS = re.compile(r"-?[0-9]{1,100}")
KINDS = ("image/jpeg", "image/png", "image/webp", "application/pdf", "text/plain", "text/csv")
FILE = {(200, kind): OpenApiTypes.BINARY for kind in (*KINDS, "application/octet-stream", "*/*")}


class StorageDown(exceptions.APIException):
    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_code = "storage_failed"
    default_detail = StorageUnavailable.text


class Anything(BaseRenderer):
    """A file is sent as it is, whatever type is asked for."""

    media_type = "*/*"
    format = "file"


class FormIdField(TenantRelatedField):
    """An id; a form sends it as digits, and none as `null`."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(None if data == "null" else data)

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, str) and DIGITS.fullmatch(data):
            data = int(data)
        return super().to_internal_value(data)


class AttachmentSerializer(TenantSerializer[Attachment]):
    """A file. Its content never changes: send another one, and delete this."""

    organization_from = "asset"

    file = serializers.FileField(
        write_only=True, allow_empty_file=True, help_text="The file, with its name."
    )
    asset = FormIdField(
        queryset=Asset.objects.all(),
        required=False,
        help_text="Left out: the leading asset of the work order.",
    )
    work_order = FormIdField(
        queryset=WorkOrder.objects.all(),
        required=False,
        allow_null=True,
        help_text="Left out: the file is of the asset itself.",
    )
    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    uploaded_by_name = RelatedText(source="uploaded_by.__str__")
    content_url = serializers.SerializerMethodField(help_text="Where the file is read.")
    thumbnail_url = serializers.SerializerMethodField(
        help_text="Where a small WebP picture is read; null unless it is a photo."
    )

    class Meta:
        model = Attachment
        fields = [
            "id",
            "file",
            "asset",
            "asset_tag",
            "work_order",
            "request",
            "kind",
            "name",
            "content_type",
            "size",
            "sha256",
            "uploaded_at",
            "uploaded_by",
            "uploaded_by_name",
            "content_url",
            "thumbnail_url",
        ]
        read_only_fields = [
            "request",
            "kind",
            "name",
            "content_type",
            "size",
            "sha256",
            "uploaded_at",
            "uploaded_by",
        ]

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"asset": expanded_asset(), "work_order": expanded_work_order()}

    def get_content_url(self, attachment: Attachment) -> str:
        return reverse("attachment-content", args=[attachment.pk])

    def get_thumbnail_url(self, attachment: Attachment) -> str | None:
        if not attachment.thumbnail:
            return None
        return reverse("attachment-thumbnail", args=[attachment.pk])

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        order, asset = attrs.get("work_order"), attrs.get("asset")
        if asset is None:
            if order is None:
                raise serializers.ValidationError(
                    {"work_order": "Say which work order, or else which asset, the file is of."},
                    code="one_of_two",
                )
            asset = order.asset
        elif order is not None and not order.lines.filter(asset=asset).exists():
            raise serializers.ValidationError(
                {"asset": f"{order.number} is not for this asset. Leave it out, or choose one."},
                code="not_of_the_order",
            )
        return super().validate({**attrs, "asset": asset})


class AttachmentFilter(FilterSet):  # type: ignore[misc]
    asset = IdFilter(label="Id of the asset.")
    site = IdFilter(field_name="asset__site", label="Id of the site.")
    work_order = IdFilter(label="Id of the work order.")
    request = IdFilter(label="Id of the work request.")
    uploaded_by = IdFilter(label="Id of the user who sent it.")
    kind = MultipleChoiceFilter(choices=Attachment.Kind.choices)
    sha256 = CharFilter(lookup_expr="iexact", label="SHA-256 of the content, in hex.")
    uploaded_after = UtcDateTimeFilter("uploaded_at", lookup_expr="gte")
    uploaded_before = UtcDateTimeFilter("uploaded_at", lookup_expr="lt")

    class Meta:
        model = Attachment
        fields: list[str] = []


@extend_schema_view(**describe("attachment", "attachments"))
class AttachmentViewSet(mixins.CreateModelMixin, mixins.DestroyModelMixin, TenantViewSet):
    """Photos and documents of work orders and assets, checked when they come in."""

    queryset = Attachment.objects.select_related("asset", "uploaded_by")
    serializer_class = AttachmentSerializer
    pagination_class = Cursors
    # JSON is read to say what is missing: a file comes in a form.
    parser_classes = [MultiPartParser, BoundedJSONParser]
    file_actions = ("create", "content", "thumbnail")
    write_permissions = {
        "create": (*WORK, Permission.ASSET_EDIT),
        "destroy": (*WORK, Permission.ASSET_EDIT),
    }
    rate_classes = {"content": "expensive"}
    filterset_class = AttachmentFilter
    search_fields = ["name", "asset__tag"]
    ordering_fields = ["uploaded_at", "name", "size"]

    @extend_schema(
        summary="Attach a file",
        description=(
            "One file in a form (`multipart/form-data`), to a work order or to an asset: a JPEG,"
            " PNG or WebP photo, a PDF, a text or CSV file, or an office document. What it is, is"
            " told by its content. A photo is turned upright, made at most 4096 pixels wide and"
            " high, and loses its metadata, such as where it was taken."
        ),
        request={"multipart/form-data": AttachmentSerializer},
        responses={201: AttachmentSerializer},
        examples=[
            OpenApiExample(
                "A photo of a work order",
                value={"file": "leak.jpg", "work_order": 1},
                request_only=True,
                media_type="multipart/form-data",
            )
        ],
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().create(request, *args, **kwargs)

    def get_renderers(self) -> list[BaseRenderer]:
        """What OPTIONS says of a file is no file."""
        return [JSONRenderer()] if self.request.method == "OPTIONS" else super().get_renderers()

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        values = serializer.validated_data
        asset, order = values["asset"], values.get("work_order")
        if not attachments.may_attach(user=self.user, asset=asset, work_order=order):
            raise exceptions.PermissionDenied(REFUSED)
        with _refusals():
            serializer.instance = attachments.attach(
                asset=asset,
                work_order=order,
                upload=values["file"],
                by=self.user,
                at=timezone.now(),
            )

    @extend_schema(
        summary="Delete an attachment",
        description="Of an order before its work was reported: by planners, and by who sent it.",
    )
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().destroy(request, *args, **kwargs)

    def perform_destroy(self, instance: Attachment) -> None:
        if not attachments.may_remove(user=self.user, attachment=instance):
            raise exceptions.PermissionDenied(REFUSED)
        try:
            attachments.remove(attachment=instance)
        except ValidationError as error:
            raise Conflict(" ".join(error.messages)) from error

    @extend_schema(
        summary="Read the file of an attachment",
        description="With its own type and name. Its ETag is its SHA-256.",
        responses=FILE,
    )
    @action(detail=True, methods=["get"], renderer_classes=[Anything])
    def content(self, request: Request, pk: str | None = None) -> HttpResponseBase:
        row: Attachment = self.get_object()
        return self._send(row.file, name=row.name, content_type=row.content_type, etag=row.sha256)

    @extend_schema(
        summary="Read the thumbnail of a photo",
        description="A WebP picture, at most 320 pixels wide and high.",
        responses=FILE,
    )
    @action(detail=True, methods=["get"], renderer_classes=[Anything])
    def thumbnail(self, request: Request, pk: str | None = None) -> HttpResponseBase:
        row: Attachment = self.get_object()
        if not row.thumbnail:
            raise exceptions.NotFound("This attachment has no thumbnail: it is not a photo.")
        return self._send(
            row.thumbnail,
            name=f"{row.name}.webp",
            content_type="image/webp",
            etag=f"{row.sha256}-small",
        )

    def _send(self, stored: Any, **about: str) -> HttpResponseBase:
        try:
            return send_file(self.sent, stored, **about)
        except StorageUnavailable as error:
            raise StorageDown from error


@contextmanager
def _refusals() -> Iterator[None]:
    """Say at which field a refused file is refused."""
    try:
        yield
    except attachments.StorageFailed as error:
        raise StorageDown(error.message) from error
    except ValidationError as error:
        field = "work_order" if error.code in OF_ORDER else OF_ASSET.get(error.code or "", "file")
        details = [exceptions.ErrorDetail(text, code=error.code) for text in error.messages]
        raise exceptions.ValidationError({field: details}) from error
