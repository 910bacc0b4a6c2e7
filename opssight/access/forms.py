"""Forms of the access pages. What may be given is decided by the services; forms offer it."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from assets.models import Asset, AssetGroup, Site
from opssight.access import rules
from opssight.access.models import CustomRole
from opssight.access.services.members import Coverage
from opssight.accounts.models import Membership, Organization, User
from opssight.accounts.passwords import ADVICE
from opssight.accounts.permissions import PERMISSION_TEXTS, Permission, Role, known

LIFETIMES = {"7": "7 days", "30": "30 days", "90": "90 days", "365": "1 year"}


class ScopeForm(forms.Form):
    """The whole organization, or some sites, groups and assets of it."""

    coverage = forms.ChoiceField(
        label="Covers",
        choices=Membership.Coverage.choices,
        initial=Membership.Coverage.WHOLE,
        widget=forms.RadioSelect,
    )
    sites = forms.ModelMultipleChoiceField(
        Site.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )
    groups = forms.ModelMultipleChoiceField(
        AssetGroup.objects.none(),
        label="Asset groups",
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    assets = forms.ModelMultipleChoiceField(
        Asset.objects.none(),
        label="Single assets",
        required=False,
        widget=forms.SelectMultiple(attrs={"size": 6}),
    )

    def __init__(self, *args: Any, organization_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, model in (("sites", Site), ("groups", AssetGroup), ("assets", Asset)):
            field: Any = self.fields[name]
            field.queryset = model._default_manager.filter(organization_id=organization_id)

    @property
    def scope(self) -> Coverage:
        """What was chosen; only after `is_valid`."""
        data = self.cleaned_data
        if data["coverage"] == Membership.Coverage.WHOLE:
            return Coverage()
        chosen = {
            name: tuple(row.pk for row in data[name]) for name in ("sites", "groups", "assets")
        }
        return Coverage(is_whole=False, **chosen)


class RoleForm(ScopeForm):
    """A role, built in or custom, and what of the plant it covers."""

    role = forms.ChoiceField(label="Role", initial=Role.VIEWER)
    field_order = ["email", "role", "coverage", "sites", "groups", "assets"]

    def __init__(self, *args: Any, by: User, organization_id: int, **kwargs: Any) -> None:
        super().__init__(*args, organization_id=organization_id, **kwargs)
        holds = rules.held(by, organization_id)
        self.custom = {
            f"custom-{row.pk}": row
            for row in CustomRole.objects.filter(organization=organization_id)
            if row.allowed <= holds
        }
        own = [(key, row.name) for key, row in self.custom.items()]
        built_in = [(role.value, role.label) for role in rules.roles_to_give(by, organization_id)]
        choices: list[Any] = [*built_in, *([("Roles of your own", own)] if own else [])]
        self.fields["role"].choices = choices  # type: ignore[attr-defined]

    @property
    def chosen_role(self) -> tuple[Role | None, CustomRole | None]:
        key = self.cleaned_data["role"]
        return (None, self.custom[key]) if key in self.custom else (Role(key), None)


class InviteForm(RoleForm):
    email = forms.EmailField(label="Email address")


class AcceptForm(forms.Form):
    """A new account for who was invited."""

    username = forms.CharField(
        label="Username",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    first_name = forms.CharField(
        label="First name",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "given-name"}),
    )
    last_name = forms.CharField(
        label="Last name",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "family-name"}),
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        help_text=ADVICE,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class CustomRoleForm(forms.Form):
    name = forms.CharField(label="Name", max_length=100)
    description = forms.CharField(label="Description", max_length=300, required=False)
    permissions = forms.MultipleChoiceField(
        label="May",
        choices=[(item.value, PERMISSION_TEXTS[item]) for item in Permission],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )

    def __init__(self, *args: Any, holds: frozenset[Permission], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["permissions"].choices = permission_choices(holds)  # type: ignore[attr-defined]

    @property
    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {**data, "permissions": known(data["permissions"])}


class TokenForm(forms.Form):
    """A personal token of the signed-in person."""

    name = forms.CharField(
        label="Name", max_length=100, help_text="What it is for, such as Monthly report script."
    )
    organization = forms.ModelChoiceField(Organization.objects.none(), empty_label=None)
    lifetime = forms.ChoiceField(label="Works for", choices=LIFETIMES.items(), initial="90")
    permissions = forms.MultipleChoiceField(
        label="At most",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Choose none to let it do all that your role allows.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = user.organizations_with(Permission.VIEW)
        choice: Any = self.fields["organization"]
        choice.queryset = Organization.objects.filter(pk__in=own)
        if user.organization:
            choice.initial = user.organization.pk
        if len(own) == 1:
            choice.widget = forms.HiddenInput()
        holds = frozenset[Permission]().union(*(rules.held(user, pk) for pk in own))
        self.fields["permissions"].choices = permission_choices(holds)  # type: ignore[attr-defined]

    @property
    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "name": data["name"],
            "organization_id": data["organization"].pk,
            "permissions": known(data["permissions"]) or None,
            "expires_at": timezone.now() + timedelta(days=int(data["lifetime"])),
        }


class DeviceForm(ScopeForm):
    name = forms.CharField(
        label="Name", max_length=100, help_text="Such as Gateway, hall 2. It stands in the history."
    )
    field_order = ["name"]


class ActAsForm(forms.Form):
    organization = forms.ChoiceField(label="Organization")
    reason = forms.CharField(
        label="Reason",
        max_length=300,
        help_text="Such as a ticket number. The organization sees it in its audit trail.",
    )

    def __init__(self, *args: Any, organizations: list[Organization], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(row.pk), row.name) for row in organizations]
        self.fields["organization"].choices = choices  # type: ignore[attr-defined]


def permission_choices(permissions: frozenset[Permission]) -> list[tuple[str, str]]:
    return [(item.value, PERMISSION_TEXTS[item]) for item in Permission if item in permissions]
