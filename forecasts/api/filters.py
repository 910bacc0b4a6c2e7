from django.db.models import OuterRef, QuerySet, Subquery
from django_filters.rest_framework import DateFilter, FilterSet, NumberFilter

from forecasts.models import Forecast, RiskScore
from opssight.core.api.filters import IdFilter, TrueFalseFilter, UtcDateTimeFilter


class ForecastFilter(FilterSet):  # type: ignore[misc]
    asset = IdFilter(label="Id of the asset.")
    sensor = IdFilter(label="Id of the sensor.")
    latest = TrueFalseFilter(
        method="filter_latest", label="Latest (true): only the newest of each sensor."
    )
    starts_after = UtcDateTimeFilter("starts_at", lookup_expr="gte")
    starts_before = UtcDateTimeFilter("starts_at", lookup_expr="lt")

    class Meta:
        model = Forecast
        fields: list[str] = []

    def filter_latest(
        self, queryset: QuerySet[Forecast], name: str, value: bool
    ) -> QuerySet[Forecast]:
        newest = Forecast.objects.filter(sensor=OuterRef("sensor")).order_by("-starts_at")
        return queryset.filter(pk=Subquery(newest.values("pk")[:1])) if value else queryset


class RiskScoreFilter(FilterSet):  # type: ignore[misc]
    asset = IdFilter(label="Id of the asset.")
    site = IdFilter(field_name="asset__site", label="Id of the site.")
    min_score = NumberFilter(
        "score", lookup_expr="gte", min_value=0, max_value=100, label="Lowest score, 0 to 100."
    )
    latest = TrueFalseFilter(
        method="filter_latest", label="Latest (true): only the newest of each asset."
    )
    day_after = DateFilter("day", lookup_expr="gte", label="This day or later.")
    day_before = DateFilter("day", lookup_expr="lte", label="This day or earlier.")

    class Meta:
        model = RiskScore
        fields: list[str] = []

    def filter_latest(
        self, queryset: QuerySet[RiskScore], name: str, value: bool
    ) -> QuerySet[RiskScore]:
        newest = RiskScore.objects.filter(asset=OuterRef("asset")).order_by("-day")
        return queryset.filter(pk=Subquery(newest.values("pk")[:1])) if value else queryset
