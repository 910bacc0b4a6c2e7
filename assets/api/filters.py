from django.db.models import QuerySet
from django.utils import timezone
from django_filters.rest_framework import (
    CharFilter,
    FilterSet,
    MultipleChoiceFilter,
    NumberFilter,
)

from assets.models import (
    Asset,
    AssetGroup,
    AssetRelationship,
    Sensor,
    Site,
    UptimeEvent,
)
from opssight.core.api.filters import IdFilter, TrueFalseFilter, UtcDateTimeFilter


class SiteFilter(FilterSet):  # type: ignore[misc]
    code = CharFilter(lookup_expr="iexact", label="Code, in any case.")
    timezone = CharFilter(label="Time zone, such as Europe/Berlin.")

    class Meta:
        model = Site
        fields: list[str] = []


class AssetGroupFilter(FilterSet):  # type: ignore[misc]
    asset = IdFilter(field_name="members__asset", label="Id of an asset in the group.")

    class Meta:
        model = AssetGroup
        fields: list[str] = []


class AssetFilter(FilterSet):  # type: ignore[misc]
    site = IdFilter(label="Id of the site.")
    parent = IdFilter(label="Id of the asset above.")
    group = IdFilter(field_name="group_members__group", label="Id of an asset group.")
    category = CharFilter(lookup_expr="iexact", label="Category, such as pump, in any case.")
    status = MultipleChoiceFilter(choices=Asset.Status.choices)
    criticality = IdFilter(label="Criticality, 1 to 5.", min_value=1, max_value=5)
    min_risk = NumberFilter(
        "current_risk",
        lookup_expr="gte",
        min_value=0,
        max_value=100,
        label="Lowest risk, 0 to 100.",
    )
    overdue = TrueFalseFilter(
        method="filter_overdue", label="Overdue (true, false): maintenance is past its due date."
    )

    class Meta:
        model = Asset
        fields: list[str] = []

    def filter_overdue(self, queryset: QuerySet[Asset], name: str, value: bool) -> QuerySet[Asset]:
        past = {"next_due_at__lt": timezone.now()}
        return queryset.filter(**past) if value else queryset.exclude(**past)


class SensorFilter(FilterSet):  # type: ignore[misc]
    asset = IdFilter(label="Id of the asset.")
    site = IdFilter(field_name="asset__site", label="Id of the site.")
    quantity = CharFilter(lookup_expr="iexact", label="Quantity, such as vibration, in any case.")
    kind = MultipleChoiceFilter(choices=Sensor.Kind.choices)
    is_active = TrueFalseFilter()

    class Meta:
        model = Sensor
        fields: list[str] = []


class AssetRelationshipFilter(FilterSet):  # type: ignore[misc]
    source = IdFilter(label="Id of the asset that the arrow leaves.")
    target = IdFilter(label="Id of the asset that the arrow reaches.")
    kind = MultipleChoiceFilter(choices=AssetRelationship.Kind.choices)

    class Meta:
        model = AssetRelationship
        fields: list[str] = []


class UptimeEventFilter(FilterSet):  # type: ignore[misc]
    asset = IdFilter(label="Id of the asset.")
    state = MultipleChoiceFilter(choices=UptimeEvent.State.choices)
    cause = MultipleChoiceFilter(choices=UptimeEvent.Cause.choices)
    started_after = UtcDateTimeFilter("started_at", lookup_expr="gte")
    started_before = UtcDateTimeFilter("started_at", lookup_expr="lt")
    lasting = TrueFalseFilter(
        "ended_at", lookup_expr="isnull", label="Lasting (true, false): has not ended yet."
    )

    class Meta:
        model = UptimeEvent
        fields: list[str] = []
