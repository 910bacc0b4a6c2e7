"""Device tokens: a machine with a user, a membership and a secret of its own."""

import secrets
from datetime import datetime

from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import transaction

from opssight.access import rules
from opssight.access.models import ApiToken, digest_of
from opssight.access.services.members import Coverage, check_coverage, check_permissions, cover
from opssight.access.services.secrets import hint_of, new_secret
from opssight.accounts.models import Membership, User
from opssight.accounts.permissions import ROLE_PERMISSIONS, Permission, Role


class DeviceRevoked(Exception):
    """The device's token was revoked, and a revoked one stays so."""


@transaction.atomic
def create_device(
    *,
    organization_id: int,
    name: str,
    coverage: Coverage,
    expires_at: datetime | None,
    by: User,
    at: datetime,
) -> tuple[ApiToken, str]:
    """A token for a machine in the role integration, and its secret, which is kept nowhere.

    `expires_at` None: it works until it is revoked. Raises ValidationError.
    """
    _check(organization_id, by=by)
    check_permissions(
        organization_id=organization_id,
        wanted=ROLE_PERMISSIONS[Role.INTEGRATION],
        by=by,
        field=NON_FIELD_ERRORS,
    )
    check_coverage(organization_id=organization_id, coverage=coverage)
    _check_end(expires_at, at=at)
    machine = User(
        username=f"device-{secrets.token_hex(8)}", first_name=name[:150], is_machine=True
    )
    machine.set_unusable_password()
    machine.save()
    membership = Membership.objects.create(
        user=machine,
        organization_id=organization_id,
        role=Role.INTEGRATION,
        coverage=coverage.kind,
    )
    cover(membership=membership, coverage=coverage)
    secret = new_secret()
    token = ApiToken(
        organization_id=organization_id,
        kind=ApiToken.Kind.DEVICE,
        user=machine,
        name=name,
        prefix=hint_of(secret),
        digest=digest_of(secret),
        created_by=by,
        created_at=at,
        expires_at=expires_at,
    )
    token.full_clean(exclude=["organization"])
    token.save()
    return token, secret


@transaction.atomic
def change_device(*, device: ApiToken, name: str, coverage: Coverage, by: User) -> ApiToken:
    """Rename the device, or let it write to other assets. Raises ValidationError, DeviceRevoked."""
    row = _lock(device, by=by)
    check_coverage(organization_id=row.organization_id, coverage=coverage)
    row.name = name
    row.full_clean(exclude=["organization"])
    row.save(update_fields=["name"])
    User.objects.filter(pk=row.user_id).update(first_name=name[:150])
    membership = Membership.objects.get(user=row.user_id, organization=row.organization_id)
    membership.coverage = coverage.kind
    membership.save(update_fields=["coverage"])
    cover(membership=membership, coverage=coverage)
    return row


@transaction.atomic
def rotate_device(*, device: ApiToken, by: User, at: datetime) -> tuple[ApiToken, str]:
    """A new secret for the device; the old one no longer works.

    Raises ValidationError for a device that has expired, and DeviceRevoked.
    """
    row = _lock(device, by=by)
    _check_end(row.expires_at, at=at)
    secret = new_secret()
    row.prefix, row.digest, row.created_at = hint_of(secret), digest_of(secret), at
    row.last_used_at = row.last_used_from = None
    row.save(update_fields=["prefix", "digest", "created_at", "last_used_at", "last_used_from"])
    return row, secret


@transaction.atomic
def revoke_device(*, device: ApiToken, by: User, at: datetime) -> None:
    """End the device for good: its token, its membership and its user. Raises DeviceRevoked."""
    row = _lock(device, by=by)
    row.revoked_at = at
    row.save(update_fields=["revoked_at"])
    Membership.objects.filter(user=row.user_id, organization=row.organization_id).delete()
    User.objects.filter(pk=row.user_id).update(is_active=False)


def _lock(device: ApiToken, *, by: User) -> ApiToken:
    row = ApiToken.objects.select_for_update().get(pk=device.pk, kind=ApiToken.Kind.DEVICE)
    _check(row.organization_id, by=by)
    if row.revoked_at:
        raise DeviceRevoked
    return row


def _check(organization_id: int, *, by: User) -> None:
    if Permission.INTEGRATION_EDIT not in rules.held(by, organization_id):
        raise PermissionDenied


def _check_end(expires_at: datetime | None, *, at: datetime) -> None:
    if expires_at is not None and expires_at <= at:
        raise ValidationError({"expires_at": "Choose a time in the future, or none."})
