from django_filters.rest_framework import FilterSet, MultipleChoiceFilter

from opssight.core.api.filters import IdFilter, TrueFalseFilter, UtcDateTimeFilter
from telemetry.models import Signal, TelemetryPolicy, UnknownSignal, Way


class SignalFilter(FilterSet):  # type: ignore[misc]
    sensor = IdFilter("sensor")
    asset = IdFilter("sensor__asset")
    dropped = TrueFalseFilter("sensor", lookup_expr="isnull")

    class Meta:
        model = Signal
        fields: list[str] = []


class UnknownSignalFilter(FilterSet):  # type: ignore[misc]
    way = MultipleChoiceFilter(choices=Way.choices)
    seen_since = UtcDateTimeFilter("last_seen_at", lookup_expr="gte")

    class Meta:
        model = UnknownSignal
        fields: list[str] = []


class TelemetryPolicyFilter(FilterSet):  # type: ignore[misc]
    unknown = MultipleChoiceFilter(choices=TelemetryPolicy.Unknown.choices)

    class Meta:
        model = TelemetryPolicy
        fields: list[str] = []
