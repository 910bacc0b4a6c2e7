"""The store as a CSV file, and a CSV file into the store."""

from typing import Any

from django.core.exceptions import ValidationError as Refused
from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from maintenance.forms.part_files import MOST_PARTS, read, text_of
from maintenance.services import part_files
from maintenance.services.part_files import COUNTED, SET
from opssight.accounts.permissions import Permission
from opssight.core.api.parsers import BoundedJSONParser
from opssight.core.api.viewsets import REFUSED, TenantViewSet

TRUE_FALSE = {"true": True, "false": False}


class PartsFileSerializer(serializers.Serializer[Any]):
    file = serializers.FileField(
        allow_empty_file=True, help_text="CSV in UTF-8, with the names of its columns first."
    )


class DifferenceSerializer(serializers.Serializer[Any]):
    column = serializers.CharField()
    before = serializers.CharField()
    after = serializers.CharField()


class PartChangeSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField(source="given.line", help_text="Of the file, from 1.")
    number = serializers.CharField(source="given.number")
    is_new = serializers.BooleanField()
    differences = DifferenceSerializer(many=True)


class PartsImportSerializer(serializers.Serializer[Any]):
    dry_run = serializers.BooleanField(help_text="Whether nothing was written.")
    new = serializers.IntegerField()
    changed = serializers.IntegerField()
    same = serializers.IntegerField()
    changes = PartChangeSerializer(many=True, help_text="Of the parts that are new or change.")


class PartFilesMixin(TenantViewSet):
    """`export` and `import` of the parts."""

    file_actions = ("import_file",)
    rate_classes = {"export": "expensive", "import_file": "expensive"}

    @extend_schema(
        summary="Export the parts",
        description="The parts that the filters choose, as one CSV file, which `import` takes. The"
        " export itself is recorded in the audit trail.",
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def export(self, request: Request) -> StreamingHttpResponse:
        rows: Any = self.filter_queryset(self.get_queryset())
        chosen = {name: request.query_params[name][:200] for name in request.query_params}
        response = StreamingHttpResponse(
            part_files.parts_file(rows=rows, user=self.user, filters=chosen),
            content_type="text/csv; charset=utf-8",
        )
        name = f"spare-parts-{timezone.now():%Y%m%d-%H%M}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    @extend_schema(
        summary="Import parts",
        description=(
            f"A CSV file in a form (`multipart/form-data`), with up to {MOST_PARTS} parts and these"
            f" columns: {', '.join(f'`{name}`' for name in (*SET, COUNTED))}. `number` and `name`"
            " are needed. A part whose number is known is changed, any other is added; `counted`"
            " books a count. All of it is imported, or nothing: each fault is named by its line and"
            " column."
        ),
        parameters=[
            OpenApiParameter(
                "dry_run",
                str,
                enum=list(TRUE_FALSE),
                description="true: say what would change, and write nothing. false unless given.",
            )
        ],
        request={"multipart/form-data": PartsFileSerializer},
        responses={200: PartsImportSerializer},
        filters=False,
        examples=[
            OpenApiExample(
                "A file",
                value={"file": "parts.csv"},
                request_only=True,
                media_type="multipart/form-data",
            )
        ],
    )
    @action(
        detail=False,
        methods=["post"],
        url_path="import",
        pagination_class=None,
        filter_backends=[],
        parser_classes=[MultiPartParser, BoundedJSONParser],
    )
    def import_file(self, request: Request) -> Response:
        dry_run = TRUE_FALSE.get(request.query_params.get("dry_run", "false"))
        if dry_run is None:
            raise ValidationError({"dry_run": "Use true or false."})
        organization = self.user.organization_with(Permission.STORE_EDIT)
        if organization is None:
            self.permission_denied(request, message=REFUSED)
        body = PartsFileSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            changes = self._imported(organization.pk, body.validated_data["file"], dry_run=dry_run)
        except Refused as error:
            details = [ErrorDetail(text, code="rule") for text in error.messages]
            raise ValidationError({"file": details}) from error
        new, changed, same = part_files.counts(changes)
        answer = PartsImportSerializer(
            {
                "dry_run": dry_run,
                "new": new,
                "changed": changed,
                "same": same,
                "changes": [change for change in changes if not change.is_nothing],
            }
        )
        return Response(answer.data)

    def _imported(self, organization: int, file: Any, *, dry_run: bool) -> list[part_files.Change]:
        given = read(text_of(file))
        if dry_run:
            return part_files.planned(organization_id=organization, given=given)
        return part_files.take(
            organization_id=organization, given=given, by=self.user, at=timezone.now()
        )
