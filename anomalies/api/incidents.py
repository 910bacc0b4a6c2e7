from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers

from anomalies.api.filters import IncidentFilter
from anomalies.models import Incident
from assets.api.serializers import expanded_asset
from opssight.core.api.paging import Cursors
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.shape import Expansion
from opssight.core.api.viewsets import TenantViewSet


class IncidentSerializer(TenantSerializer[Incident]):
    """`asset`, `failure_mode` and `explanation` are those of the likely root."""

    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    failure_mode = serializers.CharField(source="root.failure_mode", read_only=True)
    explanation = serializers.CharField(source="root.explanation", read_only=True)

    class Meta:
        model = Incident
        fields = [
            "id",
            "asset",
            "asset_tag",
            "root",
            "root_by",
            "failure_mode",
            "explanation",
            "severity",
            "started_at",
            "ended_at",
        ]
        read_only_fields = fields

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {"asset": expanded_asset()}


@extend_schema_view(**describe("incident", "incidents"))
class IncidentViewSet(TenantViewSet):
    """Anomalies that belong together. They are listed at `/api/anomalies/?incident=`."""

    queryset = Incident.objects.select_related("asset", "root")
    serializer_class = IncidentSerializer
    pagination_class = Cursors
    filterset_class = IncidentFilter
    search_fields = ["root__failure_mode", "root__explanation", "asset__tag", "asset__name"]
    ordering_fields = ["started_at", "ended_at"]
