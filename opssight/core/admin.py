"""The admin inside the tenancy walls: scoped rows, and rights by role instead of by model."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import FieldDoesNotExist
from django.db import IntegrityError
from django.db.models import Field, ForeignKey, Model, QuerySet, TextField
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.admin import ModelAdmin, TabularInline
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminTextareaWidget

from opssight.accounts.models import Organization, User
from opssight.accounts.permissions import Permission
from opssight.accounts.timezone_field import with_timezones
from opssight.core.tenancy import TenantModel

TOO_LATE = (
    "Nothing was saved: somebody else changed the same rows in the meantime."
    " Look at the values below and save again."
)
MOST_SHOWN = 200


class TenantForm(forms.ModelForm):  # type: ignore[type-arg]
    """Gives a new row its organization before validation, so that every constraint can speak.

    `organization_from` names the field whose row gives it; without one it is `own_organization`.
    """

    own_organization: ClassVar[Organization | None] = None
    organization_from: ClassVar[str | None] = None

    def _post_clean(self) -> None:
        if self.instance.organization_id is None:
            self.instance.organization_id = self._organization_id()
        super()._post_clean()  # type: ignore[misc]

    def _organization_id(self) -> int | None:
        if self.organization_from is None:
            return self.own_organization.pk if self.own_organization else None
        owner: TenantModel | None = self.cleaned_data.get(self.organization_from)
        return owner.organization_id if owner else None

    def _get_validation_exclusions(self) -> set[str]:
        hidden: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]
        return hidden if self.instance.organization_id is None else hidden - {"organization"}


class OwnRelatedFilter(RelatedDropdownFilter):  # type: ignore[misc]
    """Offers the rows of the own organizations only, in one query."""

    def field_choices(
        self, field: Any, request: HttpRequest, model_admin: ModelAdmin
    ) -> list[tuple[Any, str]]:
        target = field.remote_field.model
        rows = target._default_manager.all().for_user(request.user, Permission.ADMIN_ENTER)
        joined = [item.name for item in target._meta.fields if item.many_to_one]
        return [(row.pk, str(row)) for row in rows.select_related(*joined)]


class TenantAdmin(ModelAdmin):  # type: ignore[misc]
    """Shows the rows of the organizations that a person plans for, and asks the role for a write.

    `create_only` names fields that stay as they were created.
    """

    form = TenantForm
    formfield_overrides = {TextField: {"widget": UnfoldAdminTextareaWidget(attrs={"rows": 4})}}
    edit_permission: Permission = Permission.ORGANIZATION_EDIT
    view_permission: Permission = Permission.ADMIN_ENTER
    organization_from: str | None = None
    create_only: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ("organization",)
    list_per_page = 50
    list_filter_submit = True
    list_fullwidth = True
    show_full_result_count = False
    warn_unsaved_form = True

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.for_user(request.user, self.view_permission)  # type: ignore[attr-defined,no-any-return]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fixed = self.create_only if obj is not None else ()
        return (*super().get_readonly_fields(request, obj), *fixed)

    def formfield_for_foreignkey(
        self, db_field: "ForeignKey[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> "ModelChoiceField[Any] | None":
        scope_choices(db_field, request, self.edit_permission, kwargs)
        field: ModelChoiceField[Any] | None = super().formfield_for_foreignkey(
            db_field, request, **kwargs
        )
        return field

    def formfield_for_dbfield(
        self, db_field: "Field[Any, Any]", request: HttpRequest, **kwargs: Any
    ) -> Any:
        return with_timezones(db_field, super().formfield_for_dbfield(db_field, request, **kwargs))

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        form = super().get_form(request, *args, **kwargs)
        form.own_organization = own_organization(request, self.edit_permission)
        form.organization_from = self.organization_from
        return form

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Write what was changed only: what the product writes meanwhile is not undone."""
        if change:
            obj.save(update_fields=_model_fields(obj, form.changed_data))
        else:
            obj.save()

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        try:
            answer: HttpResponse = super().changeform_view(request, object_id, *args, **kwargs)
        except IntegrityError:
            self.message_user(request, TOO_LATE, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        return answer

    def get_view_on_site_url(self, obj: Model | None = None) -> str | None:
        """The row's own page, without the detour that asks for rows of any tenant."""
        has_page = obj is not None and hasattr(obj, "get_absolute_url")
        return obj.get_absolute_url() if has_page else None  # type: ignore[union-attr]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _can(request.user, self.view_permission)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _can(request.user, self.view_permission, obj)

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


class ShownFormSet(PaginationInlineFormSet):  # type: ignore[misc]
    """Rows beside the one of the page, to read: nothing of it is sent, nor saved."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "data": None, "files": None})
        self._queryset = self.get_queryset()[:MOST_SHOWN]

    def is_valid(self) -> bool:
        return True

    def save(self, commit: bool = True) -> list[Any]:  # noqa: FBT001, FBT002 as Django has it
        self.new_objects: list[Any] = []
        self.changed_objects: list[Any] = []
        self.deleted_objects: list[Any] = []
        return []


class ShownInline(TabularInline):  # type: ignore[misc]
    """Rows that only the product's own services write, shown where they belong.

    At most `MOST_SHOWN`, in the order of the model; `related` is fetched together with them.
    """

    formset = ShownFormSet
    related: tuple[str, ...] = ()
    extra = 0
    can_delete = False
    hide_title = True

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.fields

    def get_queryset(self, request: HttpRequest) -> "QuerySet[Any]":
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.select_related(*self.related) if self.related else rows

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        # The page around it has asked for the row already.
        return True

    def has_add_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    has_change_permission = has_delete_permission = has_add_permission


def own_organization(request: HttpRequest, permission: Permission) -> Organization | None:
    """Where new rows of the signed-in person belong: the oldest membership with the permission."""
    user = request.user
    return user.organization_with(permission) if isinstance(user, User) else None


def scope_choices(
    db_field: "ForeignKey[Any, Any]",
    request: HttpRequest,
    permission: Permission,
    kwargs: dict[str, Any],
) -> None:
    """Let a field refer to rows only where the signed-in person may make such a reference."""
    if issubclass(db_field.related_model, TenantModel):
        rows: Any = db_field.related_model._default_manager.all()
        kwargs.setdefault("queryset", rows.for_user(request.user, permission))


def _model_fields(obj: Model, names: Iterable[str]) -> list[str]:
    """Those of a form's fields that are columns of the row."""
    kept = []
    for name in names:
        try:
            field: Any = obj._meta.get_field(name)
        except FieldDoesNotExist:
            continue
        if field.concrete and not field.many_to_many:
            kept.append(name)
    return kept


def _can(user: User | AnonymousUser, permission: Permission, obj: Model | None = None) -> bool:
    if not isinstance(user, User) or not user.is_active:
        return False
    if obj is None:
        return user.can_somewhere(permission)
    return user.can(permission, obj.organization_id)  # type: ignore[attr-defined]
