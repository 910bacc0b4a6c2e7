"""Technicians with their shifts and absences, and service levels."""

from itertools import pairwise
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.utils import timezone
from unfold.widgets import UnfoldAdminTextInputWidget

from maintenance.admin.plan import OwnedFormSet, OwnedInline
from maintenance.models import Absence, ServiceLevel, Shift, Technician, WorkOrder
from maintenance.services import absences
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission
from opssight.core.admin import TenantAdmin, own_organization

WEEK = 7 * 24 * 60


class ShiftFormSet(OwnedFormSet):
    """Shifts of one technician do not overlap, also those that are entered together."""

    def clean(self) -> None:
        super().clean()
        rows = [form.instance for form in self.forms if form.is_valid() and self._stays(form)]
        begins = sorted((row.weekday * 1440 + _minutes(row), row.minutes) for row in rows)
        if not begins:
            return
        around = [*begins, (begins[0][0] + WEEK, begins[0][1])]
        if any(begin + minutes > after for (begin, minutes), (after, _) in pairwise(around)):
            raise ValidationError(
                Shift.constraint_errors["shifts_of_a_technician_do_not_overlap"][1]
            )

    def _stays(self, form: Any) -> bool:
        return form not in self.deleted_forms and form.cleaned_data.get("starts") is not None


class ShiftInline(OwnedInline):
    model = Shift
    edit_permission = Permission.TECHNICIAN_EDIT
    formset = ShiftFormSet
    fields = ("weekday", "starts", "minutes")


class AbsenceInline(OwnedInline):
    model = Absence
    edit_permission = Permission.TECHNICIAN_EDIT
    fields = ("starts_at", "ends_at", "reason")


@admin.register(Technician)
class TechnicianAdmin(TenantAdmin):
    edit_permission = Permission.TECHNICIAN_EDIT
    create_only = ("user",)
    list_display = ("user", "skill_list", "hourly_cost", "weekly_capacity_hours", "is_active")
    list_filter = ("is_active",)
    list_select_related = ("user",)
    search_fields = ("user__username", "user__first_name", "user__last_name", "skills")
    inlines = (ShiftInline, AbsenceInline)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return () if obj is None else super().get_inlines(request, obj)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "user":
            here = own_organization(request, self.edit_permission)
            kwargs["queryset"] = User.objects.filter(
                memberships__organization=here, is_active=True
            ).exclude(technicians__organization=here)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "skills":
            words = {"widget": UnfoldAdminTextInputWidget(), "help_text": "Separated by commas."}
            return db_field.formfield(**words)
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # Their name stands in the history; a technician is switched off instead.
        return False

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:  # noqa: FBT001
        """Who enters an absence hears of the work in it, and planners are told, as on its page."""
        super().save_formset(request, form, formset, change)
        changed = [row for row, _ in formset.changed_objects]
        for row in (*formset.new_objects, *changed):
            if isinstance(row, Absence):
                absences.tell_planners_of(row, at=timezone.now())
                own: Any = WorkOrder.objects.for_user(request.user)
                if text := absences.in_words(list(absences.orders_within(row, own))):
                    self.message_user(request, text, messages.WARNING)

    @admin.display(description="Skills")
    def skill_list(self, technician: Technician) -> str:
        return ", ".join(technician.skills)


@admin.register(ServiceLevel)
class ServiceLevelAdmin(TenantAdmin):
    """How fast work of each priority is to be begun and done."""

    edit_permission = Permission.TECHNICIAN_EDIT
    list_display = ("priority", "respond_hours", "complete_hours")
    search_fields = ("priority",)


def _minutes(row: Shift) -> int:
    return row.starts.hour * 60 + row.starts.minute
