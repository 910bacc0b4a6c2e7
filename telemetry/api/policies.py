from drf_spectacular.utils import extend_schema_view

from opssight.accounts.permissions import Permission
from opssight.core.api.schema import describe
from opssight.core.api.viewsets import CrudTenantViewSet, edits
from telemetry.api.filters import TelemetryPolicyFilter
from telemetry.api.serializers import TelemetryPolicySerializer
from telemetry.models import TelemetryPolicy


@extend_schema_view(**describe("telemetry policy", "telemetry policies", crud=True))
class TelemetryPolicyViewSet(CrudTenantViewSet):
    """What becomes of unknown names and times without a zone, and how long readings are kept.

    One row for each organization; without it the defaults hold.
    """

    queryset = TelemetryPolicy.objects.all()
    serializer_class = TelemetryPolicySerializer
    write_permissions = edits(Permission.INTEGRATION_EDIT)
    filterset_class = TelemetryPolicyFilter
    search_fields = ["organization__name"]
    ordering_fields = ["unknown", "naive_times"]
