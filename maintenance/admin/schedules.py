"""Schedules in the admin, with the meters and conditions that make them due."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextInputWidget

from assets.models import Asset
from maintenance import services
from maintenance.admin.plan import BY_SITE, BY_TECHNICIAN, ActiveTechnicianForm
from maintenance.models import ConditionTrigger, MaintenanceSchedule, MeterTrigger
from maintenance.models.calendars import CALENDAR_FIELDS
from maintenance.services import schedules
from opssight.accounts.permissions import Permission
from opssight.core.admin import TenantAdmin


@admin.register(MaintenanceSchedule)
class MaintenanceScheduleAdmin(TenantAdmin):
    form = ActiveTechnicianForm
    edit_permission = Permission.SCHEDULE_EDIT
    organization_from = "asset"
    create_only = ("asset",)
    list_display = (
        "title",
        "asset",
        "interval",
        "next_due_at",
        "last_completed_at",
        "technician",
        "is_active",
    )
    list_filter = ("is_active", "mode", "maintenance_type", BY_SITE, BY_TECHNICIAN)
    list_select_related = ("asset", "technician__user")
    search_fields = ("title", "asset__tag", "asset__name")
    autocomplete_fields = ("asset", "group", "technician", "included_in")
    readonly_fields = ("calendar_due_at", "last_completed_at")
    fieldsets = (
        (None, {"fields": ("asset", "group", "title", "instructions")}),
        ("Work", {"fields": ("job_plan", "maintenance_type", "priority", "estimated_minutes")}),
        (
            "Calendar",
            {
                "fields": (
                    "mode",
                    ("every", "unit"),
                    "rule",
                    "starts_at",
                    "ends_at",
                    "excluded_dates",
                    ("holidays", "on_holiday"),
                    ("pause_from", "pause_to"),
                    "next_due_at",
                )
            },
        ),
        ("Planning", {"fields": ("technician", ("lead_days", "grace_days"), "is_active")}),
        ("Larger service", {"fields": (("included_in", "absorb_days"),)}),
        ("Kept current", {"fields": readonly_fields}),
    )
    date_hierarchy = "next_due_at"
    actions = ("pause", "resume", "make_due_orders")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "excluded_dates":
            words = {"widget": UnfoldAdminTextInputWidget(), "help_text": "Separated by commas."}
            return db_field.formfield(**words)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        super().save_model(request, obj, form, change)
        # A date that was chosen stays, until the next completion.
        by_hand = "next_due_at" in form.changed_data and obj.next_due_at is not None
        now = timezone.now()
        if by_hand:
            schedules.set_due(schedule=obj, due_at=obj.next_due_at, at=now)
        else:
            changed = form.changed_data if change else CALENDAR_FIELDS
            schedules.keep_up(schedule=obj, changed=changed, at=now)

    @admin.action(description="Pause", permissions=["change"])
    def pause(self, request: HttpRequest, queryset: "QuerySet[MaintenanceSchedule]") -> None:
        self._set_active(request, queryset, active=False)

    @admin.action(description="Resume", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: "QuerySet[MaintenanceSchedule]") -> None:
        self._set_active(request, queryset, active=True)

    @admin.action(description="Make the work orders that are due now", permissions=["change"])
    def make_due_orders(
        self, request: HttpRequest, queryset: "QuerySet[MaintenanceSchedule]"
    ) -> None:
        chosen = set(queryset.values_list("pk", flat=True))
        organizations = set(queryset.values_list("organization", flat=True))
        now = timezone.now()
        made = sum(
            services.generate_due_work_orders(organization_id=pk, at=now, only=chosen)
            for pk in organizations
        )
        self.message_user(request, f"Work orders made: {made}.", messages.SUCCESS)

    def delete_model(self, request: HttpRequest, obj: MaintenanceSchedule) -> None:
        assets = list(schedules.affected([obj.pk]).values_list("pk", flat=True))
        super().delete_model(request, obj)
        services.refresh_next_due(assets=Asset.objects.filter(pk__in=assets))

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # One that has made work orders stands in the history; it is paused instead.
        unused = isinstance(obj, MaintenanceSchedule) and not obj.work_orders.exists()
        return unused and super().has_delete_permission(request, obj)

    def _set_active(
        self,
        request: HttpRequest,
        queryset: "QuerySet[MaintenanceSchedule]",
        *,
        active: bool,
    ) -> None:
        chosen = list(queryset.values_list("pk", flat=True))
        changed = queryset.update(is_active=active)
        schedules.refresh(schedules=chosen, at=timezone.now())
        word = "resumed" if active else "paused"
        self.message_user(request, f"Schedules {word}: {changed}.", messages.SUCCESS)


class TriggerAdmin(TenantAdmin):
    """Each write counts the next due date of its schedule anew."""

    edit_permission = Permission.SCHEDULE_EDIT
    organization_from = "schedule"
    create_only = ("schedule",)
    exclude = ("organization", "asset")
    list_filter = (BY_SITE,)
    search_fields = ("schedule__title", "asset__tag", "asset__name", "sensor__key")
    autocomplete_fields = ("schedule", "sensor")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        obj.asset = obj.schedule.asset
        if change and "sensor" in form.changed_data:
            for name in set(obj.READ).difference(form.changed_data):
                setattr(obj, name, None)
        super().save_model(request, obj, form, change)
        schedules.refresh(schedules=[obj.schedule_id], at=timezone.now())

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        super().delete_model(request, obj)
        schedules.refresh(schedules=[obj.schedule_id], at=timezone.now())

    def delete_queryset(self, request: HttpRequest, queryset: "QuerySet[Any]") -> None:
        for row in queryset.select_related("schedule"):
            self.delete_model(request, row)


@admin.register(MeterTrigger)
class MeterTriggerAdmin(TriggerAdmin):
    list_display = ("schedule", "sensor", "every", "counts_from", "daily_use", "due_at")
    list_select_related = ("schedule__asset", "sensor__asset")
    readonly_fields = ("daily_use", "due_at", "reached_at")
    fields = ("schedule", "sensor", "every", "counts_from", *readonly_fields)


@admin.register(ConditionTrigger)
class ConditionTriggerAdmin(TriggerAdmin):
    list_display = ("schedule", "sensor", "above", "below", "for_minutes", "met_at")
    list_select_related = ("schedule__asset", "sensor__asset")
    readonly_fields = ("since", "met_at")
    fields = ("schedule", "sensor", ("above", "below"), "for_minutes", *readonly_fields)
