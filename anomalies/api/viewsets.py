from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from anomalies import services
from anomalies.api.filters import AnomalyFilter
from anomalies.api.serializers import AnomalySerializer, ReviewSerializer
from anomalies.models import Anomaly
from maintenance.models import Verdict
from opssight.accounts.permissions import Permission
from opssight.core.api.paging import Cursors
from opssight.core.api.problems import conflict_on
from opssight.core.api.schema import describe
from opssight.core.api.viewsets import TenantViewSet

CLOSED = "The anomaly was closed before. Read it again."


@extend_schema_view(**describe("anomaly", "anomalies"))
class AnomalyViewSet(TenantViewSet):
    """Stretches of readings that stand out from what was expected, each explained in words."""

    queryset = Anomaly.objects.select_related("asset", "sensor")
    serializer_class = AnomalySerializer
    pagination_class = Cursors
    write_permissions = {"review": (Permission.ANOMALY_REVIEW,)}
    filterset_class = AnomalyFilter
    search_fields = ["failure_mode", "explanation", "sensor__key", "asset__tag", "asset__name"]
    ordering_fields = ["started_at", "ended_at", "score", "closed_at"]

    @extend_schema(
        summary="Review an anomaly: say what was found, and close it",
        request=ReviewSerializer,
        responses=AnomalySerializer,
        examples=[
            OpenApiExample("A false alarm", value={"verdict": "false_alarm"}, request_only=True)
        ],
    )
    @action(detail=True, methods=["post"])
    def review(self, request: Request, pk: str | None = None) -> Response:
        anomaly: Anomaly = self.get_object()
        body = ReviewSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        with conflict_on(services.AnomalyClosed, detail=CLOSED):
            services.review(
                anomaly=anomaly,
                verdict=Verdict(body.validated_data["verdict"]),
                by=self.user,
                at=timezone.now(),
            )
        return Response(self.get_serializer(self.get_object()).data)
