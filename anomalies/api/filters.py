from django.db.models import QuerySet
from django_filters.rest_framework import (
    CharFilter,
    FilterSet,
    IsoDateTimeFilter,
    MultipleChoiceFilter,
)

from anomalies.models import Anomaly
from maintenance.models import Urgency, Verdict
from opssight.core.filters import IdFilter, TrueFalseFilter


class AnomalyFilter(FilterSet):  # type: ignore[misc]
    asset = IdFilter(label="Id of the asset.")
    sensor = IdFilter(label="Id of the sensor.")
    site = IdFilter(field_name="asset__site", label="Id of the site.")
    recommendation = IdFilter(label="Id of the recommendation that it supports.")
    severity = MultipleChoiceFilter(choices=Urgency.choices)
    channel = MultipleChoiceFilter(choices=Anomaly.Channel.choices)
    verdict = MultipleChoiceFilter(choices=Verdict.choices)
    failure_mode = CharFilter(lookup_expr="iexact", label="Failure mode, in any case.")
    active = TrueFalseFilter(
        method="filter_active", label="Active (true, false): not yet dealt with by a person."
    )
    started_after = IsoDateTimeFilter("started_at", lookup_expr="gte")
    started_before = IsoDateTimeFilter("started_at", lookup_expr="lt")

    class Meta:
        model = Anomaly
        fields: list[str] = []

    def filter_active(
        self, queryset: QuerySet[Anomaly], name: str, value: bool
    ) -> QuerySet[Anomaly]:
        return queryset.filter(closed_at__isnull=value)
