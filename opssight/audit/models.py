"""The audit trail: entries that the database itself writes, and the seals over them."""

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models.functions import Coalesce
from django.urls import reverse

from opssight.accounts.models import Organization, User
from opssight.accounts.permissions import Permission
from opssight.core.tenancy import TenantModel, TenantQuerySet

PLATFORM = 0
"""The chain of what belongs to no organization; `acting(organizations=[PLATFORM])` shows it."""


class Action(models.TextChoices):
    """What happened. The first three are changes of rows, which triggers write."""

    CREATE = "create", "Created"
    UPDATE = "update", "Changed"
    DELETE = "delete", "Deleted"
    LOGIN = "login", "Signed in"
    LOGIN_FAILED = "login_failed", "Sign-in failed"
    LOCKOUT = "lockout", "Locked out"
    LOGOUT = "logout", "Signed out"
    EXPORT = "export", "Exported"
    PURGE = "purge", "Old entries removed"
    CORRECT_READINGS = "correct_readings", "Readings corrected"
    DELETE_READINGS = "delete_readings", "Readings deleted"


class AuditQuerySet(TenantQuerySet["AuditEntry"]):
    def for_user(self, user: Any, permission: Permission = Permission.AUDIT_VIEW) -> Self:
        """Entries of the organizations whose trail the user may read."""
        return super().for_user(user, permission)


class _OfChain(TenantModel):
    """Of one organization, or of none. Whoever is deleted, their entries stay: no foreign keys."""

    organization: Any = models.ForeignKey(
        Organization,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="+",
    )
    chain = models.GeneratedField(
        expression=Coalesce("organization_id", PLATFORM),
        output_field=models.BigIntegerField(),
        db_persist=True,
    )

    database_grants: ClassVar[str] = "SELECT"

    class Meta:
        abstract = True


class AuditEntry(_OfChain):
    """Who did what, when, from where; what was before and after. Only ever added to.

    `before` and `after` hold the changed columns of an update, all columns of a created or deleted
    row. `position` and `hash` are given by the seal, at most some minutes later.
    """

    at = models.DateTimeField()
    user = models.ForeignKey(
        User,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="+",
    )
    action = models.CharField(max_length=20, choices=Action.choices)
    subject = models.CharField(max_length=63, help_text="Table of the row that it is about.")
    subject_id = models.CharField(max_length=64, help_text="Primary key of that row.")
    label = models.CharField(max_length=300, help_text="Name of that row at the time.")
    before = models.JSONField(null=True)
    after = models.JSONField(null=True)
    context = models.JSONField(help_text="Request, address, task, token and so on.")
    position = models.BigIntegerField(null=True, help_text="Place in the chain, from 1 on.")
    hash = models.CharField(max_length=64, null=True, help_text="SHA-256 in hex.")  # noqa: DJ001

    objects = AuditQuerySet.as_manager()

    class Meta:
        db_table = "audit_entries"
        verbose_name_plural = "audit entries"
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(fields=["chain", "position"], name="one_entry_per_position"),
            models.CheckConstraint(
                condition=models.Q(position=None, hash=None)
                | models.Q(position__gt=0, hash__isnull=False),
                name="audit_position_with_its_hash",
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "-id"], name="audit_entry_newest"),
            models.Index(fields=["organization", "at"], name="audit_entry_by_time"),
            models.Index(fields=["organization", "user", "-id"], name="audit_entry_by_user"),
            models.Index(
                fields=["organization", "subject", "subject_id", "-id"], name="audit_entry_of_row"
            ),
            models.Index(
                fields=["chain", "id"],
                condition=models.Q(position=None),
                name="audit_entry_not_sealed",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_action_display()} {self.label}".rstrip()

    def get_absolute_url(self) -> str:
        return reverse("audit:detail", args=[self.pk])


class AuditSeal(_OfChain):
    """The hash of the chain after the entries from `first_position` to `last_position`.

    Entries beyond the retention are removed (`purged_at`), seals are not: the chain still verifies.
    """

    first_position = models.BigIntegerField()
    last_position = models.BigIntegerField()
    hash = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()
    purged_at = models.DateTimeField(null=True)

    objects = TenantQuerySet["AuditSeal"].as_manager()

    class Meta:
        db_table = "audit_seals"
        ordering = ["chain", "last_position"]
        constraints = [
            models.UniqueConstraint(
                fields=["chain", "last_position"], name="one_seal_per_position"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.chain}:{self.last_position}:{self.hash}"
