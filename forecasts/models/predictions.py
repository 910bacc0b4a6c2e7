"""How long assets are said to live on and how likely they fail, day by day, and what came of it."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from assets.models import Asset
from forecasts.models.registry import ModelVersion
from opssight.accounts.constraints import same_organization
from opssight.core.tenancy import AssetOwned, TenantQuerySet


class Confidence(models.TextChoices):
    LOW = "low", "Low"
    MEDIUM = "medium", "Medium"
    HIGH = "high", "High"


class LifePrediction(AssetOwned):
    """How many days an asset is said to run until it fails, as last said on one day.

    Without enough to go by there is no number, and `missing` says what is missing.
    """

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="life_predictions")
    made_at = models.DateTimeField()
    day = models.DateField(help_text="Of the organization.")
    age_days = models.FloatField(null=True, help_text="How long its present life had lasted.")
    median_days = models.FloatField(null=True, help_text="As likely to fail before as after.")
    lower_days = models.FloatField(null=True)
    upper_days = models.FloatField(null=True)
    level = models.FloatField(default=0.9, help_text="Chance that lower and upper hold the truth.")
    quantiles = ArrayField(
        models.FloatField(),
        null=True,
        help_text="Days by which it has failed with a chance of 0, 0.05, … 1.",
    )
    is_open = models.BooleanField(
        default=False, help_text="The last of the quantiles means that long or longer."
    )
    confidence = models.CharField(max_length=10, choices=Confidence.choices, blank=True)
    method = models.CharField(max_length=100, blank=True)
    model = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, null=True, related_name="life_predictions"
    )
    missing = models.TextField(blank=True, help_text="Why there is no number.")
    drivers = models.JSONField(
        default=list, help_text="Name, value, unit, effect_days and a sentence for each."
    )
    came_at = models.DateTimeField(null=True, help_text="When it failed.")
    error_days = models.FloatField(null=True, help_text="The median less what it was.")
    inside = models.BooleanField(null=True, help_text="Whether the interval held it.")
    scored_at = models.DateTimeField(
        null=True, help_text="When this life had ended: by failure, else by renewal."
    )

    objects = TenantQuerySet["LifePrediction"].as_manager()

    class Meta:
        db_table = "life_predictions"
        ordering = ["-day", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["asset", "day"], name="one_life_prediction_per_day"),
            models.CheckConstraint(
                condition=Q(quantiles=None, median_days=None) & ~Q(missing="")
                | Q(
                    quantiles__len=21,
                    lower_days__gte=0,
                    median_days__gte=F("lower_days"),
                    upper_days__gte=F("median_days"),
                    missing="",
                ),
                name="life_prediction_has_a_number_or_says_why_not",
            ),
            *same_organization("life_predictions", "asset", "model"),
        ]
        indexes = [
            models.Index(
                fields=["asset"], condition=Q(scored_at=None), name="life_prediction_unscored"
            )
        ]

    def __str__(self) -> str:
        return f"{self.asset} on {self.day}"


class FailureChance(AssetOwned):
    """How likely an asset fails within a day, a week and 30 days, as last said on one day."""

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="failure_chances")
    made_at = models.DateTimeField()
    day = models.DateField(help_text="Of the organization.")
    failure_mode = models.CharField(max_length=100, blank=True, help_text="Empty: in any way.")
    p_24h = models.FloatField(help_text="Chance within 24 hours, 0 to 1.")
    p_7d = models.FloatField(help_text="Chance within 7 days, 0 to 1.")
    p_30d = models.FloatField(help_text="Chance within 30 days, 0 to 1.")
    confidence = models.CharField(max_length=10, choices=Confidence.choices)
    method = models.CharField(max_length=100)
    model = models.ForeignKey(
        ModelVersion, on_delete=models.PROTECT, null=True, related_name="failure_chances"
    )
    drivers = models.JSONField(
        default=list, help_text="Name, value, unit, effect and a sentence for each."
    )
    failed_24h = models.BooleanField(null=True, help_text="Whether it did; empty: not known yet.")
    failed_7d = models.BooleanField(null=True)
    failed_30d = models.BooleanField(null=True)
    scored_at = models.DateTimeField(null=True, help_text="When all three were known.")

    objects = TenantQuerySet["FailureChance"].as_manager()

    class Meta:
        db_table = "failure_chances"
        ordering = ["-day", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["asset", "day", "failure_mode"], name="one_failure_chance_per_day_and_mode"
            ),
            models.CheckConstraint(
                condition=Q(p_24h__gte=0, p_7d__gte=F("p_24h"), p_30d__gte=F("p_7d"), p_30d__lte=1),
                name="failure_chances_grow_with_time",
            ),
            *same_organization("failure_chances", "asset", "model"),
        ]
        indexes = [
            models.Index(
                fields=["asset"], condition=Q(scored_at=None), name="failure_chance_unscored"
            )
        ]

    def __str__(self) -> str:
        return f"{self.asset} on {self.day} {self.failure_mode}".strip()
