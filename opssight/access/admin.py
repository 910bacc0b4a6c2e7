"""People and organizations: what an organization's admin may do, and no step further."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.forms import BaseInlineFormSet, ModelForm
from django.http import HttpRequest
from django.utils import timezone
from rest_framework_simplejwt.token_blacklist.models import BlacklistedToken, OutstandingToken
from unfold.admin import ModelAdmin, TabularInline
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from opssight.access import rules
from opssight.access.models import ApiToken, CustomRole, Invitation, StaffAccess
from opssight.access.services import devices, invitations, members, tokens
from opssight.accounts.models import Membership, Organization, User
from opssight.accounts.permissions import Permission, Role
from opssight.accounts.timezone_field import with_timezones
from opssight.core.admin import ReadOnlyTenantAdmin
from opssight.core.walls import members_elsewhere, new_organization_id

# Rights come from roles (ROLE_PERMISSIONS), and tokens end by signing out.
admin.site.unregister(Group)
admin.site.unregister(BlacklistedToken)
admin.site.unregister(OutstandingToken)
# Addresses, second factors and connected accounts are their owner's; providers are configured.
for _model in apps.get_models():
    if _model.__module__.startswith("allauth.") and admin.site.is_registered(_model):
        admin.site.unregister(_model)


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


class MembershipForm(ModelForm):  # type: ignore[type-arg]
    """One membership, under the rules that the services keep for every door."""

    administrator: User | None = None

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        organization = data.get("organization")
        user = self.administrator
        if organization is None or user is None or not self.has_changed():
            return data
        if self.instance.pk and not rules.may_manage(user, _as_saved(self.instance)):
            raise ValidationError(members.ABOVE)
        members.check_role(
            organization_id=organization.pk,
            role=Role(data["role"]) if data.get("role") else None,
            custom_role=data.get("custom_role"),
            by=user,
        )
        return data


class MembershipFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """Keeps a way back: nobody without a role, and no organization without a manager."""

    administrator: User | None = None

    def clean(self) -> None:
        super().clean()
        if any(self.errors) or self.administrator is None:
            return
        for form in self.deleted_forms:
            if not rules.may_manage(self.administrator, _as_saved(form.instance)):
                raise ValidationError(members.ABOVE)
        for organization in {form.instance.organization_id for form in self.forms} - {None}:
            if not self._keeps_a_manager(organization):
                raise ValidationError(members.LAST_MANAGER)

    def _keeps_a_manager(self, organization: int) -> bool:
        """Whether others manage the members there, or this person does after the change."""
        if members.has_manager(organization, without=self.instance.pk):
            return True
        if not members.has_manager(organization):
            return True
        kept = [form.instance for form in self.forms if form not in self.deleted_forms]
        return self.instance.is_active and any(
            row.organization_id == organization and Permission.MEMBER_EDIT in rules.given_by(row)
            for row in kept
        )


def _as_saved(membership: Membership) -> Membership:
    """The row as the database has it: the form has written into the other one already."""
    return Membership.objects.select_related("custom_role").get(pk=membership.pk)


class MembershipInline(_ByOrganizationAdmins, TabularInline):  # type: ignore[misc]
    model = Membership
    form = MembershipForm
    formset = MembershipFormSet
    fields = ("organization", "role", "custom_role", "coverage")
    readonly_fields = ("coverage",)
    verbose_name = "role"
    verbose_name_plural = "roles"
    extra = 0
    min_num = 1
    hide_title = True

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, validate_min=True, **kwargs)
        formset.administrator = formset.form.administrator = request.user
        return formset

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Membership]":
        rows: QuerySet[Membership] = super().get_queryset(request)
        return rows.filter(organization__in=_administered(request)).select_related(
            "user", "organization"
        )

    def formfield_for_choice_field(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "role":
            people = [(role.value, role.label) for role in Role if role != Role.INTEGRATION]
            kwargs["choices"] = [("", "A custom role"), *people]
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "organization":
            kwargs["queryset"] = _administered(request)
            kwargs["initial"] = kwargs["queryset"].first()
        if db_field.name == "custom_role":
            kwargs["queryset"] = CustomRole.objects.filter(organization__in=_administered(request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)


class PersonForm(UserChangeForm):  # type: ignore[misc]
    administrator: User | None = None

    def clean_is_active(self) -> bool:
        active: bool = self.cleaned_data["is_active"]
        if active:
            return active
        if self.instance == self.administrator:
            raise ValidationError("You cannot switch off your own account. Ask another admin.")
        for row in self.instance.memberships.all():
            if members.has_manager(row.organization_id) and not members.has_manager(
                row.organization_id, without=self.instance.pk
            ):
                raise ValidationError(members.LAST_MANAGER)
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
            .filter(is_machine=False)
            .exclude(pk__in=members_elsewhere())
            .distinct()
            .prefetch_related("memberships__organization", "memberships__custom_role")
        )
        # Who runs the installation is out of reach of who runs an organization.
        runs_it = isinstance(request.user, User) and request.user.is_superuser
        return people if runs_it else people.filter(is_superuser=False)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Not for who may do more: a new password or address would be theirs to use."""
        if not super().has_change_permission(request, obj):
            return False
        user = request.user
        if not isinstance(obj, User) or not isinstance(user, User):
            return True
        return all(rules.may_manage(user, row) for row in obj.memberships.all())

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


