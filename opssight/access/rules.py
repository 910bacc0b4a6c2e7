"""Who may give what to whom: nobody gives, changes or takes away more than they hold themselves."""

from collections.abc import Iterable

from opssight.accounts.models import Membership, User
from opssight.accounts.permissions import (
    PERMISSION_TEXTS,
    ROLE_PERMISSIONS,
    WHOLE_ORGANIZATION,
    Permission,
    Role,
)


def held(user: User, organization: int) -> frozenset[Permission]:
    """What the user may do in the organization right now."""
    grant = user.grants.get(organization)
    return frozenset(p for p in Permission if grant is not None and grant.allows(p))


def effective(permissions: frozenset[Permission], *, is_whole: bool) -> frozenset[Permission]:
    """What is left of the permissions when they count on a part of the plant only."""
    return permissions if is_whole else permissions - WHOLE_ORGANIZATION


def given_by(membership: Membership) -> frozenset[Permission]:
    """What the membership allows in effect."""
    is_whole = membership.coverage == Membership.Coverage.WHOLE
    return effective(membership.permissions, is_whole=is_whole)


def may_manage(user: User, membership: Membership) -> bool:
    """Whether the user may change the membership or take it away."""
    holds = held(user, membership.organization_id)
    return Permission.MEMBER_EDIT in holds and given_by(membership) <= holds


def roles_to_give(user: User, organization: int) -> list[Role]:
    """The built-in roles that the user may give to people there."""
    holds = held(user, organization)
    return [r for r in Role if r != Role.INTEGRATION and ROLE_PERMISSIONS[r] <= holds]


def in_words(permissions: Iterable[Permission]) -> str:
    """The permissions as a list for a sentence, in the order of the matrix."""
    chosen = set(permissions)
    return "; ".join(PERMISSION_TEXTS[p] for p in Permission if p in chosen)
