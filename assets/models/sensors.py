"""What is measured on an asset, and the measured values."""

from collections.abc import Callable, Collection

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from timescale.db.models.fields import TimescaleDateTimeField

from assets.models.plant import Asset
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.core.tenancy import AssetOwned, TenantQuerySet

LARGEST_VALUE = 1e100
"""Readings lie between its negative and it."""


class Sensor(AssetOwned):
    """One measured quantity of an asset."""

    class Kind(models.TextChoices):
        GAUGE = "gauge", "Gauge"
        COUNTER = "counter", "Counter"

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="sensors")
    key = models.CharField(max_length=100, help_text="Unique on the asset, such as vibration_de.")
    quantity = models.CharField(max_length=100, help_text="What is measured, such as vibration.")
    unit = models.CharField(max_length=30, blank=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.GAUGE)
    low_limit = models.FloatField(null=True, blank=True)
    high_limit = models.FloatField(null=True, blank=True)
    physical_low = models.FloatField(
        null=True, blank=True, help_text="Readings below this are impossible, and refused."
    )
    physical_high = models.FloatField(
        null=True, blank=True, help_text="Readings above this are impossible, and refused."
    )
    rolls_over_at = models.FloatField(
        null=True, blank=True, help_text="Where a counter starts again from 0, such as 4294967296."
    )
    expected_interval = models.DurationField(
        null=True, blank=True, help_text="Usual time between two readings."
    )
    is_active = models.BooleanField(default=True)
    last_time = models.DateTimeField(null=True, blank=True, editable=False)
    last_value = models.FloatField(null=True, blank=True, editable=False)

    objects = TenantQuerySet["Sensor"].as_manager()

    constraint_errors = {
        "sensor_key_unique_on_asset": ("key", "The asset has another sensor with this key."),
        "sensor_low_limit_below_high_limit": (
            "low_limit",
            "The low limit must be below the high limit.",
        ),
        "sensor_physical_low_below_high": (
            "physical_low",
            "The lowest possible value must be below the highest.",
        ),
        "sensor_that_rolls_over_counts": (
            "rolls_over_at",
            "Only a counter rolls over, at a value above 0.",
        ),
    }

    class Meta:
        db_table = "sensors"
        ordering = ["asset", "key", "pk"]
        constraints = [
            unique_in_organization("sensors"),
            models.UniqueConstraint(fields=["asset", "key"], name="sensor_key_unique_on_asset"),
            models.CheckConstraint(
                condition=Q(low_limit=None) | Q(high_limit=None) | Q(low_limit__lt=F("high_limit")),
                name="sensor_low_limit_below_high_limit",
            ),
            models.CheckConstraint(
                condition=Q(physical_low=None)
                | Q(physical_high=None)
                | Q(physical_low__lt=F("physical_high")),
                name="sensor_physical_low_below_high",
            ),
            models.CheckConstraint(
                condition=Q(rolls_over_at=None) | Q(kind="counter", rolls_over_at__gt=0),
                name="sensor_that_rolls_over_counts",
            ),
            *same_organization("sensors", "asset"),
        ]

    def __str__(self) -> str:
        return f"{self.key} [{self.unit}]" if self.unit else self.key

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """With what apps above keep of the sensor, too; see `SENSOR_CHECKS`."""
        super().validate_constraints(exclude)
        for check in SENSOR_CHECKS:
            if problems := check(self):
                raise ValidationError(problems)


SENSOR_CHECKS: list[Callable[[Sensor], dict[str, str]]] = []
"""What keeps a sensor from being saved as it is: texts by field. Apps above add to it."""


class Reading(models.Model):
    """One value of a sensor; a hypertable where the server has TimescaleDB.

    Carries no organization: it is reached only through a sensor that was resolved in scope.
    """

    pk = models.CompositePrimaryKey("sensor_id", "time")
    sensor = models.ForeignKey(
        Sensor, on_delete=models.CASCADE, related_name="readings", db_index=False
    )
    time = TimescaleDateTimeField(interval="7 days")
    value = models.FloatField()

    class Meta:
        db_table = "asset_metrics"
        constraints = [
            # Neither NaN nor infinite, and so that squares of readings can be summed up.
            models.CheckConstraint(
                condition=Q(value__gt=-LARGEST_VALUE, value__lt=LARGEST_VALUE),
                name="reading_is_a_finite_number",
            )
        ]

    def __str__(self) -> str:
        return f"{self.time:%Y-%m-%d %H:%M:%S} {self.value:g}"
