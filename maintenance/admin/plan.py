"""What the pages of the admin that plan work have in common."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.forms import PaginationInlineFormSet

from maintenance.models import Technician
from opssight.accounts.permissions import Permission
from opssight.core.admin import OwnRelatedFilter, TenantForm, scope_choices
from opssight.core.tenancy import TenantModel

BY_SITE = ("asset__site", OwnRelatedFilter)
BY_TECHNICIAN = ("technician", OwnRelatedFilter)


class ActiveTechnicianForm(TenantForm):
    """Gives work to active technicians only; who had it before may keep it."""

    def clean_technician(self) -> Technician | None:
        technician: Technician | None = self.cleaned_data["technician"]
        if technician and not technician.is_active and "technician" in self.changed_data:
            raise ValidationError(
                f"{technician} is not active. Choose another, or activate this technician first."
            )
        return technician


class OwnedForm(TenantForm):
    owner: TenantModel

    def _organization_id(self) -> int | None:
        """That of the row around it, which is known once its own fields are checked."""
        return self.owner.organization_id


class OwnedFormSet(PaginationInlineFormSet):  # type: ignore[misc]
    """Tells each row of the one around it, which is not saved yet when it is new."""

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        form: Any = super()._construct_form(i, **kwargs)
        form.owner = self.instance
        return form


class OwnedInline(TabularInline):  # type: ignore[misc]
    """Rows that belong to the one of the page, and are written with it."""

    edit_permission: Permission
    form = OwnedForm
    formset = OwnedFormSet
    exclude = ("organization",)
    extra = 0
    per_page = 100
    hide_title = True

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        scope_choices(db_field, request, self.edit_permission, kwargs)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True

    # The page around it has asked for the row already.
    has_add_permission = has_change_permission = has_delete_permission = has_view_permission
