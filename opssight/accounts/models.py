from functools import cache, cached_property
from typing import Self
from zoneinfo import ZoneInfo, available_timezones

import pgtrigger
from django.contrib.auth.hashers import check_password
from django.contrib.auth.models import AbstractUser, AnonymousUser
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import connection, models
from django.utils.crypto import salted_hmac

from opssight.accounts.constraints import SameOrganization, unique_in_organization
from opssight.accounts.permissions import ROLE_PERMISSIONS, Grant, Permission, Role, known


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
    currency = models.CharField(
        max_length=3,
        default="EUR",
        validators=[RegexValidator(r"^[A-Z]{3}\Z", "Use an ISO 4217 code such as EUR or USD.")],
    )
    failure_codes_from = models.PositiveSmallIntegerField(
        default=4,
        validators=[MinValueValidator(1), MaxValueValidator(6)],
        help_text="Work after a failure is completed with mode, cause and mechanism (ISO 14224)"
        " where the asset's criticality is this or more; 6: never.",
    )

    class Meta:
        db_table = "organizations"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)


class User(AbstractUser):
    """Somebody (or a machine) that signs in, and may belong to several organizations."""

    is_machine = models.BooleanField(default=False, editable=False)
    token_version = models.PositiveIntegerField(
        default=0,
        editable=False,
        help_text="Counts up to end every session and JWT of the user at once.",
    )

    class Meta(AbstractUser.Meta):
        db_table = "users"
        triggers = [
            # Who saves a user as it was before "sign out everywhere" revives no sign-in.
            pgtrigger.Trigger(
                name="token_version_only_rises",
                operation=pgtrigger.UpdateOf("token_version"),  # type: ignore[no-untyped-call]
                when=pgtrigger.Before,
                condition=pgtrigger.Q(new__token_version__lt=pgtrigger.F("old__token_version")),
                func="NEW.token_version = OLD.token_version; RETURN NEW;",
            )
        ]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    def set_password(self, raw_password: str | None) -> None:
        """Hash the password; whoever signed in with the old one is out."""
        super().set_password(raw_password)
        self.token_version += 1

    def check_password(self, raw_password: str | None) -> bool:
        """Whether it is the password; an old hash of it is renewed, which puts nobody out."""

        def renew(password: str) -> None:
            AbstractUser.set_password(self, password)
            self._password = None
            self.save(update_fields=["password"])

        return check_password(raw_password, self.password, renew)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """A session lives as long as neither password nor `token_version` changes."""
        secured = f"{self.password}{self.token_version}"
        return salted_hmac(
            "opssight.accounts.User.session", secured, secret=secret, algorithm="sha256"
        ).hexdigest()

    # -- What the user may do ---------------------------------------------------------------------

    @cached_property
    def grants(self) -> dict[int, Grant]:
        """What is allowed, by organization id; read once per request.

        A request that came with a token of limited scope, or from platform staff who act in an
        organization, was told so by `narrow` or `act_in` before.
        """
        if self._acting_in is not None:
            pk = self._acting_in.pk
            return {pk: Grant(pk, ROLE_PERMISSIONS[Role.ADMIN])}
        narrowed, only = self._narrowed
        return {
            m.organization_id: Grant(
                organization=m.organization_id,
                permissions=m.permissions if narrowed is None else m.permissions & narrowed,
                membership=m.pk,
                is_whole=m.coverage == Membership.Coverage.WHOLE,
            )
            for m in self._memberships
            if only in (None, m.organization_id)
        }

    _acting_in: Organization | None = None
    _narrowed: tuple[frozenset[Permission] | None, int | None] = (None, None)

    def act_in(self, organization: Organization) -> None:
        """Platform staff: from now on an admin of this organization, and of no other."""
        self._acting_in = organization
        self.__dict__.pop("grants", None)

    def narrow(
        self, permissions: frozenset[Permission] | None, organization: int | None = None
    ) -> None:
        """From now on at most these permissions (None: all), in this organization (None: all)."""
        self._narrowed = (permissions, organization)
        self.__dict__.pop("grants", None)

    def forget_grants(self) -> None:
        """Read again what is allowed when asked next: this request may have changed it."""
        for name in ("grants", "_memberships"):
            self.__dict__.pop(name, None)

    def reach(self) -> frozenset[int]:
        """Ids of the organizations whose rows the user may come across at all."""
        if self._acting_in is not None:
            return frozenset({self._acting_in.pk})
        only = self._narrowed[1]
        with connection.cursor() as cursor:
            cursor.execute("SELECT id FROM opssight_organizations_of(%s) AS id", [self.pk])
            return frozenset(pk for (pk,) in cursor.fetchall() if only in (None, pk))

    @cached_property
    def _memberships(self) -> "list[Membership]":
        return list(self.memberships.select_related("organization", "custom_role").order_by("pk"))

    @property
    def organization(self) -> Organization | None:
        """Where the user works: the organization of the oldest membership."""
        return next(iter(self._organizations), None)

    @property
    def _organizations(self) -> "list[Organization]":
        if self._acting_in is not None:
            return [self._acting_in]
        return [m.organization for m in self._memberships if m.organization_id in self.grants]

    @property
    def timezone_name(self) -> str:
        return self.organization.timezone if self.organization else "UTC"

    def can(self, permission: Permission, organization: Organization | int) -> bool:
        pk = organization if isinstance(organization, int) else organization.pk
        grant = self.grants.get(pk)
        return grant is not None and grant.allows(permission)

    @property
    def enters_admin(self) -> bool:
        """Plans for an organization, or runs the installation."""
        return self.is_superuser or self.can_somewhere(Permission.ADMIN_ENTER)

    def organization_with(self, permission: Permission) -> Organization | None:
        """The organization of the oldest membership that gives the permission."""
        return next((o for o in self._organizations if self.can(permission, o)), None)

    def organizations_with(self, permission: Permission) -> list[int]:
        """Ids of the organizations where the user may do this."""
        return [pk for pk, grant in self.grants.items() if grant.allows(permission)]

    def can_somewhere(self, permission: Permission) -> bool:
        return bool(self.organizations_with(permission))


