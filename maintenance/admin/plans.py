"""Job plans, with their checklist and their parts."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextInputWidget

from maintenance.admin.plan import OwnedInline
from maintenance.models import JobPlan, JobPlanPart, JobPlanTask
from opssight.accounts.permissions import Permission
from opssight.core.admin import TenantAdmin

WORDS = ("skills", "tools", "permits")


class JobPlanTaskInline(OwnedInline):
    edit_permission = Permission.JOB_PLAN_EDIT
    model = JobPlanTask
    verbose_name_plural = "tasks"
    fields = (
        "position",
        "text",
        "kind",
        "unit",
        "low",
        "high",
        "sensor_key",
        "is_required",
        "opens_corrective",
    )


class JobPlanPartInline(OwnedInline):
    edit_permission = Permission.JOB_PLAN_EDIT
    model = JobPlanPart
    verbose_name_plural = "parts at one asset"
    fields = ("part", "quantity")
    autocomplete_fields = ("part",)

    def get_queryset(self, request: HttpRequest) -> "QuerySet[JobPlanPart]":
        rows: QuerySet[JobPlanPart] = super().get_queryset(request)
        return rows.select_related("part", "job_plan")


@admin.register(JobPlan)
class JobPlanAdmin(TenantAdmin):
    edit_permission = Permission.JOB_PLAN_EDIT
    list_display = ("code", "title", "maintenance_type", "category", "failure_mode", "is_active")
    list_filter = ("is_active", "maintenance_type")
    search_fields = ("code", "title", "category", "failure_mode")
    inlines = (JobPlanTaskInline, JobPlanPartInline)
    fieldsets = (
        (None, {"fields": (("code", "title"), "description", "is_active")}),
        ("For", {"fields": ("maintenance_type", ("category", "failure_mode"))}),
        ("The work", {"fields": ("estimated_minutes", *WORDS, "safety_notes")}),
        ("Needs", {"fields": ("needs_outage", "needs_signature")}),
    )

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name in WORDS:
            text = " ".join(filter(None, (str(db_field.help_text), "Separated by commas.")))
            return db_field.formfield(widget=UnfoldAdminTextInputWidget(), help_text=text)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Its tasks and parts go with it; nobody is asked for permissions of theirs."""
        deleted, counts, _, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, set(), protected
