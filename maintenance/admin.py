from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from maintenance import services
from maintenance.models import (
    MaintenanceRecord,
    MaintenanceSchedule,
    MaintenanceType,
    Recommendation,
    Technician,
    Urgency,
    WorkOrder,
)
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission
from opssight.core.admin import ReadOnlyTenantAdmin, TenantAdmin

INTERVAL_FIELDS = {"mode", "every", "unit", "starts_at"}


@admin.register(Technician)
class TechnicianAdmin(TenantAdmin):
    edit_permission = Permission.TECHNICIAN_EDIT
    list_display = ("user", "skill_list", "hourly_cost", "weekly_capacity_hours", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("user",)
    search_fields = ("user__username", "user__first_name", "user__last_name", "skills")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            assert isinstance(request.user, User)  # noqa: S101 the admin asks for a sign-in
            own = request.user.memberships.values("organization")
            kwargs["queryset"] = User.objects.filter(
                memberships__organization__in=own, is_active=True
            ).distinct()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description="Skills")
    def skill_list(self, technician: Technician) -> str:
        return ", ".join(technician.skills)


@admin.register(MaintenanceSchedule)
class MaintenanceScheduleAdmin(TenantAdmin):
    edit_permission = Permission.SCHEDULE_EDIT
    list_display = (
        "title",
        "asset",
        "interval",
        "next_due_at",
        "last_completed_at",
        "technician",
        "is_active",
    )
    list_filter = ("is_active", "mode", "maintenance_type", "asset__site", "technician")
    list_select_related = ("asset", "technician__user")
    search_fields = ("title", "asset__tag", "asset__name")
    autocomplete_fields = ("asset", "technician")
    readonly_fields = ("last_completed_at",)
    date_hierarchy = "next_due_at"
    actions = ("pause", "resume", "make_due_orders")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        super().save_model(request, obj, form, change)
        by_hand = "next_due_at" in form.changed_data and obj.next_due_at is not None
        if not by_hand and (not change or INTERVAL_FIELDS & set(form.changed_data)):
            services.reschedule(schedule=obj)
        else:
            services.recalculate_due_dates(organization_id=obj.organization_id)

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
        organizations = set(queryset.values_list("organization", flat=True))
        now = timezone.now()
        made = sum(
            services.generate_due_work_orders(organization_id=pk, at=now) for pk in organizations
        )
        self.message_user(request, f"{made} work orders were made.", messages.SUCCESS)

    def _set_active(
        self,
        request: HttpRequest,
        queryset: "QuerySet[MaintenanceSchedule]",
        *,
        active: bool,
    ) -> None:
        organizations = set(queryset.values_list("organization", flat=True))
        changed = queryset.update(is_active=active)
        for pk in organizations:
            services.recalculate_due_dates(organization_id=pk)
        word = "resumed" if active else "paused"
        self.message_user(request, f"{changed} schedules were {word}.", messages.SUCCESS)


@admin.register(WorkOrder)
class WorkOrderAdmin(TenantAdmin):
    """Planning only: starting and completing work is done on the order's own page."""

    edit_permission = Permission.WORK_ORDER_PLAN
    list_display = (
        "number",
        "title",
        "asset",
        "maintenance_type",
        "priority",
        "status",
        "technician",
        "due_at",
    )
    list_filter = ("status", "priority", "maintenance_type", "asset__site", "technician")
    list_select_related = ("asset", "technician__user")
    search_fields = ("number", "title", "asset__tag", "asset__name")
    autocomplete_fields = ("asset", "technician")
    date_hierarchy = "due_at"
    fields = (
        "number",
        "status",
        "asset",
        "title",
        "description",
        "maintenance_type",
        "priority",
        "technician",
        "due_at",
        "schedule",
        "recommendation",
        "created_at",
        "created_by",
        "started_at",
        "completed_at",
        "completed_by",
    )
    readonly_fields = (
        "number",
        "status",
        "schedule",
        "recommendation",
        "created_at",
        "created_by",
        "started_at",
        "completed_at",
        "completed_by",
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.readonly_fields
        return self.fields if not obj.is_open else (*self.readonly_fields, "asset")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        if change:
            super().save_model(request, obj, form, change)
            return
        assert isinstance(request.user, User)  # noqa: S101 the admin asks for a sign-in
        made = services.create_work_order(
            asset=obj.asset,
            title=obj.title,
            description=obj.description,
            maintenance_type=MaintenanceType(obj.maintenance_type),
            priority=Urgency(obj.priority),
            technician=obj.technician,
            due_at=obj.due_at,
            by=request.user,
            at=timezone.now(),
        )
        obj.pk, obj.number = made.pk, made.number

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Recommendation)
class RecommendationAdmin(ReadOnlyTenantAdmin):
    list_display = (
        "asset",
        "failure_mode",
        "urgency",
        "status",
        "suggested_due_at",
        "opened_at",
        "verdict",
    )
    list_filter = ("status", "urgency", "verdict", "asset__site")
    list_select_related = ("asset",)
    search_fields = ("asset__tag", "asset__name", "failure_mode")
    date_hierarchy = "opened_at"


@admin.register(MaintenanceRecord)
class MaintenanceRecordAdmin(ReadOnlyTenantAdmin):
    list_display = (
        "completed_at",
        "asset",
        "title",
        "maintenance_type",
        "performed_by",
        "labor_minutes",
        "downtime_minutes",
        "verdict",
    )
    list_filter = ("maintenance_type", "verdict", "asset__site")
    list_select_related = ("asset", "performed_by")
    search_fields = ("asset__tag", "asset__name", "title", "notes", "work_order__number")
    date_hierarchy = "completed_at"
