"""The one place that decides which rows a user may see."""

from collections.abc import Collection, Iterator
from typing import Any, ClassVar, Self, TypeVar

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.constraints import BaseConstraint
from django.db.models.expressions import DatabaseDefault

from opssight.accounts.constraints import unique_in_organization
from opssight.accounts.models import Organization, User
from opssight.accounts.permissions import Permission

M = TypeVar("M", bound="TenantModel")


class TenantQuerySet(models.QuerySet[M]):
    def for_user(
        self, user: User | AnonymousUser, permission: Permission = Permission.VIEW
    ) -> Self:
        """Rows that the user may do this with: of whole organizations, or of a part of one."""
        if not isinstance(user, User):
            return self.none()
        grants = [grant for grant in user.grants.values() if grant.allows(permission)]
        allowed = Q(organization__in=[grant.organization for grant in grants if grant.is_whole])
        parts = {g.organization: g.membership for g in grants if g.membership and not g.is_whole}
        if parts:
            allowed |= Q(organization__in=list(parts)) & self.model.covered(list(parts.values()))
        return self.filter(allowed)


class TenantModel(models.Model):
    """A row that belongs to one organization.

    `constraint_errors` says, per database constraint, which field is at fault and what to do.
    """

    constraint_errors: ClassVar[dict[str, tuple[str, str]]] = {}

    organization = models.ForeignKey(Organization, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True

    @classmethod
    def covered(cls, memberships: Collection[int]) -> Q:
        """Which rows belong to the part of the plant that these memberships cover; here: all.

        A model whose rows are of an asset or a place narrows this.
        """
        return Q()

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

    @classmethod
    def covered(cls, memberships: Collection[int]) -> Q:
        return assets_covered(cls, memberships, "asset")


def assets_covered(model: type[TenantModel], memberships: Collection[int], *fields: str) -> Q:
    """Rows of the model all of whose assets, named by `fields`, the memberships cover."""
    condition = Q()
    for field in fields:
        asset: Any = model._meta.get_field(field).related_model
        assets = asset._default_manager.filter(asset.covered(memberships))
        condition &= Q(**{f"{field}__in": assets.values("pk")})
    return condition
