"""The hours that technicians work every week."""

import re
from datetime import time
from typing import Any

from django_filters.rest_framework import FilterSet, MultipleChoiceFilter
from drf_spectacular.utils import (
    OpenApiExample,
    extend_schema,
    extend_schema_field,
    extend_schema_view,
)
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from maintenance.api.people import expanded_technician
from maintenance.models import Shift
from opssight.accounts.permissions import Permission
from opssight.core.api.filters import IdFilter
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.shape import Expansion
from opssight.core.api.viewsets import CrudTenantViewSet, edits

CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?"


@extend_schema_field({"type": "string", "pattern": f"^{CLOCK}$", "example": "08:00:00"})
class ClockField(serializers.Field):  # type: ignore[type-arg]
    """A time of day on the clock of the organization, without a zone."""

    default_error_messages = {
        "invalid": "Give a time of day from 00:00 to 23:59, such as 08:00, without a time zone."
    }

    def to_internal_value(self, data: Any) -> time:
        if not isinstance(data, str) or not re.fullmatch(CLOCK, data, re.ASCII):
            self.fail("invalid")
        return time.fromisoformat(data)

    def to_representation(self, value: time) -> str:
        return value.isoformat(timespec="seconds")


class ShiftSerializer(TenantSerializer[Shift]):
    """`weekday` is 0 on Monday and 6 on Sunday."""

    organization_from = "technician"
    create_only = ("technician",)

    technician_name = serializers.CharField(source="technician.user.__str__", read_only=True)
    starts = ClockField(help_text="On the clock of the organization.")

    class Meta:
        model = Shift
        fields = ["id", "technician", "technician_name", "weekday", "starts", "minutes"]
        extra_kwargs = {"minutes": {"min_value": 1, "max_value": 1440}}

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"technician": expanded_technician()}


class ShiftFilter(FilterSet):  # type: ignore[misc]
    technician = IdFilter(label="Id of the technician.")
    weekday = MultipleChoiceFilter(
        choices=Shift.Weekday.choices, label="Weekday: 0 is Monday, 6 is Sunday."
    )

    class Meta:
        model = Shift
        fields: list[str] = []


@extend_schema_view(**describe("shift", "shifts", crud=True))
class ShiftViewSet(CrudTenantViewSet):
    """Hours that technicians work every week. Those of one technician do not overlap."""

    queryset = Shift.objects.select_related("technician__user")
    serializer_class = ShiftSerializer
    write_permissions = edits(Permission.TECHNICIAN_EDIT)
    filterset_class = ShiftFilter
    search_fields = [
        "technician__user__username",
        "technician__user__first_name",
        "technician__user__last_name",
    ]
    ordering_fields = ["weekday", "starts", "minutes"]

    @extend_schema(
        summary="Create a shift",
        description="It may go on past midnight. One that overlaps another of the technician is"
        " refused. A technician without shifts counts as working Monday to Friday, 8:00 to 16:00.",
        examples=[
            OpenApiExample(
                "The night from Sunday to Monday",
                value={"technician": 1, "weekday": 6, "starts": "22:00", "minutes": 480},
                request_only=True,
            )
        ],
    )
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().create(request, *args, **kwargs)
