from django.db.models import QuerySet
from django.utils import timezone
from django_filters.rest_framework import (
    CharFilter,
    ChoiceFilter,
    FilterSet,
    MultipleChoiceFilter,
)

from maintenance.models import (
    MaintenanceRecord,
    MaintenanceType,
    Recommendation,
    RecommendationQuerySet,
    Technician,
    Urgency,
    Verdict,
    WorkOrder,
    WorkOrderQuerySet,
)
from opssight.core.api.filters import IdFilter, TrueFalseFilter, UtcDateTimeFilter


class TechnicianFilter(FilterSet):  # type: ignore[misc]
    is_active = TrueFalseFilter()
    skill = CharFilter(method="filter_skill", label="Skill: has exactly this one.")

    class Meta:
        model = Technician
        fields: list[str] = []

    def filter_skill(
        self, queryset: QuerySet[Technician], name: str, value: str
    ) -> QuerySet[Technician]:
        return queryset.filter(skills__contains=[value])


class RecommendationFilter(FilterSet):  # type: ignore[misc]
    asset = IdFilter(label="Id of the asset.")
    site = IdFilter(field_name="asset__site", label="Id of the site.")
    work_order = IdFilter(label="Id of the work order that deals with it.")
    status = MultipleChoiceFilter(choices=Recommendation.Status.choices)
    source = MultipleChoiceFilter(choices=Recommendation.Source.choices)
    urgency = MultipleChoiceFilter(choices=Urgency.choices)
    verdict = MultipleChoiceFilter(choices=Verdict.choices)
    failure_mode = CharFilter(lookup_expr="iexact", label="Failure mode, in any case.")
    snoozed = TrueFalseFilter(
        method="filter_snoozed", label="Snoozed (true, false): open, and put off until later."
    )
    closed_after = UtcDateTimeFilter("closed_at", lookup_expr="gte")
    closed_before = UtcDateTimeFilter("closed_at", lookup_expr="lt")

    class Meta:
        model = Recommendation
        fields: list[str] = []

    def filter_snoozed(
        self, queryset: RecommendationQuerySet, name: str, value: bool
    ) -> RecommendationQuerySet:
        at = timezone.now()
        if value:
            return queryset.snoozed(at)
        return queryset.exclude(status=Recommendation.Status.OPEN, snoozed_until__gt=at)


class WorkOrderFilter(FilterSet):  # type: ignore[misc]
    asset = IdFilter(label="Id of the asset.")
    site = IdFilter(field_name="asset__site", label="Id of the site.")
    technician = IdFilter(label="Id of the technician.")
    schedule = IdFilter(label="Id of the schedule that it serves.")
    recommendation = IdFilter(label="Id of the recommendation that it came from.")
    number = CharFilter(lookup_expr="iexact", label="Number, such as WO-20260301-00001.")
    status = MultipleChoiceFilter(choices=WorkOrder.Status.choices)
    priority = MultipleChoiceFilter(choices=Urgency.choices)
    maintenance_type = MultipleChoiceFilter(choices=MaintenanceType.choices)
    open = TrueFalseFilter(
        method="filter_open", label="Open (true, false): neither completed nor cancelled."
    )
    overdue = TrueFalseFilter(
        method="filter_overdue", label="Overdue (true, false): open past its due date."
    )
    due_after = UtcDateTimeFilter("due_at", lookup_expr="gte")
    due_before = UtcDateTimeFilter("due_at", lookup_expr="lt")
    response = ChoiceFilter(
        method="filter_response",
        choices=[("due", "Due"), ("missed", "Missed")],
        label="Response that the service level asks for (due, missed): not begun with time left,"
        " or not begun in time.",
    )

    class Meta:
        model = WorkOrder
        fields: list[str] = []

    def filter_open(self, queryset: WorkOrderQuerySet, name: str, value: bool) -> WorkOrderQuerySet:
        return queryset.open() if value else queryset.exclude(status__in=WorkOrder.OPEN)

    def filter_overdue(
        self, queryset: WorkOrderQuerySet, name: str, value: bool
    ) -> WorkOrderQuerySet:
        at = timezone.now()
        if value:
            return queryset.overdue(at)
        return queryset.exclude(status__in=WorkOrder.OPEN, due_at__lt=at)

    def filter_response(
        self, queryset: WorkOrderQuerySet, name: str, value: str
    ) -> WorkOrderQuerySet:
        at = timezone.now()
        return queryset.response_due(at) if value == "due" else queryset.response_missed(at)


class MaintenanceRecordFilter(FilterSet):  # type: ignore[misc]
    asset = IdFilter(label="Id of the asset.")
    site = IdFilter(field_name="asset__site", label="Id of the site.")
    technician = IdFilter(label="Id of the technician.")
    work_order = IdFilter(label="Id of the work order.")
    verdict = MultipleChoiceFilter(choices=Verdict.choices)
    maintenance_type = MultipleChoiceFilter(choices=MaintenanceType.choices)
    completed_after = UtcDateTimeFilter("completed_at", lookup_expr="gte")
    completed_before = UtcDateTimeFilter("completed_at", lookup_expr="lt")

    class Meta:
        model = MaintenanceRecord
        fields: list[str] = []
