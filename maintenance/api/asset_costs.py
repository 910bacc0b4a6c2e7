"""What each asset cost in a year."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django_filters.rest_framework import FilterSet
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers

from assets.models import Asset
from maintenance.queries.costs import with_costs, year_of
from opssight.core.api.filters import IdFilter
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.viewsets import TenantViewSet

FIRST_YEAR, LAST_YEAR = 1971, 9000


def _money(text: str, **options: Any) -> serializers.DecimalField:
    return serializers.DecimalField(
        max_digits=16, decimal_places=2, read_only=True, help_text=text, **options
    )


class CostSerializer(TenantSerializer[Asset]):
    labor_cost = _money("Of the work completed in the year.")
    parts_cost = _money("Spare parts used.")
    other_cost = _money("Contractors, freight and the like.")
    maintenance_cost = _money("Labor, parts and other costs.")
    downtime_hours = serializers.FloatField(read_only=True, help_text="Planned or not.")
    cost_of_downtime = _money(
        "Hours × the cost of an hour; null: the asset has no such cost.", allow_null=True
    )
    total_cost = _money("Maintenance, and downtime where its cost is known.")
    share = serializers.FloatField(
        read_only=True,
        allow_null=True,
        help_text="Maintenance cost ÷ replacement value; null: the asset has none.",
    )
    failures = serializers.IntegerField(read_only=True, help_text="Begun in the year.")

    class Meta:
        model = Asset
        fields = [
            "id",
            "tag",
            "name",
            "labor_cost",
            "parts_cost",
            "other_cost",
            "maintenance_cost",
            "downtime_hours",
            "cost_of_downtime",
            "total_cost",
            "replacement_value",
            "share",
            "failures",
        ]
        read_only_fields = fields


class CostFilter(FilterSet):  # type: ignore[misc]
    year = IdFilter(method="filter_year", label="The year; without it this one.", min_value=1)
    site = IdFilter(label="Id of the site.")
    group = IdFilter(field_name="group_members__group", label="Id of an asset group.")

    class Meta:
        model = Asset
        fields: list[str] = []

    def filter_year(self, queryset: QuerySet[Asset], name: str, value: int) -> QuerySet[Asset]:
        """The view's rows are of this year already."""
        return queryset if FIRST_YEAR <= value <= LAST_YEAR else queryset.none()


@extend_schema_view(**describe("cost of an asset", "costs of assets"))
class CostViewSet(TenantViewSet):
    """What each asset cost in a year, on the wall clock of the caller's organization.

    Order by `-total_cost`, `-downtime_hours` or `-failures` for the bad actors.
    """

    queryset = Asset.objects.order_by("tag", "pk")
    serializer_class = CostSerializer
    filterset_class = CostFilter
    search_fields = ["tag", "name"]
    ordering_fields = [
        "tag",
        "maintenance_cost",
        "total_cost",
        "downtime_hours",
        "failures",
        "share",
    ]

    def get_queryset(self) -> QuerySet[Any]:
        now = timezone.now()
        text = self.request.query_params.get("year", "")
        organization = self.user.organization if self.request.user.is_authenticated else None
        zone = organization.zone if organization else timezone.get_default_timezone()
        year = timezone.localtime(now, zone).year
        if text.isdecimal() and len(text) == 4 and FIRST_YEAR <= int(text) <= LAST_YEAR:
            year = int(text)
        start, end = year_of(year, zone)
        return with_costs(super().get_queryset(), start=start, end=max(start, min(end, now)))
