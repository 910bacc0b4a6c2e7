from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from opssight.accounts.models import Membership, Organization, User
from opssight.accounts.permissions import Permission, roles_with

# Rights come from roles (ROLE_PERMISSIONS), and tokens end by signing out.
admin.site.unregister(Group)
admin.site.unregister(BlacklistedToken)
admin.site.unregister(OutstandingToken)


def _administered(request: HttpRequest) -> "QuerySet[Organization]":
    """Organizations that the signed-in person administers."""
    return Organization.objects.filter(
        memberships__user=request.user.pk,
        memberships__role__in=roles_with(Permission.ORGANIZATION_EDIT),
    )


class _ByOrganizationAdmins:
    """Only who administers an organization sees and changes its people."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return isinstance(request.user, User) and request.user.can_somewhere(
            Permission.ORGANIZATION_EDIT
        )

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_module_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_module_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.has_module_permission(request)


class MembershipInline(_ByOrganizationAdmins, TabularInline):  # type: ignore[misc]
    model = Membership
    extra = 1
    min_num = 1

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Membership]":
        rows: QuerySet[Membership] = super().get_queryset(request)
        return rows.filter(organization__in=_administered(request))

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "organization":
            kwargs["queryset"] = _administered(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


@admin.register(User)
class UserAdmin(_ByOrganizationAdmins, DjangoUserAdmin, ModelAdmin):  # type: ignore[misc,type-arg]
    """People who belong to nothing but organizations that the signed-in person administers."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "first_name", "last_name", "email", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff", "memberships__role")
    filter_horizontal = ()
    inlines = (MembershipInline,)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Access", {"fields": ("is_active", "is_staff")}),
    )

    def get_queryset(self, request: HttpRequest) -> "QuerySet[User]":
        elsewhere = Membership.objects.exclude(organization__in=_administered(request))
        people = super().get_queryset(request)
        return (
            people.filter(memberships__organization__in=_administered(request))
            .exclude(pk__in=elsewhere.values("user"))
            .distinct()
        )

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # Their name stands in the history; an account is switched off instead.
        return False


@admin.register(Organization)
class OrganizationAdmin(_ByOrganizationAdmins, ModelAdmin):  # type: ignore[misc]
    list_display = ("name", "slug", "timezone")
    search_fields = ("name", "slug")

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Organization]":
        return _administered(request)

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
