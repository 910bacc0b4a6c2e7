from django.db.models import QuerySet
from django_filters.rest_framework import (
    CharFilter,
    FilterSet,
    MultipleChoiceFilter,
)

from anomalies.models import Anomaly, Incident, MachineModel, SensorLabel, SensorWatch
from maintenance.models import Urgency, Verdict
from opssight.core.api.filters import IdFilter, TrueFalseFilter, UtcDateTimeFilter


class AnomalyFilter(FilterSet):  # type: ignore[misc]
    asset = IdFilter(label="Id of the asset.")
    sensor = IdFilter(label="Id of the sensor.")
    site = IdFilter(field_name="asset__site", label="Id of the site.")
    recommendation = IdFilter(label="Id of the recommendation that it supports.")
    incident = IdFilter(label="Id of the incident that it is a part of.")
    severity = MultipleChoiceFilter(choices=Urgency.choices)
    method = MultipleChoiceFilter(choices=Anomaly.Method.choices)
    channel = MultipleChoiceFilter(choices=Anomaly.Channel.choices)
    verdict = MultipleChoiceFilter(choices=Verdict.choices)
    failure_mode = CharFilter(lookup_expr="iexact", label="Failure mode, in any case.")
    active = TrueFalseFilter(
        method="filter_active", label="Active: not closed, and going on or asking for work."
    )
    detector = CharFilter(label="Name and version of the method that found it.")
    during_work = TrueFalseFilter(
        field_name="work_order", lookup_expr="isnull", exclude=True, label="Laid to known work."
    )
    started_after = UtcDateTimeFilter("started_at", lookup_expr="gte")
    started_before = UtcDateTimeFilter("started_at", lookup_expr="lt")

    class Meta:
        model = Anomaly
        fields: list[str] = []

    def filter_active(
        self, queryset: QuerySet[Anomaly], name: str, value: bool
    ) -> QuerySet[Anomaly]:
        rows = Anomaly.objects.active() if value else Anomaly.objects.inactive()
        return queryset.filter(pk__in=rows.values("pk"))


class IncidentFilter(FilterSet):  # type: ignore[misc]
    asset = IdFilter(label="Id of the asset of the likely root.")
    site = IdFilter(field_name="asset__site", label="Id of that asset's site.")
    anomaly = IdFilter(field_name="anomalies", label="Id of one of its anomalies.")
    severity = MultipleChoiceFilter(choices=Urgency.choices)
    root_by = MultipleChoiceFilter(choices=Incident.RootBy.choices)
    active = TrueFalseFilter(
        method="filter_active", label="Active: one of its anomalies needs attention."
    )
    started_after = UtcDateTimeFilter("started_at", lookup_expr="gte")
    started_before = UtcDateTimeFilter("started_at", lookup_expr="lt")

    class Meta:
        model = Incident
        fields: list[str] = []

    def filter_active(
        self, queryset: QuerySet[Incident], name: str, value: bool
    ) -> QuerySet[Incident]:
        rows = Incident.objects.active() if value else Incident.objects.inactive()
        return queryset.filter(pk__in=rows.values("pk"))


class SensorWatchFilter(FilterSet):  # type: ignore[misc]
    asset = IdFilter(label="Id of the asset.")
    sensor = IdFilter(label="Id of the sensor.")
    sensitivity = MultipleChoiceFilter(choices=SensorWatch.Sensitivity.choices)

    class Meta:
        model = SensorWatch
        fields: list[str] = []


class MachineModelFilter(FilterSet):  # type: ignore[misc]
    asset = IdFilter(label="Id of the asset.")
    site = IdFilter(field_name="asset__site", label="Id of the site.")
    status = MultipleChoiceFilter(choices=MachineModel.Status.choices)

    class Meta:
        model = MachineModel
        fields: list[str] = []


class SensorLabelFilter(FilterSet):  # type: ignore[misc]
    asset = IdFilter(label="Id of the asset.")
    sensor = IdFilter(label="Id of the sensor.")
    kind = MultipleChoiceFilter(choices=SensorLabel.Kind.choices)
    after = UtcDateTimeFilter("ended_at", lookup_expr="gt", label="Ends after this time.")
    before = UtcDateTimeFilter("started_at", lookup_expr="lt", label="Begins before this time.")

    class Meta:
        model = SensorLabel
        fields: list[str] = []
