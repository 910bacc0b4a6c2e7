"""Faults of data, to read."""

from django_filters.rest_framework import FilterSet, MultipleChoiceFilter
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers

from assets.api.serializers import expanded_asset, expanded_sensor
from opssight.core.api.filters import IdFilter, TrueFalseFilter, UtcDateTimeFilter
from opssight.core.api.paging import Cursors
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.shape import Expansion
from opssight.core.api.viewsets import TenantViewSet
from telemetry.models import QualityFault


class QualityFaultSerializer(TenantSerializer[QualityFault]):
    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    sensor_key = serializers.CharField(source="sensor.key", read_only=True)
    pauses_scoring = serializers.BooleanField(
        read_only=True,
        help_text="Whether readings of the sensor are not scored between start and end.",
    )

    class Meta:
        model = QualityFault
        fields = [
            "id",
            "asset",
            "asset_tag",
            "sensor",
            "sensor_key",
            "kind",
            "started_at",
            "found_at",
            "ended_at",
            "explanation",
            "pauses_scoring",
        ]
        read_only_fields = fields

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"asset": expanded_asset(), "sensor": expanded_sensor()}


class QualityFaultFilter(FilterSet):  # type: ignore[misc]
    asset = IdFilter(label="Id of the asset.")
    sensor = IdFilter(label="Id of the sensor.")
    site = IdFilter(field_name="asset__site", label="Id of the site.")
    kind = MultipleChoiceFilter(choices=QualityFault.Kind.choices)
    open = TrueFalseFilter("ended_at", lookup_expr="isnull", label="Whether it goes on.")
    started_after = UtcDateTimeFilter("started_at", lookup_expr="gte")
    started_before = UtcDateTimeFilter("started_at", lookup_expr="lt")

    class Meta:
        model = QualityFault
        fields: list[str] = []


@extend_schema_view(**describe("fault of the data", "faults of the data"))
class QualityFaultViewSet(TenantViewSet):
    """Times in which the data of a sensor cannot be trusted. Faults of machines are anomalies.

    The monitor begins and ends them; while one lasts that pauses scoring, no anomaly of its sensor
    is found.
    """

    queryset = QualityFault.objects.select_related("asset", "sensor")
    serializer_class = QualityFaultSerializer
    pagination_class = Cursors
    filterset_class = QualityFaultFilter
    search_fields = ["explanation", "sensor__key", "asset__tag", "asset__name"]
    ordering_fields = ["started_at", "found_at", "ended_at"]
