from django.contrib import admin

from forecasts.models import Forecast, RiskScore
from opssight.core.admin import ReadOnlyTenantAdmin


@admin.register(Forecast)
class ForecastAdmin(ReadOnlyTenantAdmin):
    list_display = ("sensor", "asset", "starts_at", "step", "method", "backtest_error", "made_at")
    list_filter = ("method", "asset__site")
    list_select_related = ("asset", "sensor")
    search_fields = ("asset__tag", "asset__name", "sensor__key")
    date_hierarchy = "made_at"


@admin.register(RiskScore)
class RiskScoreAdmin(ReadOnlyTenantAdmin):
    list_display = ("asset", "day", "score", "likelihood", "criticality", "computed_at")
    list_filter = ("criticality", "asset__site")
    list_select_related = ("asset",)
    search_fields = ("asset__tag", "asset__name")
    date_hierarchy = "day"
