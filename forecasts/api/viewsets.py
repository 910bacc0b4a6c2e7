from drf_spectacular.utils import extend_schema_view

from forecasts.api import filters, serializers
from forecasts.api.forecasts import ForecastSerializer
from forecasts.models import Forecast, RiskScore
from opssight.core.api.paging import Cursors
from opssight.core.api.schema import describe
from opssight.core.api.viewsets import TenantViewSet


@extend_schema_view(**describe("forecast", "forecasts"))
class ForecastViewSet(TenantViewSet):
    """What each sensor is expected to read, with an interval around every value."""

    queryset = Forecast.objects.select_related("asset", "sensor__limits")
    serializer_class = ForecastSerializer
    pagination_class = Cursors
    filterset_class = filters.ForecastFilter
    search_fields = ["sensor__key", "asset__tag", "asset__name"]
    ordering_fields = ["starts_at", "made_at", "backtest_error"]


@extend_schema_view(**describe("risk score", "risk scores"))
class RiskScoreViewSet(TenantViewSet):
    """The risk of each asset by day, 0 to 100, and the parts that it is made of."""

    queryset = RiskScore.objects.select_related("asset")
    serializer_class = serializers.RiskScoreSerializer
    pagination_class = Cursors
    filterset_class = filters.RiskScoreFilter
    search_fields = ["asset__tag", "asset__name"]
    ordering_fields = ["day", "score", "likelihood", "criticality"]
