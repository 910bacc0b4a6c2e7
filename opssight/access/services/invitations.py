"""Invitations: a link that is shown once makes whoever holds it a member, once."""

from datetime import datetime, timedelta

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from assets.models import Asset, AssetGroup, Site
from opssight.access.models import CustomRole, Invitation, digest_of
from opssight.access.services.members import Coverage, check_coverage, check_role, cover
from opssight.access.services.secrets import new_secret
from opssight.accounts.models import Membership, User
from opssight.accounts.permissions import Role
from opssight.core import walls

LIFETIME = timedelta(days=7)


class InvitationNotOpen(Exception):
    """It was used, revoked or has expired, or there never was one."""


@transaction.atomic
def invite(
    *,
    organization_id: int,
    email: str,
    role: Role | None,
    custom_role: CustomRole | None,
    coverage: Coverage,
    by: User,
    at: datetime,
) -> tuple[Invitation, str]:
    """The invitation and its secret, which is kept nowhere.

    Raises ValidationError for what `by` cannot give, for a member's address, and for an address
    with an open invitation.
    """
    email = email.strip().lower()
    check_role(organization_id=organization_id, role=role, custom_role=custom_role, by=by)
    check_coverage(organization_id=organization_id, coverage=coverage)
    members = Membership.objects.filter(organization=organization_id)
    if email and members.filter(user__email__iexact=email).exists():
        raise ValidationError({"email": "A member has this address already."})
    # An expired one does not stand in the way of a new one.
    Invitation.objects.filter(
        organization=organization_id,
        email=email,
        accepted_at=None,
        revoked_at=None,
        expires_at__lte=at,
    ).update(revoked_at=at)
    secret = new_secret()
    invitation = Invitation(
        organization_id=organization_id,
        email=email,
        role=role or "",
        custom_role=custom_role,
        coverage=coverage.kind,
        sites=list(coverage.sites),
        groups=list(coverage.groups),
        assets=list(coverage.assets),
        digest=digest_of(secret),
        invited_by=by,
        created_at=at,
        expires_at=at + LIFETIME,
    )
    invitation.full_clean(exclude=["organization"])
    invitation.save()
    return invitation, secret


@transaction.atomic
def revoke_invitation(*, invitation: Invitation, at: datetime) -> None:
    """Make the link worthless. Raises InvitationNotOpen when it was used or revoked."""
    row = Invitation.objects.select_for_update().get(pk=invitation.pk)
    if row.accepted_at or row.revoked_at:
        raise InvitationNotOpen
    row.revoked_at = at
    row.save(update_fields=["revoked_at"])


def find_invitation(*, secret: str, at: datetime) -> Invitation:
    """The open invitation with this secret; its organization is visible from here on.

    Raises InvitationNotOpen.
    """
    walls.present(digest_of(secret))
    invitation = Invitation.objects.open(at=at).filter(digest=digest_of(secret)).first()
    if invitation is None:
        raise InvitationNotOpen
    walls.join(invitation.organization_id)
    return Invitation.objects.select_related("organization", "custom_role", "invited_by").get(
        pk=invitation.pk
    )


@transaction.atomic
def accept(*, secret: str, user: User, at: datetime) -> Membership:
    """Make the user a member. Raises InvitationNotOpen, and ValidationError for a member."""
    found = find_invitation(secret=secret, at=at)
    # Two who hold the link wait here for each other; the second finds it used.
    row = Invitation.objects.select_for_update(of=("self",)).open(at=at).filter(pk=found.pk).first()
    if row is None:
        raise InvitationNotOpen
    if Membership.objects.filter(user=user, organization=row.organization_id).exists():
        raise ValidationError("You are a member of this organization already.")
    membership = Membership.objects.create(
        user=user,
        organization_id=row.organization_id,
        role=row.role,
        custom_role=row.custom_role,
        coverage=row.coverage,
    )
    cover(membership=membership, coverage=_still_there(row))
    row.accepted_at, row.accepted_by = at, user
    row.save(update_fields=["accepted_at", "accepted_by"])
    return membership


@transaction.atomic
def accept_as_new_user(
    *,
    secret: str,
    username: str,
    first_name: str,
    last_name: str,
    password: str,
    at: datetime,
) -> User:
    """Set up an account with the invitation's address and make it a member.

    Raises InvitationNotOpen, and ValidationError by field.
    """
    invitation = find_invitation(secret=secret, at=at)
    user = User(
        username=User.normalize_username(username),
        first_name=first_name,
        last_name=last_name,
        email=invitation.email,
    )
    user.full_clean(exclude=["password"])
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from error
    user.set_password(password)
    user.save()
    accept(secret=secret, user=user, at=at)
    return user


def _still_there(invitation: Invitation) -> Coverage:
    def existing(model: type[Site | AssetGroup | Asset], ids: list[int]) -> tuple[int, ...]:
        rows = model._default_manager.filter(organization_id=invitation.organization_id, pk__in=ids)
        return tuple(rows.values_list("pk", flat=True))

    return Coverage(
        is_whole=invitation.coverage == Membership.Coverage.WHOLE,
        sites=existing(Site, invitation.sites),
        groups=existing(AssetGroup, invitation.groups),
        assets=existing(Asset, invitation.assets),
    )
