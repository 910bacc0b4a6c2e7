from functools import cache, cached_property
from zoneinfo import ZoneInfo, available_timezones

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models

from opssight.accounts.permissions import ROLE_PERMISSIONS, Permission, Role


@cache
def _zones() -> frozenset[str]:
    """Asked once: it reads a folder of some hundred files."""
    return frozenset(available_timezones())


def validate_timezone(name: str) -> None:
    if name not in _zones():
        raise ValidationError(
            f"{name!r} is not a time zone. Use a name such as Europe/Berlin or UTC.",
            code="unknown_timezone",
        )


class Organization(models.Model):
    """A tenant. Every domain row belongs to exactly one."""

    name = models.CharField(max_length=200, unique=True)
    slug = models.SlugField(max_length=50, unique=True)
    timezone = models.CharField(max_length=50, default="UTC", validators=[validate_timezone])

    class Meta:
        db_table = "organizations"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class User(AbstractUser):
    class Meta(AbstractUser.Meta):
        db_table = "users"

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    @cached_property
    def roles(self) -> dict[int, Role]:
        """Role by organization id; read once per request."""
        return {m.organization_id: Role(m.role) for m in self._memberships}

    @cached_property
    def _memberships(self) -> "list[Membership]":
        return list(self.memberships.select_related("organization").order_by("pk"))

    @property
    def organization(self) -> Organization | None:
        """Where the user works: the organization of the oldest membership."""
        return self._memberships[0].organization if self._memberships else None

    @property
    def timezone_name(self) -> str:
        return self.organization.timezone if self.organization else "UTC"

    def can(self, permission: Permission, organization: Organization | int) -> bool:
        pk = organization if isinstance(organization, int) else organization.pk
        role = self.roles.get(pk)
        return role is not None and permission in ROLE_PERMISSIONS[role]

    @property
    def enters_admin(self) -> bool:
        """Plans for an organization, or runs the installation."""
        return self.is_superuser or self.can_somewhere(Permission.ADMIN_ENTER)

    def organization_with(self, permission: Permission) -> Organization | None:
        """The organization of the oldest membership that gives the permission."""
        allowed = (m for m in self._memberships if permission in ROLE_PERMISSIONS[Role(m.role)])
        return next((m.organization for m in allowed), None)

    def can_somewhere(self, permission: Permission) -> bool:
        return any(permission in ROLE_PERMISSIONS[role] for role in self.roles.values())


class Membership(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.VIEWER)

    class Meta:
        db_table = "memberships"
        constraints = [
            models.UniqueConstraint(
                fields=["user", "organization"], name="one_membership_per_organization"
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="known_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_role_display()} at {self.organization}"
