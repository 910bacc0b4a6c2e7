"""The one place that decides which rows a user may see."""

from collections.abc import Collection, Iterator
from typing import Any, ClassVar, Self, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.db.models.constraints import BaseConstraint
from django.db.models.expressions import DatabaseDefault

from opssight.accounts.models import Membership, Organization, User
from opssight.accounts.permissions import Permission, roles_with
from opssight.core.constraints import unique_in_organization

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

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """Name the field that breaks a constraint, in the words of `constraint_errors`.

        A form excludes what it does not show; such a field counts as long as it has a value. What
        is wrong in itself comes first, and alone: a period that runs backward cannot be compared.
        """
        hidden = set(exclude or ())
        unknown = {
            field.name
            for field in self._meta.concrete_fields
            if field.name in hidden and _is_open(getattr(self, field.attname))
        }
        constraints = [
            constraint
            for constraint in self._meta.constraints
            if constraint != unique_in_organization(self._meta.db_table)
        ]
        checks = [item for item in constraints if isinstance(item, models.CheckConstraint)]
        for group in (checks, [item for item in constraints if item not in checks]):
            errors: dict[str, list[str]] = {}
            for constraint in group:
                for field, message in self._broken(constraint, unknown):
                    place = NON_FIELD_ERRORS if field in hidden else field
                    errors.setdefault(place, []).append(message)
            if errors:
                raise ValidationError(errors)

    def _broken(self, constraint: BaseConstraint, unknown: set[str]) -> Iterator[tuple[str, str]]:
        """Field and message of each thing wrong; nothing when the constraint holds."""
        try:
            constraint.validate(type(self), self, exclude=unknown)
        except ValidationError as error:
            if constraint.name in self.constraint_errors:
                yield self.constraint_errors[constraint.name]
                return
            named = error.message_dict if hasattr(error, "error_dict") else {}
            for field, messages in (named or {NON_FIELD_ERRORS: error.messages}).items():
                for message in messages:
                    yield field, message


def _is_open(value: Any) -> bool:
    return value is None or isinstance(value, DatabaseDefault)


class AssetOwned(TenantModel):
    """A row of an asset; its organization is the asset's, which the database enforces."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.organization_id is None:
            self.organization_id = self.asset.organization_id
        super().save(*args, **kwargs)
