"""People and organizations: what an organization's admin may do, and no step further."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from opssight.accounts.models import Membership, Organization, User
from opssight.accounts.permissions import Permission, Role
from opssight.accounts.timezone_field import with_timezones
from opssight.core.walls import members_elsewhere, new_organization_id

# Rights come from roles (ROLE_PERMISSIONS), and tokens end by signing out.
admin.site.unregister(Group)
admin.site.unregister(BlacklistedToken)
admin.site.unregister(OutstandingToken)


def _administered(request: HttpRequest) -> "QuerySet[Organization]":
    """Organizations that the signed-in person administers."""
    user = request.user
    allowed = user.organizations_with(Permission.MEMBER_EDIT) if isinstance(user, User) else []
    return Organization.objects.filter(pk__in=allowed)


class _ByOrganizationAdmins:
    """Only who administers an organization sees and changes its people."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.can_somewhere(Permission.MEMBER_EDIT)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_module_permission(request)


class MembershipFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """Keeps a way back: nobody without a role, and no admin who shuts themselves out."""

    administrator: User | None = None

    def clean(self) -> None:
        super().clean()
        if self.instance != self.administrator or any(self.errors):
            return
        kept = [form for form in self.forms if form not in self.deleted_forms]
        rights = [form.instance.permissions for form in kept if form.instance.organization_id]
        if not any(Permission.MEMBER_EDIT in permissions for permissions in rights):
            raise ValidationError(
                "You cannot take the admin role from yourself. Ask another admin to do it."
            )


class MembershipInline(_ByOrganizationAdmins, TabularInline):  # type: ignore[misc]
    model = Membership
    formset = MembershipFormSet
    verbose_name = "role"
    verbose_name_plural = "roles"
    extra = 0
    min_num = 1
    hide_title = True

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, validate_min=True, **kwargs)
        formset.administrator = request.user
        return formset

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Membership]":
        rows: QuerySet[Membership] = super().get_queryset(request)
        return rows.filter(organization__in=_administered(request)).select_related(
            "user", "organization"
        )

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "organization":
            kwargs["queryset"] = _administered(request)
            kwargs["initial"] = kwargs["queryset"].first()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class PersonForm(UserChangeForm):  # type: ignore[misc]
    administrator: User | None = None

    def clean_is_active(self) -> bool:
        active: bool = self.cleaned_data["is_active"]
        if not active and self.instance == self.administrator:
            raise ValidationError("You cannot switch off your own account. Ask another admin.")
        return active


@admin.register(User)
class UserAdmin(_ByOrganizationAdmins, DjangoUserAdmin, ModelAdmin):  # type: ignore[misc,type-arg]
    """People who belong to nothing but organizations that the signed-in person administers."""

    form = PersonForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "first_name", "last_name", "email", "roles_held", "is_active")
    list_filter = ("is_active", "memberships__role")
    list_filter_submit = True
    list_fullwidth = True
    show_full_result_count = False
    filter_horizontal = ()
    inlines = (MembershipInline,)
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password", "is_active")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[User]":
        people: QuerySet[User] = (
            super()
            .get_queryset(request)
            .filter(memberships__organization__in=_administered(request))
            .exclude(pk__in=members_elsewhere())
            .distinct()
            .prefetch_related("memberships__organization", "memberships__custom_role")
        )
        # Who runs the installation is out of reach of who runs an organization.
        runs_it = isinstance(request.user, User) and request.user.is_superuser
        return people if runs_it else people.filter(is_superuser=False)

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001, FBT002 as Django declares it
        **kwargs: Any,
    ) -> Any:
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.administrator = request.user
        return form

    @admin.display(description="Roles")
    def roles_held(self, user: User) -> str:
        return ", ".join(m.role_name for m in user.memberships.all())

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # Their name stands in the history; an account is switched off instead.
        return False


@admin.register(Organization)
class OrganizationAdmin(_ByOrganizationAdmins, ModelAdmin):  # type: ignore[misc]
    """Made by who runs the installation, kept by its own admins."""

    list_display = ("name", "slug", "timezone")
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Organization]":
        return _administered(request)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return with_timezones(db_field, super().formfield_for_dbfield(db_field, request, **kwargs))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        if not change:
            obj.pk = new_organization_id()
        super().save_model(request, obj, form, change)
        if not change:
            assert isinstance(request.user, User)  # noqa: S101 the admin asks for a sign-in
            Membership.objects.create(user=request.user, organization=obj, role=Role.ADMIN)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request) or super().has_module_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return isinstance(request.user, User) and request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
