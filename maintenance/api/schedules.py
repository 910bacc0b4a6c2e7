"""Schedules, and the meters and conditions that make them due."""

from collections.abc import Collection
from typing import Any, ClassVar

from django.db import transaction
from django.forms import model_to_dict
from django.utils import timezone
from django_filters.rest_framework import FilterSet, MultipleChoiceFilter
from drf_spectacular.utils import extend_schema_view
from rest_framework import serializers
from rest_framework.serializers import BaseSerializer

from assets.api.serializers import expanded_asset
from assets.models import Asset
from maintenance import services
from maintenance.api.dry_run import ForecastMixin
from maintenance.api.people import TechnicianField, expanded_technician
from maintenance.models import MOST_MINUTES, MaintenanceSchedule, MaintenanceType, Urgency
from maintenance.models.calendars import CALENDAR_FIELDS
from maintenance.services import schedules
from opssight.accounts.permissions import Permission
from opssight.core.api.fields import RelatedText
from opssight.core.api.filters import IdFilter, TrueFalseFilter, UtcDateTimeFilter
from opssight.core.api.schema import describe
from opssight.core.api.serializers import TenantSerializer
from opssight.core.api.shape import Expansion
from opssight.core.api.viewsets import CrudTenantViewSet, edits

KEPT_UP = ("next_due_at", "calendar_due_at", "last_completed_at")


def expanded_schedule() -> Expansion:
    rows = MaintenanceSchedule.objects.select_related("asset", "technician__user")
    return Expansion(MaintenanceScheduleSerializer, rows)


class MaintenanceScheduleSerializer(TenantSerializer[MaintenanceSchedule]):
    organization_from = "asset"
    create_only = ("asset",)
    moving = KEPT_UP

    asset_tag = serializers.CharField(source="asset.tag", read_only=True)
    technician = TechnicianField()
    technician_name = RelatedText(source="technician.user.__str__")

    class Meta:
        model = MaintenanceSchedule
        fields = [
            "id",
            "asset",
            "asset_tag",
            "group",
            "job_plan",
            "title",
            "instructions",
            "maintenance_type",
            "priority",
            "mode",
            "every",
            "unit",
            "rule",
            "starts_at",
            "ends_at",
            "excluded_dates",
            "holidays",
            "on_holiday",
            "pause_from",
            "pause_to",
            "next_due_at",
            "calendar_due_at",
            "lead_days",
            "grace_days",
            "included_in",
            "absorb_days",
            "technician",
            "technician_name",
            "estimated_minutes",
            "is_active",
            "last_completed_at",
        ]
        read_only_fields = list(KEPT_UP)
        extra_kwargs = {"estimated_minutes": {"max_value": MOST_MINUTES}}

    @classmethod
    def expansions(cls) -> dict[str, Expansion]:
        return {
            "asset": expanded_asset(),
            "technician": expanded_technician(),
            "included_in": expanded_schedule(),
        }


class MaintenanceScheduleFilter(FilterSet):  # type: ignore[misc]
    asset = IdFilter(label="Id of the asset.")
    site = IdFilter(field_name="asset__site", label="Id of the site.")
    group = IdFilter(label="Id of the asset group that it serves.")
    job_plan = IdFilter(label="Id of the job plan.")
    technician = IdFilter(label="Id of the technician.")
    included_in = IdFilter(label="Id of the larger service that stands in for it.")
    maintenance_type = MultipleChoiceFilter(choices=MaintenanceType.choices)
    priority = MultipleChoiceFilter(choices=Urgency.choices)
    mode = MultipleChoiceFilter(choices=MaintenanceSchedule.Mode.choices)
    is_active = TrueFalseFilter()
    due_before = UtcDateTimeFilter("next_due_at", lookup_expr="lt")

    class Meta:
        model = MaintenanceSchedule
        fields: list[str] = []


@extend_schema_view(**describe("schedule", "schedules", crud=True))
class MaintenanceScheduleViewSet(ForecastMixin, CrudTenantViewSet):
    """Maintenance that comes again. One with work orders cannot be deleted: deactivate it."""

    queryset = MaintenanceSchedule.objects.select_related("asset", "technician__user")
    serializer_class = MaintenanceScheduleSerializer
    write_permissions = edits(Permission.SCHEDULE_EDIT)
    rate_classes: ClassVar[dict[str, str]] = {"forecast": "expensive"}
    filterset_class = MaintenanceScheduleFilter
    search_fields = ["title", "asset__tag", "asset__name"]
    ordering_fields = ["next_due_at", "title", "starts_at", "last_completed_at"]

    def perform_create(self, serializer: BaseSerializer[Any]) -> None:
        with transaction.atomic():
            super().perform_create(serializer)
            self._keep_up(serializer, CALENDAR_FIELDS)

    def perform_update(self, serializer: BaseSerializer[Any]) -> None:
        schedule: Any = serializer.instance
        before = model_to_dict(schedule)
        with transaction.atomic():
            super().perform_update(serializer)
            after = model_to_dict(schedule)
            self._keep_up(serializer, {name for name in after if after[name] != before[name]})

    def perform_destroy(self, instance: Any) -> None:
        with transaction.atomic():
            super().perform_destroy(instance)
            services.refresh_next_due(assets=Asset.objects.filter(pk=instance.asset_id))

    def _keep_up(self, serializer: BaseSerializer[Any], changed: Collection[str]) -> None:
        schedule: Any = serializer.instance
        schedules.keep_up(schedule=schedule, changed=changed, at=timezone.now())
        schedule.refresh_from_db(fields=["calendar_due_at", "next_due_at"])
