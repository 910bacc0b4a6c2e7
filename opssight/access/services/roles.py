"""Roles of an organization's own: named sets of permissions."""

from collections.abc import Iterable

from django.db import transaction

from opssight.access.models import CustomRole
from opssight.access.services.members import check_permissions, keeping_a_manager
from opssight.accounts.models import User
from opssight.accounts.permissions import Permission


@transaction.atomic
def create_role(
    *,
    organization_id: int,
    name: str,
    description: str,
    permissions: Iterable[Permission],
    by: User,
) -> CustomRole:
    """Raises ValidationError for a name that is taken and for more than `by` may do."""
    role = CustomRole(organization_id=organization_id)
    return _write(role, name=name, description=description, permissions=permissions, by=by)


@transaction.atomic
def change_role(
    *,
    role: CustomRole,
    name: str,
    description: str,
    permissions: Iterable[Permission],
    by: User,
) -> CustomRole:
    """Change the role for everybody who has it.

    Raises ValidationError like `create_role`, for a role that allows more than `by` may do, and
    when nobody would be left to manage members.
    """
    with keeping_a_manager(role.organization_id):
        row = _lock(role, by=by)
        return _write(row, name=name, description=description, permissions=permissions, by=by)


@transaction.atomic
def delete_role(*, role: CustomRole, by: User) -> None:
    """Raises ValidationError like `change_role`, and ProtectedError while somebody has the role."""
    _lock(role, by=by).delete()


def _lock(role: CustomRole, *, by: User) -> CustomRole:
    row = CustomRole.objects.select_for_update().get(pk=role.pk)
    check_permissions(
        organization_id=row.organization_id, wanted=row.allowed, by=by, field="permissions"
    )
    return row


def _write(
    role: CustomRole,
    *,
    name: str,
    description: str,
    permissions: Iterable[Permission],
    by: User,
) -> CustomRole:
    wanted = frozenset(permissions)
    check_permissions(
        organization_id=role.organization_id, wanted=wanted, by=by, field="permissions"
    )
    role.name, role.description = name, description
    role.permissions = [item.value for item in Permission if item in wanted]
    role.full_clean(exclude=["organization"])
    role.save()
    return role