class MembershipQuerySet(models.QuerySet["Membership"]):
    def for_user(
        self, user: "User | AnonymousUser", permission: Permission = Permission.MEMBER_EDIT
    ) -> Self:
        """Members of the organizations where the user has the permission."""
        if not isinstance(user, User):
            return self.none()
        return self.filter(organization__in=user.organizations_with(permission))


class Membership(models.Model):
    """What somebody may do in one organization: a role or a custom role, on all of it or a part."""

    class Coverage(models.TextChoices):
        WHOLE = "whole", "Whole organization"
        PART = "part", "Some sites, groups or assets"

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    organization = models.ForeignKey(
        Organization, on_delete=models.CASCADE, related_name="memberships"
    )
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.VIEWER, blank=True)
    custom_role = models.ForeignKey(
        "access.CustomRole",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="memberships",
        help_text="Instead of a role: a set of permissions of your own.",
    )
    coverage = models.CharField(max_length=10, choices=Coverage.choices, default=Coverage.WHOLE)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        db_table = "memberships"
        ordering = ["pk"]
        constraints = [
            unique_in_organization("memberships"),
            models.UniqueConstraint(
                fields=["user", "organization"], name="one_membership_per_organization"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=Role.values, custom_role=None)
                | models.Q(role="", custom_role__isnull=False),
                name="role_or_custom_role",
                violation_error_message="Choose a role or a custom role, not both.",
            ),
            SameOrganization(field="custom_role", name="memberships_custom_role_same_organization"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.role_name} at {self.organization}"

    @property
    def permissions(self) -> frozenset[Permission]:
        if self.custom_role is not None:
            return known(self.custom_role.permissions)
        return ROLE_PERMISSIONS[Role(self.role)]

    @property
    def role_name(self) -> str:
        return self.custom_role.name if self.custom_role else self.get_role_display()


class EndedSignIn(models.Model):
    """A sign-in to the API that was signed out: what its tokens still claim is over.

    A row is needed no longer than an access token lives; the refresh token is on a list of its own.
    """

    key = models.CharField(max_length=32, primary_key=True)
    at = models.DateTimeField(db_index=True)

    class Meta:
        db_table = "ended_sign_ins"

    def __str__(self) -> str:
        return f"{self.key}, ended {self.at:%Y-%m-%d %H:%M}"
