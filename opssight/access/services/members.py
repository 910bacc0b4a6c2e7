"""Members of an organization: their role, what of the plant it covers, and their leaving."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction

from assets.models import AccessScope, Asset, AssetGroup, Site
from opssight.access import rules
from opssight.access.models import ApiToken, CustomRole
from opssight.accounts.models import Membership, Organization, User
from opssight.accounts.permissions import ROLE_PERMISSIONS, Permission, Role

LAST_MANAGER = (
    "Somebody must be left who manages the members of the organization."
    " Give another member a role that does, then try again."
)
ABOVE = "This person may do more than you. Ask somebody whose role allows as much."


@dataclass(frozen=True, slots=True)
class Coverage:
    """The whole organization, or the assets of these sites and groups and these assets (ids)."""

    is_whole: bool = True
    sites: tuple[int, ...] = ()
    groups: tuple[int, ...] = ()
    assets: tuple[int, ...] = ()

    @property
    def kind(self) -> Membership.Coverage:
        return Membership.Coverage.WHOLE if self.is_whole else Membership.Coverage.PART


WHOLE = Coverage()


def coverage_of(membership: Membership) -> Coverage:
    """What the membership covers now."""
    if membership.coverage == Membership.Coverage.WHOLE:
        return WHOLE
    rows = list(membership.access_scopes.all())
    return Coverage(
        is_whole=False,
        sites=tuple(row.site_id for row in rows if row.site_id),
        groups=tuple(row.group_id for row in rows if row.group_id),
        assets=tuple(row.asset_id for row in rows if row.asset_id),
    )


@transaction.atomic
def change_member(
    *,
    membership: Membership,
    role: Role | None,
    custom_role: CustomRole | None,
    coverage: Coverage,
    by: User,
) -> Membership:
    """Give the member a role (or a custom one) on the whole organization or a part.

    Raises PermissionDenied for a member who may do more than `by`, and ValidationError for what
    `by` cannot give, for a part of nothing, and when nobody would be left to manage members.
    """
    with keeping_a_manager(membership.organization_id):
        row = lock(membership, by=by)
        check_role(organization_id=row.organization_id, role=role, custom_role=custom_role, by=by)
        check_coverage(organization_id=row.organization_id, coverage=coverage)
        row.role, row.custom_role = role or "", custom_role
        row.coverage = coverage.kind
        row.save(update_fields=["role", "custom_role", "coverage"])
        cover(membership=row, coverage=coverage)
    return row


@transaction.atomic
def take_out(*, membership: Membership, by: User, at: datetime) -> None:
    """End the membership and the person's API tokens there. Their name stays in the history.

    Raises PermissionDenied and ValidationError like `change_member`.
    """
    with keeping_a_manager(membership.organization_id):
        row = lock(membership, by=by)
        ApiToken.objects.filter(
            user=row.user_id, organization=row.organization_id, revoked_at=None
        ).update(revoked_at=at)
        row.delete()


def lock(membership: Membership, *, by: User) -> Membership:
    """The row as it is now, kept from others. Raises PermissionDenied, Membership.DoesNotExist."""
    row = (
        Membership.objects.select_for_update(of=("self",))
        .select_related("custom_role", "user")
        .get(pk=membership.pk)
    )
    if not rules.may_manage(by, row):
        raise PermissionDenied(ABOVE)
    return row


def check_role(
    *, organization_id: int, role: Role | None, custom_role: CustomRole | None, by: User
) -> None:
    """Raises ValidationError unless exactly one is given, and `by` holds all that it allows."""
    if (role is None) == (custom_role is None):
        raise ValidationError({"role": "Choose a role or a custom role, not both."})
    if role == Role.INTEGRATION:
        raise ValidationError({"role": "This role is for devices. Make a device token instead."})
    if custom_role is not None and custom_role.organization_id != organization_id:
        raise ValidationError({"custom_role": "There is no such role in your organization."})
    wanted = custom_role.allowed if custom_role else ROLE_PERMISSIONS[Role(role or "")]
    check_permissions(
        organization_id=organization_id,
        wanted=wanted,
        by=by,
        field="custom_role" if custom_role else "role",
    )


def check_permissions(
    *, organization_id: int, wanted: frozenset[Permission], by: User, field: str
) -> None:
    """Raises ValidationError, naming what is wanted beyond the permissions of `by`."""
    beyond = wanted - rules.held(by, organization_id)
    if beyond:
        raise ValidationError(
            {
                field: "You can only give what you may do yourself."
                f" Beyond it: {rules.in_words(beyond)}."
            }
        )


def check_coverage(*, organization_id: int, coverage: Coverage) -> None:
    """Raises ValidationError for a part of nothing, and for what the organization does not have."""
    if coverage.is_whole:
        return
    if not (coverage.sites or coverage.groups or coverage.assets):
        raise ValidationError({"coverage": "Choose at least one site, asset group or asset."})
    for field, model, wanted in (
        ("sites", Site, coverage.sites),
        ("groups", AssetGroup, coverage.groups),
        ("assets", Asset, coverage.assets),
    ):
        known = model._default_manager.filter(organization_id=organization_id, pk__in=wanted)
        missing = set(wanted) - set(known.values_list("pk", flat=True))
        if missing:
            ids = ", ".join(map(str, sorted(missing)))
            raise ValidationError({field: f"Not in your organization: {ids}."})


def cover(*, membership: Membership, coverage: Coverage) -> None:
    """Write the access scopes of the membership."""
    wanted = {
        (kind, pk)
        for kind, ids in (
            ("site", coverage.sites),
            ("group", coverage.groups),
            ("asset", coverage.assets),
        )
        for pk in ids
        if not coverage.is_whole
    }
    for row in AccessScope.objects.filter(membership=membership):
        kind = "site" if row.site_id else "group" if row.group_id else "asset"
        key = (kind, getattr(row, f"{kind}_id"))
        if key in wanted:
            wanted.remove(key)
        else:
            row.delete()
    AccessScope.objects.bulk_create(
        AccessScope(
            organization_id=membership.organization_id,
            membership=membership,
            **{f"{kind}_id": pk},
        )
        for kind, pk in sorted(wanted)
    )


@contextmanager
def keeping_a_manager(organization_id: int) -> Iterator[None]:
    """Roll the block back when it takes the last one who manages members from an organization.

    Such changes of one organization wait for each other. Raises ValidationError.
    """
    with transaction.atomic():
        Organization.objects.select_for_update(no_key=True).get(pk=organization_id)
        before = has_manager(organization_id)
        yield
        if before and not has_manager(organization_id):
            raise ValidationError(LAST_MANAGER, code="last_manager")


def has_manager(organization_id: int, *, without: int | None = None) -> bool:
    """Whether somebody (but the user with the id `without`) manages the members there."""
    members = Membership.objects.filter(
        organization=organization_id, user__is_active=True, user__is_machine=False
    ).exclude(user=without)
    return any(
        Permission.MEMBER_EDIT in rules.given_by(row)
        for row in members.select_related("custom_role")
    )
