"""What an organization wants done with what machines send."""

from django.core.exceptions import NON_FIELD_ERRORS
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from opssight.accounts.constraints import unique_in_organization
from opssight.core.tenancy import TenantModel, TenantQuerySet


class TelemetryPolicy(TenantModel):
    """The rules of one organization; without a row the defaults hold.

    `readings_days` and the days of the averages are None where they are kept for ever.
    """

    class Unknown(models.TextChoices):
        QUARANTINE = "quarantine", "Hold the readings until somebody says which sensor it is"
        CREATE = "create", "Make a sensor on the asset that the name begins with"
        REJECT = "reject", "Refuse the readings"

    class NaiveTimes(models.TextChoices):
        REFUSE = "refuse", "Refuse the readings"
        SITE_ZONE = "site_zone", "Read them on the clock of the asset's site"

    unknown = models.CharField(
        max_length=20,
        choices=Unknown.choices,
        default=Unknown.QUARANTINE,
        help_text="What becomes of readings whose name stands for no sensor.",
    )
    naive_times = models.CharField(
        max_length=20,
        choices=NaiveTimes.choices,
        default=NaiveTimes.REFUSE,
        help_text="What becomes of readings whose time has no time zone.",
    )
    readings_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(7), MaxValueValidator(36_500)],
        help_text="Days for which single readings are kept; empty: for ever.",
    )
    hourly_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(7), MaxValueValidator(36_500)],
        help_text="Days for which the figures of each hour are kept; empty: for ever.",
    )

    objects = TenantQuerySet["TelemetryPolicy"].as_manager()

    constraint_errors = {
        "one_telemetry_policy": (
            NON_FIELD_ERRORS,
            "The organization has its rules already. Change those.",
        ),
        "telemetry_policy_days_in_order": (
            "hourly_days",
            "Keep the figures of each hour for at least as long as single readings.",
        ),
    }

    class Meta:
        db_table = "telemetry_policies"
        verbose_name_plural = "telemetry policies"
        ordering = ["organization", "pk"]
        constraints = [
            unique_in_organization("telemetry_policies"),
            models.UniqueConstraint(fields=["organization"], name="one_telemetry_policy"),
            models.CheckConstraint(
                condition=Q(hourly_days=None)
                | Q(readings_days__isnull=False, hourly_days__gte=models.F("readings_days")),
                name="telemetry_policy_days_in_order",
            ),
        ]

    def __str__(self) -> str:
        return f"Telemetry of {self.organization}"
