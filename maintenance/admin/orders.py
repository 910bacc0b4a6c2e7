from typing import Any

from django.contrib import admin, messages
from django.db import connection
from django.db.models import Model
from django.http import HttpRequest, HttpResponseRedirect
from django.utils import timezone

from maintenance import services
from maintenance.admin.order_actions import PlansManyOrders
from maintenance.admin.order_rows import ROWS
from maintenance.admin.plan import BY_SITE, BY_TECHNICIAN, ActiveTechnicianForm
from maintenance.models import (
    MaintenanceRecord,
    MaintenanceType,
    Technician,
    Urgency,
    WorkOrder,
)
from maintenance.services import dispatch, levels
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission
from opssight.core.admin import (
    ReadOnlyTenantAdmin,
    TenantAdmin,
)


@admin.register(WorkOrder)
class WorkOrderAdmin(PlansManyOrders, TenantAdmin):
    """Planning only: starting and completing work is done on the order's own page."""

    form = ActiveTechnicianForm
    edit_permission = Permission.WORK_ORDER_PLAN
    organization_from = "asset"
    create_only = ("asset",)
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
    list_filter = ("status", "priority", "maintenance_type", BY_SITE, BY_TECHNICIAN)
    list_select_related = ("asset", "technician__user")
    search_fields = ("number", "title", "asset__tag", "asset__name")
    autocomplete_fields = ("asset", "technician")
    date_hierarchy = "due_at"
    inlines = ROWS
    readonly_fields = (
        "number",
        "status",
        "job_plan",
        "planned_start",
        "planned_end",
        "schedule",
        "recommendation",
        "created_at",
        "created_by",
        "started_at",
        "completed_at",
        "completed_by",
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        plan = ("asset", "title", "description", "maintenance_type", "priority")
        fields = (*plan, "technician", "due_at")
        if obj is None:
            return ((None, {"fields": fields}),)
        course = ("created_at", "created_by", "started_at", "completed_at", "completed_by")
        return (
            (None, {"fields": (("number", "status"), *fields)}),
            ("Plan", {"fields": ("job_plan", ("planned_start", "planned_end"))}),
            ("Comes from", {"fields": ("schedule", "recommendation")}),
            ("Course", {"fields": course}),
        )

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return () if obj is None else super().get_inlines(request, obj)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> WorkOrder | None:
        """The order; locked while it is saved, so that a completion is waited for, and seen."""
        found: WorkOrder | None = super().get_object(request, object_id, from_field)
        if found is not None and request.method == "POST" and connection.in_atomic_block:
            return WorkOrder.objects.select_for_update().get(pk=found.pk)
        return found

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        found = self.get_object(request, object_id) if request.method == "POST" else None
        if found is not None and not found.is_open:
            status = found.get_status_display().lower()
            self.message_user(
                request, f"Nothing was saved: {found.number} is {status}.", messages.ERROR
            )
            return HttpResponseRedirect(request.path)
        return super().change_view(request, object_id, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        assert isinstance(request.user, User)  # noqa: S101 the admin asks for a sign-in
        if change:
            chosen = obj.technician
            obj.technician_id = form.initial["technician"]
            super().save_model(request, obj, form, change)
            if "priority" in form.changed_data:
                levels.renew(work_order=obj)
            if "technician" in form.changed_data:
                self._assign(request, obj, chosen)
            return
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

    def _assign(
        self, request: HttpRequest, order: WorkOrder, technician: Technician | None
    ) -> None:
        """As everywhere: the status follows, and the technician is told."""
        assert isinstance(request.user, User)  # noqa: S101
        [outcome] = dispatch.assign(
            orders=[order], technician=technician, by=request.user, at=timezone.now()
        )
        if not outcome.done:
            text = f"The technician was not changed. {outcome.reason}"
            self.message_user(request, text, messages.ERROR)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        closed = isinstance(obj, WorkOrder) and not obj.is_open
        return not closed and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


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
    list_filter = ("maintenance_type", "verdict", BY_SITE)
    list_select_related = ("asset", "performed_by")
    search_fields = ("asset__tag", "asset__name", "title", "notes", "work_order__number")
    date_hierarchy = "completed_at"
