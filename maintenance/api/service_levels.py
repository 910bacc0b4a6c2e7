"""How fast work of each priority is to be begun and done."""

from typing import Any

from django_filters.rest_framework import FilterSet, MultipleChoiceFilter
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.request import Request
from rest_framework.response import Response

from maintenance.forms.service_levels import MOST_HOURS
from maintenance.models import ServiceLevel, Urgency
from opssight.accounts.permissions import Permission
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.viewsets import CrudTenantViewSet, edits


class ServiceLevelSerializer(TenantSerializer[ServiceLevel]):
    class Meta:
        model = ServiceLevel
        fields = ["id", "priority", "respond_hours", "complete_hours"]
        extra_kwargs = {
            "respond_hours": {"max_value": MOST_HOURS},
            "complete_hours": {"min_value": 1, "max_value": MOST_HOURS},
        }


class ServiceLevelFilter(FilterSet):  # type: ignore[misc]
    priority = MultipleChoiceFilter(choices=Urgency.choices)

    class Meta:
        model = ServiceLevel
        fields: list[str] = []


@extend_schema_view(**describe("service level", "service levels", crud=True))
class ServiceLevelViewSet(CrudTenantViewSet):
    """By when work of a priority is to be begun and done, in hours from its creation."""

    queryset = ServiceLevel.objects.all()
    serializer_class = ServiceLevelSerializer
    write_permissions = edits(Permission.TECHNICIAN_EDIT)
    filterset_class = ServiceLevelFilter
    search_fields = ["priority"]
    ordering_fields = ["respond_hours", "complete_hours", "priority"]

    @extend_schema(
        summary="Create a service level",
        description="One for each priority. It counts for work that is created from now on, and"
        " for work whose priority changes.",
        examples=[
            OpenApiExample(
                "Begun in 4 hours, done in a day",
                value={"priority": "high", "respond_hours": 4, "complete_hours": 24},
                request_only=True,
            )
        ],
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().create(request, *args, **kwargs)
