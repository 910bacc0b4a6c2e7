from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django_filters.rest_framework import ChoiceFilter, DateFilter, FilterSet, NumberFilter

from forecasts.models import Confidence, FailureChance, Forecast, LifePrediction, RiskScore
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


class PredictionFilter(FilterSet):  # type: ignore[misc]
    """What both have in common. `of_one`: what the newest row is sought for, beside the asset."""

    of_one: tuple[str, ...] = ("asset",)

    asset = IdFilter(label="Id of the asset.")
    site = IdFilter(field_name="asset__site", label="Id of the site.")
    confidence = ChoiceFilter(choices=Confidence.choices)
    latest = TrueFalseFilter(
        method="filter_latest", label="Latest (true): only the newest of each asset."
    )
    scored = TrueFalseFilter(
        field_name="scored_at",
        lookup_expr="isnull",
        exclude=True,
        label="Scored (true): what came of it is known.",
    )
    day_after = DateFilter("day", lookup_expr="gte", label="This day or later.")
    day_before = DateFilter("day", lookup_expr="lte", label="This day or earlier.")

    def filter_latest(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        same = {field: OuterRef(field) for field in self.of_one}
        newest = self._meta.model.objects.filter(**same).order_by("-day")
        return queryset.filter(pk=Subquery(newest.values("pk")[:1])) if value else queryset


class LifePredictionFilter(PredictionFilter):
    max_median_days = NumberFilter(
        "median_days", lookup_expr="lte", min_value=0, label="Median of at most so many days."
    )

    class Meta:
        model = LifePrediction
        fields: list[str] = []


class FailureChanceFilter(PredictionFilter):
    of_one = ("asset", "failure_mode")
    any_mode = TrueFalseFilter(
        method="filter_any_mode",
        label="Any mode (true): the chances to fail in any way; false: those of single modes.",
    )
    min_p_30d = NumberFilter(
        "p_30d", lookup_expr="gte", min_value=0, max_value=1, label="Lowest chance in 30 days."
    )

    class Meta:
        model = FailureChance
        fields: list[str] = []

    def filter_any_mode(self, queryset: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        return queryset.filter(failure_mode="") if value else queryset.exclude(failure_mode="")
