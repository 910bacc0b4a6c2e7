"""How closely a sensor is watched, and what people say of its readings."""

from django.db import models
from django.db.models import F, Q

from assets.models import Asset, Sensor
from opssight.accounts.constraints import same_organization, unique_in_organization
from opssight.accounts.models import User
from opssight.core.tenancy import AssetOwned, TenantQuerySet


class SensorWatch(AssetOwned):
    """How closely a sensor is watched, where somebody wants it otherwise than usual."""

    class Sensitivity(models.TextChoices):
        LOW = "low", "Low: fewer alarms"
        NORMAL = "normal", "Normal"
        HIGH = "high", "High: earlier alarms"

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    sensor = models.OneToOneField(Sensor, on_delete=models.CASCADE, related_name="watch")
    sensitivity = models.CharField(
        max_length=10, choices=Sensitivity.choices, default=Sensitivity.NORMAL
    )
    alarms_per_week = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="More than this a week are too many; empty: no such limit."
    )
    is_setting = models.BooleanField(
        default=False,
        verbose_name="sets the operating mode",
        help_text="Such as a speed in steps: what is ordinary for others depends on it.",
    )

    objects = TenantQuerySet["SensorWatch"].as_manager()

    constraint_errors = {
        "sensor_watch_takes_one_alarm": ("alarms_per_week", "Allow at least one alarm a week."),
    }

    class Meta:
        db_table = "sensor_watches"
        verbose_name_plural = "sensor watches"
        ordering = ["asset", "sensor", "pk"]
        constraints = [
            unique_in_organization("sensor_watches"),
            models.CheckConstraint(
                condition=Q(alarms_per_week=None) | Q(alarms_per_week__gte=1),
                name="sensor_watch_takes_one_alarm",
            ),
            *same_organization("sensor_watches", "asset", "sensor"),
        ]

    def __str__(self) -> str:
        return f"{self.get_sensitivity_display()} on {self.sensor}"


class SensorLabel(AssetOwned):
    """What a person says of a span of readings: detectors are measured by it, and learn from it."""

    class Kind(models.TextChoices):
        ANOMALY = "anomaly", "Anomaly"
        NORMAL = "normal", "Normal operation"
        FAILURE = "failure", "Failure"

    asset = models.ForeignKey(Asset, on_delete=models.CASCADE, related_name="+")
    sensor = models.ForeignKey(Sensor, on_delete=models.CASCADE, related_name="labels")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = TenantQuerySet["SensorLabel"].as_manager()

    constraint_errors = {
        "sensor_label_ends_after_its_start": ("ended_at", "The end must be after the start."),
        "sensor_label_unique": ("started_at", "This span has such a label already."),
    }

    class Meta:
        db_table = "sensor_labels"
        ordering = ["-started_at", "pk"]
        constraints = [
            unique_in_organization("sensor_labels"),
            models.CheckConstraint(
                condition=Q(ended_at__gt=F("started_at")), name="sensor_label_ends_after_its_start"
            ),
            models.UniqueConstraint(
                fields=["sensor", "kind", "started_at", "ended_at"], name="sensor_label_unique"
            ),
            *same_organization("sensor_labels", "asset", "sensor"),
        ]
        indexes = [models.Index(fields=["asset", "-started_at"], name="sensor_label_of_asset")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} on {self.sensor}"
