"""Which models were learned, from what, how good they were, and which one is in use."""

from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from opssight.accounts.constraints import unique_in_organization
from opssight.core.tenancy import TenantModel, TenantQuerySet


class ModelVersion(TenantModel):
    """One learned model of an organization. Its arrays lie in the file storage, under `file`."""

    class Kind(models.TextChoices):
        METRICS = "metrics", "Metric forecasts"
        LIFE = "life", "Remaining life"
        FAILURE = "failure", "Failure probability"

    class Status(models.TextChoices):
        IN_USE = "in_use", "In use"
        REJECTED = "rejected", "Not taken"
        REPLACED = "replaced", "Replaced"
        SET_ASIDE = "set_aside", "Set aside"

    kind = models.CharField(max_length=20, choices=Kind.choices)
    subject = models.CharField(
        max_length=100, blank=True, help_text="The category of assets; empty: all of them."
    )
    version = models.PositiveIntegerField(help_text="Counts up within kind and subject.")
    status = models.CharField(max_length=20, choices=Status.choices)
    reason = models.TextField(help_text="Why it was taken, or not, or is in use no longer.")
    trained_at = models.DateTimeField()
    window_start = models.DateTimeField(help_text="It learned from here")
    window_end = models.DateTimeField(help_text="until here.")
    learned_from = models.JSONField(help_text="What it learned from, counted, by name.")
    metrics = models.JSONField(help_text="How good it was on what it had not seen, by name.")
    seed = models.PositiveIntegerField()
    code = models.CharField(max_length=64, help_text="SHA-256 of the code that learned it.")
    file = models.CharField(
        max_length=200, blank=True, help_text="Its name in the storage; empty once it is deleted."
    )
    digest = models.CharField(max_length=64, help_text="SHA-256 of the file.")
    size = models.PositiveIntegerField(help_text="Bytes of the file.")
    drift = models.JSONField(
        default=dict, help_text="How what it sees, and how right it is, has moved since, by name."
    )
    checked_at = models.DateTimeField(null=True, help_text="When that was last looked at.")

    objects = TenantQuerySet["ModelVersion"].as_manager()

    class Meta:
        db_table = "model_versions"
        ordering = ["kind", "subject", "-version"]
        constraints = [
            unique_in_organization("model_versions"),
            models.UniqueConstraint(
                fields=["organization", "kind", "subject", "version"],
                name="one_model_per_kind_subject_and_version",
            ),
            models.UniqueConstraint(
                fields=["organization", "kind", "subject"],
                condition=Q(status="in_use"),
                name="one_model_in_use_per_kind_and_subject",
            ),
            models.CheckConstraint(
                condition=~Q(status="in_use") | ~Q(file=""), name="model_in_use_has_a_file"
            ),
            models.CheckConstraint(
                condition=Q(window_start__lt=F("window_end")), name="model_window_runs_forward"
            ),
        ]

    def get_absolute_url(self) -> str:
        return reverse("forecasts:model", args=[self.pk])

    def __str__(self) -> str:
        about = f" of {self.subject}" if self.subject else ""
        return f"{self.get_kind_display()}{about}, version {self.version}"