@admin.register(CustomRole)
class CustomRoleAdmin(ReadOnlyTenantAdmin):
    """Made and changed on the access pages, which know what the signed-in person may give."""

    list_display = ("name", "description", "organization")
    search_fields = ("name", "description")
    view_permission = Permission.MEMBER_EDIT


@admin.register(ApiToken)
class ApiTokenAdmin(ReadOnlyTenantAdmin):
    """Tokens of people and devices, to see which are used and to revoke them."""

    list_display = ("name", "kind", "user", "prefix", "expires_at", "last_used_at", "revoked_at")
    list_filter = ("kind",)
    search_fields = ("name", "prefix", "user__username")
    list_select_related = ("user",)
    exclude = ("organization", "digest")
    view_permission = Permission.MEMBER_EDIT
    actions = ("revoke",)

    @admin.action(description="Revoke the chosen tokens")
    def revoke(self, request: HttpRequest, queryset: "QuerySet[ApiToken]") -> None:
        assert isinstance(request.user, User)  # noqa: S101 the admin asks for a sign-in
        at = timezone.now()
        for token in queryset.filter(revoked_at=None):
            if token.kind == ApiToken.Kind.DEVICE:
                devices.revoke_device(device=token, by=request.user, at=at)
            else:
                tokens.revoke_token(token=token, at=at)
        self.message_user(request, "The chosen tokens no longer work.")


@admin.register(Invitation)
class InvitationAdmin(ReadOnlyTenantAdmin):
    """Invitations, to see who was asked and to revoke open ones."""

    list_display = ("email", "role_name", "invited_by", "expires_at", "accepted_at", "revoked_at")
    search_fields = ("email",)
    list_select_related = ("custom_role", "invited_by")
    exclude = ("organization", "digest")
    view_permission = Permission.MEMBER_EDIT
    actions = ("revoke",)

    @admin.action(description="Revoke the chosen invitations")
    def revoke(self, request: HttpRequest, queryset: "QuerySet[Invitation]") -> None:
        for row in queryset.filter(accepted_at=None, revoked_at=None):
            invitations.revoke_invitation(invitation=row, at=timezone.now())
        self.message_user(request, "The chosen invitations no longer work.")


@admin.register(StaffAccess)
class StaffAccessAdmin(ReadOnlyTenantAdmin):
    """When platform staff acted in the organization, and why."""

    list_display = ("user", "reason", "started_at", "ends_at", "ended_at")
    search_fields = ("reason", "user__username")
    list_select_related = ("user", "organization")
    view_permission = Permission.AUDIT_VIEW
