"""KPIs with what they were made from, and the production that some are made from."""

from django.db.models import Q, QuerySet
from django_filters.rest_framework import ChoiceFilter, FilterSet, MultipleChoiceFilter
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework import serializers

from assets.api.serializers import OfAsset, SiteSerializer, expanded_asset
from assets.models import AssetKpi, ProductionRun, Site
from opssight.accounts.permissions import Permission
from opssight.core.api.filters import IdFilter, UtcDateTimeFilter
from opssight.core.api.paging import Cursors
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.shape import Expansion
from opssight.core.api.viewsets import CrudTenantViewSet, TenantViewSet, edits

SCOPES = [
    ("asset", "One asset"),
    ("group", "An asset group"),
    ("site", "A site"),
    ("organization", "The organization"),
]
RUN = OpenApiExample(
    "A shift",
    value={
        "asset": 1,
        "started_at": "2026-03-02T06:00:00Z",
        "ended_at": "2026-03-02T14:00:00Z",
        "planned_minutes": 420,
        "produced": 400,
        "good": 390,
        "ideal_minutes": 1,
    },
    request_only=True,
)


class AssetKpiSerializer(TenantSerializer[AssetKpi]):
    asset_tag = serializers.CharField(
        source="asset.tag", read_only=True, default=None, allow_null=True
    )
    unit = serializers.CharField(read_only=True, help_text="h, weeks, or % of a ratio of 0 to 1.")
    inputs = serializers.DictField(read_only=True, help_text="What the value was made from.")

    class Meta:
        model = AssetKpi
        fields = [
            "id",
            "asset",
            "asset_tag",
            "group",
            "site",
            "kpi",
            "period",
            "starts_at",
            "ends_at",
            "value",
            "unit",
            "standard",
            "count",
            "inputs",
            "computed_at",
        ]
        read_only_fields = fields

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"asset": expanded_asset(), "site": Expansion(SiteSerializer, Site.objects.all())}


class AssetKpiFilter(FilterSet):  # type: ignore[misc]
    scope = ChoiceFilter(method="filter_scope", choices=SCOPES, label="What the KPI is of.")
    asset = IdFilter(label="Id of the asset.")
    group = IdFilter(label="Id of the asset group.")
    site = IdFilter(method="filter_site", label="Id of the site: its own KPIs and its assets'.")
    kpi = MultipleChoiceFilter(choices=AssetKpi.Kpi.choices)
    period = MultipleChoiceFilter(choices=AssetKpi.Period.choices)
    starts_after = UtcDateTimeFilter("starts_at", lookup_expr="gte")
    starts_before = UtcDateTimeFilter("starts_at", lookup_expr="lt")

    class Meta:
        model = AssetKpi
        fields: list[str] = []

    def filter_scope(
        self, queryset: QuerySet[AssetKpi], name: str, value: str
    ) -> QuerySet[AssetKpi]:
        if value == "organization":
            return queryset.filter(asset=None, group=None, site=None)
        return queryset.filter(**{f"{value}__isnull": False})

    def filter_site(
        self, queryset: QuerySet[AssetKpi], name: str, value: int
    ) -> QuerySet[AssetKpi]:
        return queryset.filter(Q(site=value) | Q(asset__site=value))


@extend_schema_view(**describe("KPI", "KPIs"))
class AssetKpiViewSet(TenantViewSet):
    """KPIs of assets, groups, sites and the organization. No value: insufficient data.

    A row with neither asset, group nor site is of the whole organization.
    """

    queryset = AssetKpi.objects.select_related("asset")
    serializer_class = AssetKpiSerializer
    pagination_class = Cursors
    filterset_class = AssetKpiFilter
    search_fields = ["asset__tag", "asset__name"]
    ordering_fields = ["ends_at", "starts_at", "kpi", "value"]


class ProductionRunSerializer(OfAsset, TenantSerializer[ProductionRun]):
    organization_from = "asset"
    create_only = ("asset",)

    asset_tag = serializers.CharField(source="asset.tag", read_only=True)

    class Meta:
        model = ProductionRun
        fields = [
            "id",
            "asset",
            "asset_tag",
            "started_at",
            "ended_at",
            "planned_minutes",
            "produced",
            "good",
            "ideal_minutes",
        ]


class ProductionRunFilter(FilterSet):  # type: ignore[misc]
    asset = IdFilter(label="Id of the asset.")
    site = IdFilter(field_name="asset__site", label="Id of the site.")
    ended_after = UtcDateTimeFilter("ended_at", lookup_expr="gt")
    ended_before = UtcDateTimeFilter("ended_at", lookup_expr="lte")

    class Meta:
        model = ProductionRun
        fields: list[str] = []


@extend_schema_view(
    **{
        **describe("production run", "production runs", crud=True),
        "create": extend_schema(summary="Create a production run", examples=[RUN]),
    }
)
class ProductionRunViewSet(CrudTenantViewSet):
    """What an asset produced in a planned time; runs of one asset never overlap.

    OEE and the availability of ISO 22400-2 are made from them.
    """

    queryset = ProductionRun.objects.select_related("asset")
    serializer_class = ProductionRunSerializer
    pagination_class = Cursors
    write_permissions = dict.fromkeys(
        edits(Permission.UPTIME_EDIT), (Permission.UPTIME_EDIT, Permission.ASSET_EDIT)
    )
    filterset_class = ProductionRunFilter
    search_fields = ["asset__tag", "asset__name"]
    ordering_fields = ["started_at", "ended_at"]
