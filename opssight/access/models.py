"""How people and machines get in: roles of an organization's own, invitations, tokens, act-as."""

import hashlib
from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.accounts.models import Membership, User
from opssight.accounts.permissions import (
    PERMISSION_TEXTS,
    ROLE_PERMISSIONS,
    Permission,
    Role,
    known,
)
from opssight.core.tenancy import TenantModel, TenantQuerySet

PERMISSION_CHOICES = [(item.value, PERMISSION_TEXTS[item]) for item in Permission]


def digest_of(secret: str) -> str:
    """What is kept of a secret with 160 bits or more, which needs no slow hash: SHA-256 in hex."""
    return hashlib.sha256(secret.encode()).hexdigest()


class CustomRole(TenantModel):
    """A named set of permissions."""

    name = models.CharField(max_length=100)
    description = models.CharField(max_length=300, blank=True)
    permissions = ArrayField(
        models.CharField(max_length=40, choices=PERMISSION_CHOICES), default=list, blank=True
    )

    objects = TenantQuerySet["CustomRole"].as_manager()

    constraint_errors = {"custom_role_unique": ("name", "Another role has this name.")}

    class Meta:
        db_table = "custom_roles"
        ordering = ["name", "pk"]
        constraints = [
            unique_in_organization("custom_roles"),
            models.UniqueConstraint(fields=["organization", "name"], name="custom_role_unique"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def allowed(self) -> frozenset[Permission]:
        return known(self.permissions)


class InvitationQuerySet(TenantQuerySet["Invitation"]):
    def open(self, *, at: datetime) -> Self:
        return self.filter(accepted_at=None, revoked_at=None, expires_at__gt=at)


class Invitation(TenantModel):
    """A link that makes whoever holds it a member, once. Only the link's digest is kept."""

    email = models.EmailField()
    role = models.CharField(max_length=20, choices=Role.choices, default=Role.VIEWER, blank=True)
    custom_role = models.ForeignKey(
        CustomRole, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    coverage = models.CharField(
        max_length=10, choices=Membership.Coverage.choices, default=Membership.Coverage.WHOLE
    )
    # Ids of what the membership will cover; what is gone by then is left out.
    sites = ArrayField(models.BigIntegerField(), default=list, blank=True)
    groups = ArrayField(models.BigIntegerField(), default=list, blank=True)
    assets = ArrayField(models.BigIntegerField(), default=list, blank=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True, blank=True, editable=False)
    accepted_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False
    )
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    constraint_errors = {
        "one_open_invitation_per_address": (
            "email",
            "This address has an open invitation. Revoke it first, or wait for the answer.",
        ),
    }

    class Meta:
        db_table = "invitations"
        ordering = ["-created_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "email"],
                condition=Q(accepted_at=None, revoked_at=None),
                name="one_open_invitation_per_address",
            ),
            models.CheckConstraint(
                condition=Q(role__in=Role.values, custom_role=None)
                | Q(role="", custom_role__isnull=False),
                name="invitation_role_or_custom_role",
                violation_error_message="Choose a role or a custom role, not both.",
            ),
            *same_organization("invitations", "custom_role"),
        ]

    def __str__(self) -> str:
        return f"Invitation of {self.email}"

    @property
    def role_name(self) -> str:
        return self.custom_role.name if self.custom_role else self.get_role_display()

    @property
    def role_permissions(self) -> frozenset[Permission]:
        if self.custom_role is not None:
            return known(self.custom_role.permissions)
        return ROLE_PERMISSIONS[Role(self.role)]


class ApiTokenQuerySet(TenantQuerySet["ApiToken"]):
    def live(self, *, at: datetime) -> Self:
        """Neither revoked nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=at), revoked_at=None)


class ApiToken(TenantModel):
    """A secret that signs a person's script or a device in. Only its digest is kept.

    A personal token does what its person may do, at most `permissions`. A device has a machine
    user of its own, whose membership says what it may do and on which assets.
    """

    class Kind(models.TextChoices):
        PERSONAL = "personal", "Personal"
        DEVICE = "device", "Device"

    kind = models.CharField(max_length=10, choices=Kind.choices, editable=False)
    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="api_tokens", editable=False
    )
    name = models.CharField(max_length=100)
    prefix = models.CharField(max_length=12, editable=False, help_text="Tells tokens apart.")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    permissions = ArrayField(
        models.CharField(max_length=40, choices=PERMISSION_CHOICES),
        null=True,
        blank=True,
        help_text="At most these; empty means all that the role allows.",
    )
    created_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False
    )
    created_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_from = models.GenericIPAddressField(null=True, blank=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        db_table = "api_tokens"
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at=None) | Q(expires_at__gt=F("created_at")),
                name="token_expires_after_it_was_made",
                violation_error_message="The token must expire in the future.",
            ),
        ]
        indexes = [models.Index(fields=["user", "-created_at"], name="api_token_of_user")]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class StaffAccess(TenantModel):
    """Platform staff acting in an organization they are no member of, for a stated reason."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=300)
    started_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = TenantQuerySet["StaffAccess"].as_manager()

    class Meta:
        db_table = "staff_access"
        ordering = ["-started_at", "-pk"]
        verbose_name_plural = "staff access"
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at__gt=F("started_at")), name="staff_access_ends_after_its_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.organization}"
