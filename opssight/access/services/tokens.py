"""Tokens that sign in at the API: those of people, and what a presented one allows."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from opssight.access.models import ApiToken, digest_of
from opssight.access.services.members import check_permissions
from opssight.access.services.secrets import hint_of, new_secret
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission, known
from opssight.core import walls

LIFETIME = timedelta(days=90)
LONGEST = timedelta(days=366)
# Who looks for unused tokens needs no finer answer, and a device may send every second.
USE_IS_NOTED_EVERY = timedelta(minutes=1)


class TokenRefused(Exception):
    """No such token, or it has expired or was revoked, or its user is out."""


@transaction.atomic
def create_token(
    *,
    user: User,
    organization_id: int,
    name: str,
    permissions: Iterable[Permission] | None,
    expires_at: datetime | None,
    at: datetime,
) -> tuple[ApiToken, str]:
    """A personal token and its secret, which is kept nowhere.

    `permissions` None: all that the user's role allows at the time of use. `expires_at` None: in
    90 days. Raises ValidationError.
    """
    grant = user.grants.get(organization_id)
    if grant is None or grant.membership is None:
        raise ValidationError({"organization": "You are no member of this organization."})
    wanted = None if permissions is None else frozenset(permissions)
    if wanted is not None:
        check_permissions(
            organization_id=organization_id, wanted=wanted, by=user, field="permissions"
        )
        if not wanted:
            raise ValidationError({"permissions": "Choose at least one permission."})
    ends = expires_at or at + LIFETIME
    check_expiry(ends, at=at)
    secret = new_secret()
    token = ApiToken(
        organization_id=organization_id,
        kind=ApiToken.Kind.PERSONAL,
        user=user,
        name=name,
        prefix=hint_of(secret),
        digest=digest_of(secret),
        permissions=None if wanted is None else [p.value for p in Permission if p in wanted],
        created_by=user,
        created_at=at,
        expires_at=ends,
    )
    token.full_clean(exclude=["organization"])
    token.save()
    return token, secret


def check_expiry(ends: datetime, *, at: datetime) -> None:
    """Raises ValidationError unless the moment lies ahead, within 366 days."""
    if not at < ends <= at + LONGEST:
        raise ValidationError({"expires_at": "Choose a time in the future, within 366 days."})


@transaction.atomic
def revoke_token(*, token: ApiToken, at: datetime) -> None:
    """End the token for good. Revoking it again changes nothing."""
    ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=at)


def sign_in(*, secret: str, address: str | None, at: datetime) -> ApiToken:
    """The live token with this secret, its user narrowed to what the token allows.

    The enclosing `acting` is that user from here on. Raises TokenRefused.
    """
    digest = digest_of(secret)
    walls.present(digest)
    token = ApiToken.objects.live(at=at).filter(digest=digest).select_related("user").first()
    if token is None or not token.user.is_active:
        raise TokenRefused
    user = token.user
    user.narrow(
        None if token.permissions is None else known(token.permissions), token.organization_id
    )
    walls.enter(user)
    if token.organization_id not in user.grants:
        raise TokenRefused
    walls.note(token=str(token.pk))
    _note_use(token, address=address, at=at)
    return token


def _note_use(token: ApiToken, *, address: str | None, at: datetime) -> None:
    if token.last_used_at and token.last_used_at > at - USE_IS_NOTED_EVERY:
        return
    # A twin that writes the same at this moment is enough; nobody waits for it.
    free = ApiToken.objects.select_for_update(skip_locked=True).filter(
        Q(last_used_at=None) | Q(last_used_at__lte=at - USE_IS_NOTED_EVERY), pk=token.pk
    )
    ApiToken.objects.filter(pk__in=list(free.values_list("pk", flat=True))).update(
        last_used_at=at, last_used_from=address
    )
