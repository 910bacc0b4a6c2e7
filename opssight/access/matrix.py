"""Who may do what: every permission against every role, for the page and the API."""

from collections.abc import Collection
from dataclasses import dataclass

from opssight.access.models import CustomRole
from opssight.accounts.permissions import (
    PERMISSION_TEXTS,
    ROLE_PERMISSIONS,
    WHOLE_ORGANIZATION,
    Permission,
    Role,
)


@dataclass(frozen=True, slots=True)
class Row:
    permission: Permission
    text: str
    whole_only: bool


@dataclass(frozen=True, slots=True)
class Matrix:
    rows: list[Row]
    roles: list[Role]
    custom: list[CustomRole]

    def of(self, role: Role) -> frozenset[Permission]:
        return ROLE_PERMISSIONS[role]


def matrix_for(organizations: Collection[int]) -> Matrix:
    """The built-in roles and the custom ones of these organizations."""
    return Matrix(
        rows=[Row(p, PERMISSION_TEXTS[p], p in WHOLE_ORGANIZATION) for p in Permission],
        roles=list(Role),
        custom=list(CustomRole.objects.filter(organization__in=organizations)),
    )
