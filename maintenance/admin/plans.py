"""Job plans, with their checklist and their parts."""

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminTextInputWidget

from maintenance.models import JobPlan, JobPlanPart, JobPlanTask
from opssight.accounts.permissions import Permission
from opssight.core.admin import TenantAdmin, TenantForm, scope_choices

WORDS = ("skills", "tools", "permits")


class OfPlanForm(TenantForm):
    plan: JobPlan

    def _organization_id(self) -> int | None:
        """That of the plan around it, which is known once the plan's own fields are checked."""
        return self.plan.organization_id


class OfPlanFormSet(PaginationInlineFormSet):  # type: ignore[misc]
    """Tells each row of the plan around it, which is not saved yet when it is new."""

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form: Any = super()._construct_form(i, **kwargs)
        form.plan = self.instance
        return form


class OfPlanInline(TabularInline):  # type: ignore[misc]
    form = OfPlanForm
    formset = OfPlanFormSet
    exclude = ("organization",)
    extra = 0
    per_page = 100
    hide_title = True

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        scope_choices(db_field, request, Permission.JOB_PLAN_EDIT, kwargs)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    # The page around it has asked for the plan already.
    has_add_permission = has_change_permission = has_delete_permission = has_view_permission


class JobPlanTaskInline(OfPlanInline):
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


class JobPlanPartInline(OfPlanInline):
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
