"""The admin inside the tenancy walls: scoped rows, and rights by role instead of by model."""

from typing import Any

from django import forms
from django.contrib.auth.models import AnonymousUser
from django.db.models import ForeignKey, Model, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from opssight.accounts.models import Organization, User
from opssight.accounts.permissions import Permission
from opssight.core.tenancy import TenantModel


class TenantForm(forms.ModelForm):  # type: ignore[type-arg]
    """Gives the row its organization before it is validated, so that constraints can speak."""

    own_organization: Organization | None = None

    def _post_clean(self) -> None:
        asset = self.cleaned_data.get("asset") or getattr(self.instance, "asset", None)
        if asset is not None:
            self.instance.organization_id = asset.organization_id
        elif self.instance.organization_id is None:
            self.instance.organization = self.own_organization
        super()._post_clean()  # type: ignore[misc]

    def _get_validation_exclusions(self) -> set[str]:
        return super()._get_validation_exclusions() - {"organization"}  # type: ignore[misc,no-any-return]


class TenantAdmin(ModelAdmin):  # type: ignore[misc]
    """Shows a user the rows of the own organizations, and asks the role for every write."""

    form = TenantForm
    edit_permission: Permission = Permission.ORGANIZATION_EDIT
    exclude: tuple[str, ...] = ("organization",)
    list_per_page = 50
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.for_user(request.user)  # type: ignore[attr-defined,no-any-return]

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> "ModelChoiceField[Any] | None":
        if issubclass(db_field.related_model, TenantModel):
            manager = db_field.related_model._default_manager
            kwargs["queryset"] = manager.all().for_user(request.user)  # type: ignore[attr-defined]
        field: ModelChoiceField[Any] | None = super().formfield_for_foreignkey(
            db_field, request, **kwargs
        )
        return field

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, *args, **kwargs)
        form.own_organization = getattr(request.user, "organization", None)
        return form

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _can(request.user, Permission.VIEW)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _can(request.user, Permission.VIEW, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _can(request.user, self.edit_permission)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _can(request.user, self.edit_permission, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _can(request.user, self.edit_permission, obj)


class ReadOnlyTenantAdmin(TenantAdmin):
    """For rows that only the product itself writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def _can(user: User | AnonymousUser, permission: Permission, obj: Model | None = None) -> bool:
    if not isinstance(user, User) or not user.is_active:
        return False
    if obj is None:
        return user.can_somewhere(permission)
    return user.can(permission, obj.organization_id)  # type: ignore[attr-defined]
