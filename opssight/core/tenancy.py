"""The one place that decides which rows a user may see."""

from typing import Any, ClassVar, Self, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.db import models

from opssight.accounts.models import Membership, Organization, User
from opssight.accounts.permissions import Permission, roles_with

M = TypeVar("M", bound="TenantModel")


class TenantQuerySet(models.QuerySet[M]):
    def for_user(
        self, user: User | AnonymousUser, permission: Permission = Permission.VIEW
    ) -> Self:
        """Rows of the organizations where the user's role has the permission."""
        if not isinstance(user, User):
            return self.none()
        mine = Membership.objects.filter(user=user, role__in=roles_with(permission))
        return self.filter(organization__in=mine.values("organization"))


class TenantModel(models.Model):
    """A row that belongs to one organization.

    `constraint_errors` says, per database constraint, which field is at fault and what to do.
    """

    constraint_errors: ClassVar[dict[str, tuple[str, str]]] = {}

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class AssetOwned(TenantModel):
    """A row of an asset; its organization is the asset's, which the database enforces."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.organization_id is None:
            self.organization_id = self.asset.organization_id
        super().save(*args, **kwargs)
