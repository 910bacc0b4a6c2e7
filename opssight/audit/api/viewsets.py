from typing import Any

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.request import Request
from rest_framework.views import APIView

from opssight.accounts.permissions import Permission
from opssight.audit import exports, queries
from opssight.audit.api.serializers import AuditEntrySerializer
from opssight.audit.filters import AuditFilter
from opssight.audit.models import AuditEntry
from opssight.audit.services import record_export
from opssight.audit.views import download
from opssight.core.api.paging import Cursors
from opssight.core.api.schema import describe
from opssight.core.api.viewsets import TenantViewSet
from opssight.core.lists import LONGEST_SEARCH


class TrailSearch(BaseFilterBackend):
    """`?search=` in names, values, addresses, paths and request ids."""

    def filter_queryset(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> QuerySet[Any]:
        text = request.query_params.get("search", "")
        if "\x00" in text or len(text) > LONGEST_SEARCH:
            raise ValidationError(
                {"search": f"Give up to {LONGEST_SEARCH} characters, without NUL."},
                code="null_characters_not_allowed",
            )
        return queries.matching(queryset, text) if text else queryset  # type: ignore[arg-type]

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return [
            {
                "name": "search",
                "in": "query",
                "required": False,
                "description": "Text in names, values, addresses, paths or request ids.",
                "schema": {"type": "string", "maxLength": LONGEST_SEARCH},
            }
        ]


@extend_schema_view(**describe("audit entry", "audit entries"))
class AuditEntryViewSet(TenantViewSet):
    """Who did what, when, from where: every change with the values before and after.

    Also sign-ins and exports. Entries are never changed; each is part of a chain of hashes.
    """

    queryset = AuditEntry.objects.select_related("user")
    serializer_class = AuditEntrySerializer
    rate_classes = {"export": "expensive"}
    pagination_class = Cursors
    filterset_class = AuditFilter
    ordering_fields = ["id", "at"]

    @property
    def filter_backends(self) -> list[Any]:  # type: ignore[override]
        standard, _, ordering = TenantViewSet.filter_backends
        return [standard, TrailSearch, ordering]

    def permissions_for(self, request: Request) -> tuple[Permission, ...]:
        return (Permission.AUDIT_VIEW,)

    @extend_schema(
        summary="Export audit entries",
        description="The entries that the filters choose, newest first, as one file. "
        "The export itself is recorded.",
        parameters=[
            OpenApiParameter(
                "file", str, enum=list(exports.FORMATS), description="json unless given."
            )
        ],
        responses={
            (200, "application/json"): AuditEntrySerializer(many=True),
            (200, "text/csv"): OpenApiTypes.STR,
        },
    )
    @action(detail=False, methods=["get"], pagination_class=None)
    def export(self, request: Request) -> StreamingHttpResponse:
        file_format = request.query_params.get("file", "json")
        if file_format not in exports.FORMATS:
            raise ValidationError({"file": f"Choose one of: {', '.join(exports.FORMATS)}."})
        rows = self.filter_queryset(self.get_queryset())
        record_export(
            organizations=self.user.organizations_with(Permission.AUDIT_VIEW),
            label=f"Audit trail as {file_format.upper()}",
            filters={name: request.query_params[name][:200] for name in request.query_params},
        )
        return download(rows, file_format, at=timezone.now())  # type: ignore[arg-type]
